//! Which sessions are cleared away together.

use std::time::Duration;

use crate::domain::time::WallTime;
use crate::ports::chat_api::SessionSummary;

/// What the sessions have in common that are to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clearing {
    /// Nothing was said in them for at least this long.
    pub older_than: Option<Duration>,
    /// They have no name.
    pub unnamed: bool,
}

impl Clearing {
    /// The sessions that are to go, of all that there are, by the clock of this machine.
    pub fn of(self, all: Vec<SessionSummary>, now: WallTime) -> Vec<SessionSummary> {
        let is_old =
            |session: &SessionSummary| self.older_than.is_none_or(|limit| now.since(session.updated_at) >= limit);
        let is_unnamed = |session: &SessionSummary| !self.unnamed || session.name.is_none();
        all.into_iter().filter(|session| is_old(session) && is_unnamed(session)).collect()
    }
}

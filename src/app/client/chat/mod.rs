//! Talking to the agent behind a daemon.
//!
//! A turn runs in the daemon and not in a connection, so that what [`turn`] does about a lost one is to come back and go on
//! where it was. [`line`] is the way there, [`errand`] is one turn for a script, [`conversation`] is a person's chat.

pub mod clearing;
pub mod conversation;
pub mod entry;
pub mod errand;
mod hearing;
pub mod line;
mod loss;
pub mod turn;

use crate::ports::chat_api::{Access, ChatError};
use crate::ports::daemon_api::{ApiError, Rejection};
use crate::ports::interrupts::{Interrupt, Interrupts};

use super::target::Target;

impl Target {
    /// The way to it, with its own credential.
    pub fn access(&self) -> Access<'_> {
        Access { link: &self.link, token: self.credential.as_ref().map(|(_, token)| token) }
    }
}

impl ChatError {
    /// Whether the daemon does not accept the credential.
    pub const fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Api(ApiError::Rejected { why: Rejection::Unauthorized, .. }))
    }
}

/// Why a request of a chat came to nothing.
#[derive(Debug)]
enum Trouble {
    /// A signal was faster.
    Interrupted(Interrupt),
    /// The request failed.
    Chat(ChatError),
}

/// The answer to a request, unless a signal comes first.
async fn unless_interrupted<T>(
    interrupts: &mut dyn Interrupts,
    request: impl Future<Output = Result<T, ChatError>>,
) -> Result<T, Trouble> {
    tokio::select! {
        biased;
        interrupt = interrupts.next() => Err(Trouble::Interrupted(interrupt)),
        answer = request => answer.map_err(Trouble::Chat),
    }
}

//! What is done about a lost connection: how long it is tried for, and when next.

use std::time::Duration;

use super::turn::Asker;
use crate::domain::backoff;
use crate::domain::time::MonotonicTime;
use crate::ports::chat_api::ChatError;
use crate::ports::daemon_api::{ApiError, Rejection};

/// How long a person's turn is looked for after its link was lost. A daemon lets it go on for 30 seconds without a listener,
/// and remembers it for another 60.
const PATIENCE_OF_A_PERSON: Duration = Duration::from_secs(60);

/// How long a script's question is repeated whose answer was lost.
const PATIENCE_OF_A_SCRIPT: Duration = Duration::from_secs(10);

/// How long there has been no connection, and how often one was tried.
#[derive(Default)]
pub(super) struct Loss {
    since: Option<MonotonicTime>,
    attempts: usize,
    /// Whether the listener knows of it.
    was_told: bool,
    /// Whether the question may have reached the daemon.
    pub(super) was_sent: bool,
    /// Why the question had to be repeated, if it had.
    pub(super) repeated: Option<ChatError>,
}

impl Loss {
    /// Whether the same may succeed a little later. That the daemon has too much to do ends a question that it has not heard,
    /// and nothing else.
    pub(super) const fn is_passed_by(&self, error: &ChatError, has_begun: bool) -> bool {
        match error {
            error if is_lost(error) => true,
            ChatError::Api(ApiError::Rejected { why: Rejection::RateLimited { .. }, .. }) => self.was_sent || has_begun,
            ChatError::Refused { .. } | ChatError::Lost { .. } | ChatError::Api(_) => false,
        }
    }

    /// There is a connection, over which the question went. Returns whether the listener waits for that.
    pub(super) const fn end(&mut self) -> bool {
        self.was_sent = true;
        std::mem::replace(&mut self.was_told, false)
    }

    /// Something was heard: the next loss is another one.
    pub(super) const fn forget(&mut self) {
        (self.since, self.attempts) = (None, 0);
    }

    /// How long to wait after the link was lost at `now`; `None` when it was lost for too long.
    pub(super) fn wait(
        &mut self,
        cause: &ChatError,
        asker: Asker,
        has_begun: bool,
        now: MonotonicTime,
        random: [u8; 2],
    ) -> Option<Duration> {
        self.was_sent |= matches!(cause, ChatError::Lost { .. });
        // Coming back sooner than it is told to would be in vain.
        let earliest = retry_after(cause);
        let lost_for = now.since(*self.since.get_or_insert(now)) + earliest;
        let is_worth_it = match asker {
            Asker::Person => lost_for < PATIENCE_OF_A_PERSON,
            // A turn that has begun has ended with its connection.
            Asker::Script => self.was_sent && !has_begun && lost_for < PATIENCE_OF_A_SCRIPT,
        };
        if !is_worth_it {
            return None;
        }
        if self.was_sent && !has_begun {
            self.repeated = Some(cause.clone());
        }
        let wait = backoff::wait(self.attempts, random).max(earliest);
        self.attempts += 1;
        self.was_told = true;
        Some(wait)
    }
}

/// Whether there was no answer, for want of a connection.
pub(super) const fn is_lost(error: &ChatError) -> bool {
    matches!(error, ChatError::Lost { .. } | ChatError::Api(ApiError::Unreachable { .. }))
}

/// How long the daemon wants to be left alone.
const fn retry_after(error: &ChatError) -> Duration {
    match error {
        ChatError::Api(ApiError::Rejected { why: Rejection::RateLimited { retry_after }, .. }) => *retry_after,
        _ => Duration::ZERO,
    }
}

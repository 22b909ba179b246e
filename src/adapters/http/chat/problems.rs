//! Why something of chat was not done, as answers.

use std::time::Duration;

use super::super::problem::{Problem, Reason};
use crate::app::daemon::chat::{AccessError, FollowError, NoAgent, NoTurn, SessionError, TurnError};
use crate::domain::chat::message::ContentError;
use crate::domain::chat::model::MalformedModelName;
use crate::domain::chat::name::SessionNameError;
use crate::ports::agent::AgentError;

/// When a device that has too many turns may look again: most are done within it.
const TURNS_RETRY: Duration = Duration::from_secs(5);

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        let reason = match error {
            SessionError::NoSession => Reason::NoSession,
            SessionError::NameTaken => Reason::NameTaken,
            SessionError::TooMany => Reason::TooManySessions,
            SessionError::Storage => Reason::StorageUnavailable,
        };
        Self::new(reason, error.to_string())
    }
}

impl From<TurnError> for Problem {
    fn from(error: TurnError) -> Self {
        let reason = match error {
            TurnError::NoAgent(_) => Reason::NoAgent,
            TurnError::NoSession => Reason::NoSession,
            TurnError::Busy => Reason::SessionBusy,
            TurnError::TooMany => Reason::RateLimited { retry_after: TURNS_RETRY },
            TurnError::Access(error) => return error.into(),
            TurnError::Full(_) => Reason::SessionFull,
            TurnError::Over(_) => Reason::NoTurn,
            TurnError::Storage => Reason::StorageUnavailable,
        };
        Self::new(reason, error.to_string())
    }
}

impl From<FollowError> for Problem {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Over(error) => error.into(),
            FollowError::Access(error) => error.into(),
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        let reason = match error {
            AccessError::Ended => Reason::Unauthorized,
            AccessError::TooMany => Reason::TooManyRequests,
        };
        Self::new(reason, error.to_string())
    }
}

impl From<NoAgent> for Problem {
    fn from(error: NoAgent) -> Self {
        Self::new(Reason::NoAgent, error.to_string())
    }
}

impl From<NoTurn> for Problem {
    fn from(error: NoTurn) -> Self {
        Self::new(Reason::NoTurn, error.to_string())
    }
}

impl From<AgentError> for Problem {
    fn from(error: AgentError) -> Self {
        let reason = match error {
            AgentError::Failed(_) => Reason::AgentFailed,
            AgentError::TimedOut(_) => Reason::AgentTimeout,
        };
        Self::new(reason, error.to_string())
    }
}

impl From<SessionNameError> for Problem {
    fn from(error: SessionNameError) -> Self {
        Self::new(Reason::InvalidSessionName, error.to_string())
    }
}

impl From<MalformedModelName> for Problem {
    fn from(error: MalformedModelName) -> Self {
        Self::new(Reason::InvalidRequest, error.to_string())
    }
}

impl From<ContentError> for Problem {
    fn from(error: ContentError) -> Self {
        let reason = match error {
            ContentError::Empty => Reason::InvalidRequest,
            ContentError::TooLong => Reason::PayloadTooLarge,
        };
        Self::new(reason, error.to_string())
    }
}

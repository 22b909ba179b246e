//! What goes wrong in a chat.

use super::api::{unauthorized, with_rule};
use super::{Exit, Failure, of_api};
use crate::adapters::terminal::render::span;
use crate::app::client::chat::conversation::ConversationError;
use crate::app::client::chat::errand::ErrandError;
use crate::app::client::chat::turn::TurnError;
use crate::app::client::target::Target;
use crate::ports::chat_api::{ChatError, Refusal};
use crate::ports::chat_screen::{Gone, Remains};
use crate::ports::daemon_api::{ApiError, Rejection};
use crate::ports::interrupts::Interrupt;

/// A request about chats failed.
pub fn of_chat(error: ChatError, target: &Target) -> Failure {
    let endpoint = &target.choice.endpoint;
    match error {
        ChatError::Refused { why, detail } => of_refusal(why, &detail),
        ChatError::Lost { cause } => of_api(ApiError::Unreachable { cause }, &target.choice),
        ChatError::Api(ApiError::Rejected { why: Rejection::Unauthorized, .. }) => match &target.credential {
            Some(_) => unauthorized()
                .hint(format!("pair again: netclaw pair {endpoint}"))
                .hint("it was revoked or has expired; on the host, what is left is listed by: netclaw daemon devices"),
            None => unauthorized().hint(format!("this device is not paired there; run: netclaw pair {endpoint}")),
        },
        ChatError::Api(ApiError::Rejected {
            why: Rejection::RateLimited { retry_after } | Rejection::LockedOut { retry_after },
            ..
        }) => Failure::new(Exit::Limited, format!("too many requests; try again in {}", span::in_words(retry_after)))
            .hint("then run the same command again"),
        ChatError::Api(ApiError::Unprotected(_)) if target.credential.is_none() => {
            let what = format!("nothing is sent to {endpoint} in the clear, and this device is not paired there");
            let failure = Failure::new(Exit::Failed, what).hint(format!("pair first: netclaw pair {endpoint}"));
            with_rule(failure, &target.choice.rule)
        }
        ChatError::Api(error) => of_api(error, &target.choice),
    }
}

/// One question has no whole answer.
pub fn of_errand(error: ErrandError, target: &Target) -> Failure {
    match error {
        ErrandError::Turn(TurnError::Chat(error)) => of_chat(error, target),
        ErrandError::Turn(TurnError::Failed { why, detail }) => of_refusal(why, &detail),
        ErrandError::Turn(TurnError::Cut(error)) if error.is_unauthorized() => of_chat(error, target),
        ErrandError::Turn(TurnError::Cut(error)) => {
            Failure::new(Exit::Failed, format!("the connection was lost in the middle of the answer: {error}"))
                .hint("what the daemon has of the answer is in the session, the first one listed by: netclaw sessions")
        }
        ErrandError::Turn(error @ TurnError::Forgotten(remains)) => {
            Failure::new(Exit::Failed, error.to_string()).hint(match remains {
                Remains::Kept => "what the agent had said is in the session, the first one listed by: netclaw sessions",
                Remains::Nothing | Remains::Lost => "ask again",
            })
        }
        ErrandError::Turn(TurnError::Gone(gone)) => of_gone(gone),
        ErrandError::Turn(TurnError::Random(error)) => Failure::new(Exit::Failed, error.to_string()),
        error @ ErrandError::Stopped => {
            Failure::new(Exit::Failed, error.to_string()).hint("another device has stopped it; ask again")
        }
        ErrandError::Interrupted(interrupt) => interrupted(interrupt),
    }
}

/// A chat cannot go on.
pub fn of_conversation(error: ConversationError, target: &Target) -> Failure {
    match error {
        ConversationError::Chat(error) => of_chat(error, target),
        ConversationError::Gone(gone) => of_gone(gone),
        ConversationError::Random(error) => Failure::new(Exit::Failed, error.to_string()),
    }
}

/// A signal has ended the command: there is nothing to say that its sender does not know.
pub const fn interrupted(interrupt: Interrupt) -> Failure {
    Failure::silent(match interrupt {
        Interrupt::Stop => Exit::Interrupted,
        Interrupt::Terminate => Exit::Terminated,
    })
}

/// Nothing can be shown or read any more.
pub fn of_gone(gone: Gone) -> Failure {
    if gone.is_closed { Failure::quiet() } else { Failure::new(Exit::Failed, gone.to_string()) }
}

/// The daemon's own words, and what to do. They are sentences; where there are none, a plain one stands in.
fn of_refusal(why: Refusal, detail: &str) -> Failure {
    let failed = |plain: &str| Failure::new(Exit::Failed, if detail.is_empty() { plain } else { detail });
    match why {
        Refusal::NoAgent => failed("this daemon has no agent")
            .hint("the agent is named in the host's configuration, section \"Agent\": netclaw config schema"),
        Refusal::AgentFailed => failed("the agent failed").hint("for the cause, run on the host: netclaw daemon logs"),
        Refusal::AgentTimeout => failed("the agent took too long")
            .hint("the limits are Agent.TimeoutSeconds and Agent.IdleTimeoutSeconds of the host's configuration"),
        Refusal::AgentOutputLimit => {
            failed("the answer is too long").hint("the limit is Agent.MaxOutputBytes of the host's configuration")
        }
        Refusal::NoSession => failed("there is no such session").hint("all are listed by: netclaw sessions"),
        Refusal::NoTurn => {
            failed("the answer is not there any more").hint("what was said is in the session: netclaw sessions")
        }
        Refusal::SessionBusy => failed("the session is busy with another answer")
            .hint("wait for it, or ask in another session: leave out --resume, or type /new"),
        Refusal::SessionFull => failed("the session is full").hint("begin a new one: leave out --resume, or type /new"),
        Refusal::TooManySessions => failed("there are too many sessions")
            .hint("delete what is old: netclaw sessions delete --unnamed --older-than 30d"),
        Refusal::InvalidSessionName => failed("a session cannot have this name").hint("choose another name"),
        Refusal::NameTaken => {
            failed("another session has this name").hint("choose another one; all are listed by: netclaw sessions")
        }
        Refusal::TooLong => {
            failed("the message is too long").hint("send a part of it, or put it where the agent can read it")
        }
        Refusal::StorageUnavailable => {
            failed("the daemon could not store it").hint("for the cause, run on the host: netclaw daemon logs")
        }
        Refusal::Unknown => {
            failed("the daemon refused").hint("one side may be older than the other; compare: netclaw --version")
        }
    }
}

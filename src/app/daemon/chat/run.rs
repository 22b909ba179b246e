//! A turn from the agent's first word to the last line in the store.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tracing::error;

use super::ChatLimits;
use super::turn::{Ending, Turn, TurnFailure};
use crate::domain::chat::message::{Message, Outcome, Speaker};
use crate::domain::text::shown_safely;
use crate::ports::agent::{AgentError, AgentRequest, ChatAgent};
use crate::ports::chat_sessions::{AppendError, ChatSessions};
use crate::ports::clock::Clock;

/// What a turn is run with.
pub(super) struct Runner {
    pub(super) agent: Arc<dyn ChatAgent>,
    pub(super) sessions: Arc<dyn ChatSessions>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limits: ChatLimits,
}

impl Runner {
    /// Asks the agent, keeps its answer, and ends the turn. When `barred` returns, whoever began it is let in no more.
    pub(super) async fn run(&self, turn: &Turn, request: AgentRequest, barred: impl Future<Output = ()>) {
        let ending = tokio::select! {
            biased;
            () = barred => Ending::Stopped,
            ending = self.ask(turn, request) => ending,
        };
        let ending = self.keep(turn, ending).await;
        turn.end(ending);
    }

    /// When this returns, the agent has been told to work no more.
    async fn ask(&self, turn: &Turn, request: AgentRequest) -> Ending {
        let ChatLimits { turn: longest, silence, output } = self.limits;
        let too_much = Ending::Failed(TurnFailure::TooMuch(output));
        tokio::select! {
            biased;
            () = turn.stopped() => Ending::Stopped,
            () = turn.abandoned() => Ending::Stopped,
            () = turn.too_much() => too_much,
            answered = AssertUnwindSafe(self.agent.answer(request, turn)).catch_unwind() => match answered {
                // With its last words.
                _ if turn.is_too_much() => too_much,
                Ok(Ok(answered)) => Ending::Done(answered),
                Ok(Err(AgentError::Failed(why))) => Ending::Failed(TurnFailure::Agent(why)),
                Ok(Err(AgentError::TimedOut(why))) => Ending::Failed(TurnFailure::TimedOut(why)),
                // The log has said why.
                Err(_) => Ending::Failed(TurnFailure::Agent("the turn failed; the daemon's log says why".to_owned())),
            },
            () = tokio::time::sleep(longest) => timed_out("was not done after", longest),
            () = turn.silent_for(silence) => timed_out("said nothing for", silence),
        }
    }

    /// Keeps what was said. What a turn came to is not better than whether it is kept.
    async fn keep(&self, turn: &Turn, ending: Ending) -> Ending {
        let outcome = match &ending {
            Ending::Done(_) => None,
            Ending::Stopped => Some(Outcome::Stopped),
            Ending::Failed(_) => Some(Outcome::Failed),
        };
        let (content, model) = turn.answer();
        let message = Message { speaker: Speaker::Agent { model, outcome }, content, at: self.clock.now().wall };
        match self.sessions.append(turn.origin.session, message).await {
            // A session that was deleted meanwhile has nothing to keep.
            Ok(_) | Err(AppendError::NoSession) => ending,
            Err(cause @ (AppendError::Full(_) | AppendError::Storage(_))) => {
                error!(cause = shown_safely(&cause.to_string()), "the answer of an agent could not be kept");
                Ending::Failed(TurnFailure::Storage)
            }
        }
    }
}

fn timed_out(what: &str, limit: Duration) -> Ending {
    let seconds = limit.as_secs_f64();
    Ending::Failed(TurnFailure::TimedOut(format!("the agent {what} {seconds} seconds")))
}

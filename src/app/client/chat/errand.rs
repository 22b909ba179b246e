//! One turn for a script, in as few requests as there can be.

use std::time::Duration;

use thiserror::Error;

use super::turn::{Ask, Ending, Heard, TurnError, Turns};
use super::{Trouble, unless_interrupted};
use crate::domain::chat::id::ChatSessionId;
use crate::ports::chat_api::{ChatError, Completion, Refusal, SessionWish};
use crate::ports::chat_screen::AnswerListener;
use crate::ports::interrupts::{Interrupt, Interrupts};

/// What a script wants to know.
#[derive(Clone, Debug)]
pub struct Errand {
    /// The session to go on with, by its id or name. One that is named is begun if there is none.
    pub session: Option<String>,
    /// The model, if not the session's.
    pub model: Option<String>,
    /// The message.
    pub message: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The session.
    pub session: Option<ChatSessionId>,
    /// The answer, as the agent gave it. Not safe to show.
    pub text: String,
    /// What is known of how it came to its end.
    pub completion: Completion,
    /// From the beginning of the errand to the first piece of the answer, the way to the daemon included.
    pub first_after: Option<Duration>,
    /// The same to the end.
    pub took: Duration,
}

/// Why there is no whole answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ErrandError {
    /// The turn failed, or did not begin.
    #[error(transparent)]
    Turn(#[from] TurnError),
    /// Someone else has stopped it.
    #[error("the answer was stopped")]
    Stopped,
    /// A signal has stopped it.
    #[error("interrupted")]
    Interrupted(Interrupt),
}

/// Asks, and hears the answer.
///
/// # Errors
///
/// [`ErrandError`]. What came of the answer was heard.
pub async fn run(
    turns: &Turns<'_>,
    errand: Errand,
    listener: &mut dyn AnswerListener,
    interrupts: &mut dyn Interrupts,
) -> Result<Reply, ErrandError> {
    let began = turns.clock.now().monotonic;
    let heard = ask(turns, errand, listener, interrupts).await?;
    let took = turns.clock.now().monotonic.since(began);
    let Heard { session, text, first_at, ending } = heard;
    let first_after = first_at.map(|first| first.since(began));
    match ending {
        Ending::Done(completion) => Ok(Reply { session, text, completion, first_after, took }),
        Ending::Stopped => Err(ErrandError::Stopped),
        Ending::Interrupted(interrupt) => Err(ErrandError::Interrupted(interrupt)),
    }
}

async fn ask(
    turns: &Turns<'_>,
    errand: Errand,
    listener: &mut dyn AnswerListener,
    interrupts: &mut dyn Interrupts,
) -> Result<Heard, ErrandError> {
    let Errand { session, model, message } = errand;
    let Some(key) = session else {
        let wish = SessionWish { name: None, model };
        let created = unless_interrupted(interrupts, turns.line.create(&wish)).await?;
        let ask = Ask { session: created.id.as_str(), content: message, model: None };
        let heard = turns.run(ask, listener, interrupts).await;
        turns.discard_unused(created.id, &heard, interrupts).await;
        return Ok(heard?);
    };
    // Most often it is there, and then one request is enough.
    let ask = Ask { session: &key, content: message.clone(), model: model.clone() };
    match turns.run(ask, listener, interrupts).await {
        Err(TurnError::Chat(ChatError::Refused { why: Refusal::NoSession, .. })) if may_be_new(&key) => {}
        heard => return Ok(heard?),
    }
    let id = unless_interrupted(interrupts, named(turns, &key)).await?;
    let ask = Ask { session: id.as_str(), content: message, model };
    Ok(turns.run(ask, listener, interrupts).await?)
}

/// Whether this can be the name of a session to begin: what looks like an id was one.
pub(super) fn may_be_new(key: &str) -> bool {
    ChatSessionId::parse(key).is_none()
}

/// Begins the session of this name, or finds the one that has been begun meanwhile.
async fn named(turns: &Turns<'_>, name: &str) -> Result<ChatSessionId, ChatError> {
    let wish = SessionWish { name: Some(name.to_owned()), model: None };
    match turns.line.create(&wish).await {
        Ok(created) => Ok(created.id),
        Err(ChatError::Refused { why: Refusal::NameTaken, .. }) => Ok(turns.line.transcript(name).await?.session.id),
        Err(error) => Err(error),
    }
}

impl From<Trouble> for ErrandError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Interrupted(interrupt) => Self::Interrupted(interrupt),
            Trouble::Chat(error) => Self::Turn(error.into()),
        }
    }
}

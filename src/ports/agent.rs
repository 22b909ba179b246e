//! The agent that devices talk to.

use std::any::Any;

use async_trait::async_trait;
use thiserror::Error;

use crate::domain::agent::AgentKind;
use crate::domain::chat::conversation::Utterance;
use crate::domain::chat::id::ChatSessionId;
use crate::domain::chat::model::ModelName;
use crate::domain::device_name::DeviceName;

/// One turn, as the agent is asked for it.
#[derive(Clone, Debug)]
pub struct AgentRequest {
    /// The session that it is part of.
    pub session: ChatSessionId,
    /// The device that asks; `None` for this machine without a credential.
    pub device: Option<DeviceName>,
    /// The model that is asked for; `None` for the agent's own choice.
    pub model: Option<ModelName>,
    /// What was said, the last of it by the user.
    pub conversation: Vec<Utterance>,
    /// The last message alone. In `conversation` it is one with those before it that have no answer.
    pub message: String,
}

/// What the provider counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the conversation.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// Both, as the provider adds them up.
    pub total_tokens: u64,
}

/// What is known of an answer when it has ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// What it cost, where the provider says so.
    pub usage: Option<Usage>,
    /// Why it ended, in the provider's word: `stop`, `length`. Safe to show.
    pub finish_reason: Option<String>,
}

/// Why the agent gives no answer, or not all of it. The texts are safe to show to a device.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AgentError {
    /// It failed, or is not there.
    #[error("{0}")]
    Failed(String),
    /// It took too long to be reached or to say what it has.
    #[error("{0}")]
    TimedOut(String),
}

/// Something of an agent's work that is not over yet. It is over when this is dropped.
pub type AtWork = Box<dyn Any + Send + Sync>;

/// Who hears an answer while it is given.
pub trait Listener: Send + Sync {
    /// The model that answers, once it is known.
    fn model(&self, model: &ModelName);

    /// The next piece of text.
    fn text(&self, text: &str);

    /// A sign of life that is no text: thinking, or waiting in a queue.
    fn alive(&self);

    /// To be held for as long as anything of the work goes on that could stand in the way of the next turn, even when nobody
    /// waits for the answer any more.
    fn at_work(&self) -> AtWork {
        Box::new(())
    }
}

/// Something that answers.
///
/// # Contract
///
/// * Text is handed on as it comes, whole characters only, and unchanged.
/// * When the future of `answer` is dropped, the work ends: no program is left running, no request goes on. What takes a moment
///   for that holds [`Listener::at_work`] until then.
/// * The caller limits time and length; `models` limits itself.
/// * No error text contains a secret or a control character.
#[async_trait]
pub trait ChatAgent: Send + Sync {
    /// What it is.
    fn kind(&self) -> AgentKind;

    /// The model that answers where none is asked for, as far as it is configured.
    fn model(&self) -> Option<&ModelName>;

    /// Whether it is there: a turn could begin now. Nothing is asked of it.
    ///
    /// # Errors
    ///
    /// [`AgentError`] with what stands in the way.
    async fn check(&self) -> Result<(), AgentError>;

    /// The models that there are; none where the agent does not know of models.
    ///
    /// # Errors
    ///
    /// [`AgentError`].
    async fn models(&self) -> Result<Vec<ModelName>, AgentError>;

    /// Gives one answer, whose text goes to `listener`.
    ///
    /// # Errors
    ///
    /// [`AgentError`]; what `listener` has heard until then counts.
    async fn answer(&self, request: AgentRequest, listener: &dyn Listener) -> Result<Answered, AgentError>;
}

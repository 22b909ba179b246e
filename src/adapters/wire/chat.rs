//! The JSON documents of chat, as daemon and device exchange them.

use serde::{Deserialize, Serialize};

use super::moment;
use crate::domain::time::WallTime;

/// The names of the events of a turn.
pub mod event {
    /// The first one, with a [`TurnForm`](super::TurnForm).
    pub const TURN: &str = "turn";
    /// A piece of the answer, with a [`TextForm`](super::TextForm).
    pub const TEXT: &str = "text";
    /// The end, with a [`DoneForm`](super::DoneForm).
    pub const DONE: &str = "done";
    /// The end of a turn that was stopped, with a [`StoppedForm`](super::StoppedForm).
    pub const STOPPED: &str = "stopped";
    /// The end of a turn that failed, with an [`ErrorForm`](super::ErrorForm).
    pub const ERROR: &str = "error";
}

/// Which turn this is.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TurnForm {
    /// The id of its session.
    pub session_id: String,
    /// Its number there.
    pub turn: u64,
}

/// A piece of the answer.
#[derive(Debug, Deserialize, Serialize)]
pub struct TextForm {
    /// The text.
    pub text: String,
}

/// How a turn ended well.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DoneForm {
    /// Always null: the pieces were the answer.
    #[serde(default)]
    pub response: Option<String>,
    /// What it cost, if the agent says so.
    #[serde(default)]
    pub usage: Option<UsageForm>,
    /// Milliseconds to the first piece, by the daemon's clock.
    #[serde(default)]
    pub ttft_ms: Option<u64>,
    /// Milliseconds to the end.
    #[serde(default)]
    pub total_ms: u64,
    /// Why the agent stopped, in its words.
    #[serde(default)]
    pub finish_reason: Option<String>,
}

/// Tokens of a language model.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageForm {
    /// Those that were read.
    pub prompt_tokens: u64,
    /// Those that were written.
    pub completion_tokens: u64,
    /// Both.
    pub total_tokens: u64,
}

/// How a turn ended that was stopped.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoppedForm {
    /// Milliseconds to the first piece, if there was one.
    #[serde(default)]
    pub ttft_ms: Option<u64>,
    /// Milliseconds to the end.
    #[serde(default)]
    pub total_ms: u64,
}

/// Why a turn failed.
#[derive(Debug, Deserialize, Serialize)]
pub struct ErrorForm {
    /// One of the contract's codes.
    pub code: String,
    /// A sentence about it.
    #[serde(default)]
    pub detail: String,
}

/// The agent of a daemon.
#[derive(Debug, Deserialize, Serialize)]
pub struct AgentForm {
    /// The name of its kind.
    pub kind: String,
    /// The model of a chat that names none.
    #[serde(default)]
    pub model: Option<String>,
}

/// The models of an agent.
#[derive(Debug, Deserialize, Serialize)]
pub struct ModelsForm {
    /// Their names.
    pub models: Vec<String>,
}

/// A new session, or what changes of one. What is absent stays as it is.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct SessionChangeForm {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The model of its turns that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// A session, without what was said.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionForm {
    /// Its id.
    pub id: String,
    /// Its name, if it has one.
    #[serde(default)]
    pub name: Option<String>,
    /// The model of its turns that name none.
    #[serde(default)]
    pub model: Option<String>,
    /// When it began.
    #[serde(with = "moment")]
    pub created_at: WallTime,
    /// When something was last said.
    #[serde(with = "moment")]
    pub updated_at: WallTime,
    /// How many messages it has, of both sides.
    #[serde(default)]
    pub message_count: u64,
    /// The device that began it.
    #[serde(default)]
    pub created_by: Option<String>,
    /// The beginning of the first message.
    #[serde(default)]
    pub preview: String,
}

/// Every session.
#[derive(Debug, Deserialize, Serialize)]
pub struct SessionsForm {
    /// The latest activity first.
    pub sessions: Vec<SessionForm>,
}

/// A session and what was said.
#[derive(Debug, Deserialize, Serialize)]
pub struct TranscriptForm {
    /// The session.
    #[serde(flatten)]
    pub session: SessionForm,
    /// The oldest first.
    pub messages: Vec<MessageForm>,
}

/// One message.
#[derive(Debug, Deserialize, Serialize)]
pub struct MessageForm {
    /// `user` or `assistant`.
    pub role: String,
    /// What was said.
    pub content: String,
    /// When.
    #[serde(with = "moment")]
    pub at: WallTime,
    /// The device that said it.
    #[serde(default)]
    pub device: Option<String>,
    /// The model that answered.
    #[serde(default)]
    pub model: Option<String>,
    /// `stopped` or `failed`, for an answer that did not come to its end.
    #[serde(default)]
    pub outcome: Option<String>,
}

/// What is asked.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AskForm {
    /// The message.
    pub content: String,
    /// 32 lower-case hexadecimal characters of the client's choice: the same again is the same turn.
    pub request_id: String,
    /// The model of this turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Whether the turn waits for a listener whose connection was lost.
    #[serde(default)]
    pub resumable: bool,
}

//! The chat routes of a daemon, from a device's side.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use thiserror::Error;

use super::daemon_api::ApiError;
use crate::domain::chat::id::{ChatSessionId, RequestId};
use crate::domain::chat::message::Outcome;
use crate::domain::link::Link;
use crate::domain::time::WallTime;
use crate::domain::token::BearerToken;

/// The way to a daemon, and the credential that belongs there.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// The way.
    pub link: &'a Link,
    /// The credential, if there is one.
    pub token: Option<&'a BearerToken>,
}

/// What the daemon talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentReport {
    /// The name of its kind, safe to show; a newer daemon may have one that we do not know.
    pub kind: String,
    /// The model of a session that names none, safe to show.
    pub model: Option<String>,
}

/// A session, without what was said. All text is safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    /// Its id.
    pub id: ChatSessionId,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The model of its turns that name none.
    pub model: Option<String>,
    /// When it began, by the daemon's wall clock.
    pub created_at: WallTime,
    /// When something was last said.
    pub updated_at: WallTime,
    /// How many messages it has, of both sides.
    pub message_count: u64,
    /// The name of the device that began it.
    pub created_by: Option<String>,
    /// The beginning of the first message.
    pub preview: String,
}

/// A session and what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The session.
    pub session: SessionSummary,
    /// The oldest first.
    pub messages: Vec<Said>,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whose it is.
    pub speaker: Speaker,
    /// What was said. Not safe to show.
    pub content: String,
    /// When.
    pub at: WallTime,
}

/// Whose message it is. The names are safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// A person's, on the device of this name.
    User {
        /// The device.
        device: Option<String>,
    },
    /// The agent's.
    Agent {
        /// The model that answered.
        model: Option<String>,
        /// How the answer ended, unless well.
        outcome: Option<Outcome>,
    },
}

/// What is new about a session. `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionWish {
    /// Its name, as it was typed.
    pub name: Option<String>,
    /// Its model, as it was typed.
    pub model: Option<String>,
}

/// What is asked in one turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The message.
    pub content: String,
    /// Asked again with the same id, it is the same turn.
    pub request: RequestId,
    /// The model of this turn, if not the session's.
    pub model: Option<String>,
    /// Whether the turn waits for a while when the connection is lost.
    pub resumable: bool,
}

/// An event of a turn, with its number in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// Its number; later events have higher ones.
    pub number: u64,
    /// The event.
    pub event: TurnEvent,
}

/// What happens in a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnEvent {
    /// It has begun, or is listened to from its beginning.
    Begun {
        /// Its session.
        session: ChatSessionId,
        /// Its number there.
        turn: u64,
    },
    /// A piece of the answer. Not safe to show.
    Text(String),
    /// The answer is whole; the last event.
    Done(Completion),
    /// It was stopped; the last event.
    Stopped,
    /// It failed; the last event.
    Failed {
        /// Why.
        why: Refusal,
        /// The daemon's words, safe to show.
        detail: String,
    },
}

/// What is known of an answer that came to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// What it cost, if the agent says so.
    pub usage: Option<Usage>,
    /// Why the agent ended it, in its own word and safe to show; `None` where it just had nothing more to say.
    pub finish_reason: Option<String>,
}

/// Tokens of a language model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Those that were read.
    pub prompt: u64,
    /// Those that were written.
    pub completion: u64,
    /// Both.
    pub total: u64,
}

/// Why the daemon does not do what was asked of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `no_agent`: none is configured.
    NoAgent,
    /// `agent_failed`.
    AgentFailed,
    /// `agent_timeout`.
    AgentTimeout,
    /// `agent_output_limit`: the answer is longer than the daemon's configuration allows.
    AgentOutputLimit,
    /// `no_session`.
    NoSession,
    /// `no_turn`: it is over and forgotten, or never was.
    NoTurn,
    /// `session_busy`: another turn of the session goes on.
    SessionBusy,
    /// `session_full`.
    SessionFull,
    /// `too_many_sessions`.
    TooManySessions,
    /// `invalid_session_name`.
    InvalidSessionName,
    /// `name_taken`.
    NameTaken,
    /// `payload_too_large`.
    TooLong,
    /// `storage_unavailable`.
    StorageUnavailable,
    /// A code of a newer daemon.
    Unknown,
}

/// Why a request about chats has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChatError {
    /// The daemon refused, for a reason of chats.
    #[error("{detail}")]
    Refused {
        /// Why.
        why: Refusal,
        /// The daemon's words, safe to show.
        detail: String,
    },
    /// The request was sent and its answer was lost: it may have been heard.
    #[error("{cause}")]
    Lost {
        /// What the system said, in its words.
        cause: String,
    },
    /// Anything that every request can meet.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// The events of a turn as they come. It ends after the last event of the turn; when it ends before, or with
/// [`ApiError::Unreachable`], the connection was lost.
pub type TurnStream = BoxStream<'static, Result<Numbered, ChatError>>;

/// Requests about chats.
///
/// # Contract
///
/// * A credential is sent over the link it is passed with and nowhere else, as [`DaemonApi`](super::daemon_api::DaemonApi)
///   has it, and one connection serves several requests.
/// * Nothing is sent over a link that nothing protects, with a credential or without: what is said is worth as much.
/// * Every answer is bounded, and so is every event. An answer is over after 15 seconds, and so is the wait for the beginning
///   of a longer one. Lists and transcripts have ten minutes, and no pause of more than 15 seconds. A stream that is silent
///   for 45 seconds, three times as long as a daemon is, is lost.
/// * Events have increasing numbers.
/// * `key` is an id or a name, as it was typed.
#[async_trait]
pub trait ChatApi: Send + Sync {
    /// What the daemon talks to.
    ///
    /// # Errors
    ///
    /// [`ChatError`], as for every method.
    async fn agent(&self, access: Access<'_>) -> Result<AgentReport, ChatError>;

    /// The models of the agent, safe to show; none when it has no choice of them.
    ///
    /// # Errors
    ///
    /// [`ChatError`].
    async fn models(&self, access: Access<'_>) -> Result<Vec<String>, ChatError>;

    /// Every session, the latest activity first.
    ///
    /// # Errors
    ///
    /// [`ChatError`].
    async fn sessions(&self, access: Access<'_>) -> Result<Vec<SessionSummary>, ChatError>;

    /// Begins a session.
    ///
    /// # Errors
    ///
    /// [`ChatError`].
    async fn create(&self, access: Access<'_>, wish: &SessionWish) -> Result<SessionSummary, ChatError>;

    /// A session and what was said.
    ///
    /// # Errors
    ///
    /// [`ChatError`].
    async fn transcript(&self, access: Access<'_>, key: &str) -> Result<Transcript, ChatError>;

    /// Changes a session.
    ///
    /// # Errors
    ///
    /// [`ChatError`].
    async fn change(&self, access: Access<'_>, key: &str, wish: &SessionWish) -> Result<SessionSummary, ChatError>;

    /// Deletes a session and what was said.
    ///
    /// # Errors
    ///
    /// [`ChatError`].
    async fn delete(&self, access: Access<'_>, key: &str) -> Result<(), ChatError>;

    /// Begins a turn, or listens to the one that this question has begun.
    ///
    /// # Errors
    ///
    /// [`ChatError`]. After [`ChatError::Lost`] the turn may have begun, after [`ApiError::Unreachable`] it has not.
    async fn ask(&self, access: Access<'_>, key: &str, question: &Question) -> Result<TurnStream, ChatError>;

    /// Listens to a turn from the event after `seen` on.
    ///
    /// # Errors
    ///
    /// [`ChatError`].
    async fn listen(
        &self,
        access: Access<'_>,
        session: ChatSessionId,
        turn: u64,
        seen: u64,
    ) -> Result<TurnStream, ChatError>;

    /// Stops a turn; nothing happens if it is over.
    ///
    /// # Errors
    ///
    /// [`ChatError`].
    async fn stop(&self, access: Access<'_>, session: ChatSessionId, turn: u64) -> Result<(), ChatError>;
}

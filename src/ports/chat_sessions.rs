//! Where conversations are kept.

use async_trait::async_trait;
use thiserror::Error;

use super::storage::StorageError;
use crate::domain::chat::id::ChatSessionId;
use crate::domain::chat::message::Message;
use crate::domain::chat::session::{ChatSession, MAX_SESSIONS, SessionChange, SessionFull};
use crate::domain::time::WallTime;

/// Why a session was not begun or changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChangeSessionError {
    /// There is no such session.
    #[error("there is no such session")]
    NoSession,
    /// Another session has this name, without regard to case.
    #[error("another session has this name")]
    NameTaken,
    /// There are as many as there may be.
    #[error("there are {MAX_SESSIONS} sessions already; delete one that is no longer needed")]
    TooMany,
    /// The change could not be made durable, or the session's file cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why something said was not kept.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AppendError {
    /// There is no such session, or not any more.
    #[error("there is no such session")]
    NoSession,
    /// The session has no room for another turn.
    #[error(transparent)]
    Full(#[from] SessionFull),
    /// It could not be made durable, or the session's file cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The conversations of a daemon.
///
/// # Contract
///
/// * What `create`, `change`, `append` and `delete` have answered survives a power loss. What was cut off in the middle is as
///   if it had never been, and nothing else is lost with it.
/// * At most [`MAX_SESSIONS`]; names are unique without regard to case. Both are decided together with the change itself.
/// * A message of the user is kept only if [`ChatSession::admit`] lets it; an answer always is.
/// * A damaged session is an error for whoever asks for it, and for nobody else. It is never overwritten, it counts, and its name
///   stays taken as far as it can be read.
/// * `list` and `find` read no conversation.
#[async_trait]
pub trait ChatSessions: Send + Sync {
    /// Keeps a new session, in which nothing has been said.
    ///
    /// # Errors
    ///
    /// [`ChangeSessionError`], but never that there is no such session.
    async fn create(&self, session: ChatSession) -> Result<(), ChangeSessionError>;

    /// All sessions that can be used, the one with the newest activity first.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when nobody can tell.
    async fn list(&self) -> Result<Vec<ChatSession>, StorageError>;

    /// The session with this id, or else with this name.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when it is damaged.
    async fn find(&self, id_or_name: &str) -> Result<Option<ChatSession>, StorageError>;

    /// The session and all that was said in it.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when it is damaged or cannot be read.
    async fn read(&self, id: ChatSessionId) -> Result<Option<(ChatSession, Vec<Message>)>, StorageError>;

    /// Changes a session, at this time.
    ///
    /// # Errors
    ///
    /// [`ChangeSessionError`].
    async fn change(
        &self,
        id: ChatSessionId,
        change: SessionChange,
        at: WallTime,
    ) -> Result<ChatSession, ChangeSessionError>;

    /// Keeps what was said, as the last of the session.
    ///
    /// # Errors
    ///
    /// [`AppendError`].
    async fn append(&self, id: ChatSessionId, message: Message) -> Result<ChatSession, AppendError>;

    /// Removes a session and all that was said in it, for good; `false` when there is none. A damaged one can be removed too.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when it is still there.
    async fn delete(&self, id: ChatSessionId) -> Result<bool, StorageError>;
}

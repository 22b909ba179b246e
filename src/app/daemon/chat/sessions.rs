//! Looking after the sessions.

use thiserror::Error;
use tracing::error;

use super::{Chat, identity};
use crate::app::daemon::authenticate::Caller;
use crate::domain::chat::id::ChatSessionId;
use crate::domain::chat::message::Message;
use crate::domain::chat::model::ModelName;
use crate::domain::chat::name::SessionName;
use crate::domain::chat::session::{ChatSession, MAX_SESSIONS, SessionChange};
use crate::domain::device::ID_BYTES;
use crate::ports::chat_sessions::ChangeSessionError;
use crate::ports::storage::StorageError;

/// What a session is to be.
#[derive(Clone, Debug, Default)]
pub struct NewSession {
    /// What it is to be called.
    pub name: Option<SessionName>,
    /// The model that it is to be held with.
    pub model: Option<ModelName>,
}

/// Why a session was not shown, begun, changed or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SessionError {
    /// There is no such session.
    #[error("there is no such session")]
    NoSession,
    /// Another session has this name, without regard to case.
    #[error("another session has this name")]
    NameTaken,
    /// There are as many as there may be.
    #[error("there are {MAX_SESSIONS} sessions already; delete one that is no longer needed")]
    TooMany,
    /// The store cannot be used, or the session is damaged; the log says why.
    #[error("the session cannot be used; the daemon's log says why")]
    Storage,
}

impl Chat {
    /// All sessions, the one with the newest activity first.
    ///
    /// # Errors
    ///
    /// [`SessionError::Storage`].
    pub async fn list(&self) -> Result<Vec<ChatSession>, SessionError> {
        Ok(self.sessions.list().await?)
    }

    /// Begins a session.
    ///
    /// # Errors
    ///
    /// [`SessionError`], but never that there is no such session.
    pub async fn create(&self, caller: &Caller, new: NewSession) -> Result<ChatSession, SessionError> {
        let mut random = [0; ID_BYTES];
        self.ports.rng.fill(&mut random).map_err(|cause| {
            error!(%cause, "a session has no id");
            SessionError::Storage
        })?;
        let now = self.ports.clock.now().wall;
        let session = ChatSession {
            id: ChatSessionId::from_random(random),
            name: new.name,
            model: new.model,
            created_at: now,
            updated_at: now,
            created_by: identity(caller).1,
            preview: String::new(),
            messages: 0,
            turns: 0,
            bytes: 0,
        };
        self.sessions.create(session.clone()).await?;
        Ok(session)
    }

    /// The session with this id, or else with this name.
    ///
    /// # Errors
    ///
    /// [`SessionError::NoSession`] and [`SessionError::Storage`].
    pub async fn find(&self, id_or_name: &str) -> Result<ChatSession, SessionError> {
        self.sessions.find(id_or_name).await?.ok_or(SessionError::NoSession)
    }

    /// The same, with all that was said in it.
    ///
    /// # Errors
    ///
    /// As for [`Chat::find`].
    pub async fn read(&self, id_or_name: &str) -> Result<(ChatSession, Vec<Message>), SessionError> {
        let found = self.find(id_or_name).await?;
        self.sessions.read(found.id).await?.ok_or(SessionError::NoSession)
    }

    /// Changes the session with this id or name.
    ///
    /// # Errors
    ///
    /// [`SessionError`].
    pub async fn change(&self, id_or_name: &str, change: SessionChange) -> Result<ChatSession, SessionError> {
        let found = self.find(id_or_name).await?;
        Ok(self.sessions.change(found.id, change, self.ports.clock.now().wall).await?)
    }

    /// Deletes the session with this id or name, and stops what goes on in it. A damaged one can be deleted by its id.
    ///
    /// # Errors
    ///
    /// [`SessionError::NoSession`] and [`SessionError::Storage`].
    pub async fn delete(&self, id_or_name: &str) -> Result<(), SessionError> {
        let id = match (ChatSessionId::parse(id_or_name), self.sessions.find(id_or_name).await) {
            (_, Ok(Some(found))) => found.id,
            (Some(id), Err(_)) => id,
            (_, Ok(None)) => return Err(SessionError::NoSession),
            (None, Err(cause)) => return Err(cause.into()),
        };
        if let Some(turn) = self.turns.running_in(id) {
            turn.stop();
            turn.ended().await;
        }
        if self.sessions.delete(id).await? { Ok(()) } else { Err(SessionError::NoSession) }
    }
}

impl From<StorageError> for SessionError {
    fn from(cause: StorageError) -> Self {
        error!(%cause, "a session cannot be used");
        Self::Storage
    }
}

impl From<ChangeSessionError> for SessionError {
    fn from(error: ChangeSessionError) -> Self {
        match error {
            ChangeSessionError::NoSession => Self::NoSession,
            ChangeSessionError::NameTaken => Self::NameTaken,
            ChangeSessionError::TooMany => Self::TooMany,
            ChangeSessionError::Storage(cause) => cause.into(),
        }
    }
}

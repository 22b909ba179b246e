//! Conversations in memory.

use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use netclaw::domain::chat::id::{ChatSessionId, RequestId};
use netclaw::domain::chat::message::{Message, Outcome, Speaker};
use netclaw::domain::chat::name::SessionName;
use netclaw::domain::chat::session::{ChatSession, MAX_SESSIONS, SessionChange};
use netclaw::domain::device_name::NameKey;
use netclaw::domain::time::WallTime;
use netclaw::ports::chat_sessions::{AppendError, ChangeSessionError, ChatSessions};
use netclaw::ports::storage::StorageError;

use super::faults::Faults;
use super::samples::WALL;

/// Sessions whose changes fail while `faults` says so.
#[derive(Debug, Default)]
pub struct FakeChatSessions {
    sessions: Mutex<Vec<(ChatSession, Vec<Message>)>>,
    pub faults: Faults,
}

impl FakeChatSessions {
    fn all(&self) -> MutexGuard<'_, Vec<(ChatSession, Vec<Message>)>> {
        self.sessions.lock().unwrap()
    }

    fn is_taken(&self, name: &str, id: ChatSessionId) -> bool {
        let is_it = |name: &str, other: &ChatSession| match &other.name {
            Some(other_name) => other.id != id && other_name.key() == NameKey::of_typed(name),
            None => false,
        };
        self.all().iter().any(|(other, _)| other.id.as_str() == name || is_it(name, other))
    }
}

#[async_trait]
impl ChatSessions for FakeChatSessions {
    async fn create(&self, session: ChatSession) -> Result<(), ChangeSessionError> {
        if self.all().len() >= MAX_SESSIONS {
            return Err(ChangeSessionError::TooMany);
        }
        if session.name.as_ref().is_some_and(|name| self.is_taken(name.as_str(), session.id)) {
            return Err(ChangeSessionError::NameTaken);
        }
        self.faults.check()?;
        self.all().push((session, Vec::new()));
        Ok(())
    }

    async fn list(&self) -> Result<Vec<ChatSession>, StorageError> {
        let mut sessions: Vec<_> = self.all().iter().map(|(session, _)| session.clone()).collect();
        sessions.sort_by_key(|session| (std::cmp::Reverse(session.updated_at), session.id));
        Ok(sessions)
    }

    async fn find(&self, id_or_name: &str) -> Result<Option<ChatSession>, StorageError> {
        let all = self.all();
        let mut sessions = all.iter().map(|(session, _)| session);
        let wanted = NameKey::of_typed(id_or_name);
        let has_id = |session: &&ChatSession| session.id.as_str() == id_or_name;
        let has_name = |session: &&ChatSession| session.name.as_ref().is_some_and(|name| name.key() == wanted);
        Ok(sessions.clone().find(has_id).or_else(|| sessions.find(has_name)).cloned())
    }

    async fn read(&self, id: ChatSessionId) -> Result<Option<(ChatSession, Vec<Message>)>, StorageError> {
        Ok(self.all().iter().find(|(session, _)| session.id == id).cloned())
    }

    async fn change(
        &self,
        id: ChatSessionId,
        change: SessionChange,
        at: WallTime,
    ) -> Result<ChatSession, ChangeSessionError> {
        if change.name.iter().flatten().any(|name| self.is_taken(name.as_str(), id)) {
            return Err(ChangeSessionError::NameTaken);
        }
        let mut all = self.all();
        let found = all.iter_mut().find(|(session, _)| session.id == id);
        let (session, _) = found.ok_or(ChangeSessionError::NoSession)?;
        self.faults.check()?;
        *session = session.clone().changed(change, at);
        Ok(session.clone())
    }

    async fn append(&self, id: ChatSessionId, message: Message) -> Result<ChatSession, AppendError> {
        let mut all = self.all();
        let found = all.iter_mut().find(|(session, _)| session.id == id);
        let (session, messages) = found.ok_or(AppendError::NoSession)?;
        if message.is_of_user() {
            session.admit(&message)?;
        }
        self.faults.check()?;
        *session = session.clone().with(&message);
        messages.push(message);
        Ok(session.clone())
    }

    async fn delete(&self, id: ChatSessionId) -> Result<bool, StorageError> {
        let mut all = self.all();
        let Some(place) = all.iter().position(|(session, _)| session.id == id) else { return Ok(false) };
        self.faults.check()?;
        all.remove(place);
        Ok(true)
    }
}

/// A session in which nothing was said, all its own for each seed.
pub fn session(seed: u8, name: Option<&str>) -> ChatSession {
    ChatSession {
        id: ChatSessionId::from_random([seed; 10]),
        name: name.map(|name| SessionName::parse(name).unwrap()),
        model: None,
        created_at: WALL,
        updated_at: WALL,
        created_by: None,
        preview: String::new(),
        messages: 0,
        turns: 0,
        bytes: 0,
    }
}

/// The request with this number.
pub fn request(number: u8) -> RequestId {
    RequestId::parse(&format!("{number:032x}")).unwrap()
}

pub fn user_says(content: &str, number: u8) -> Message {
    let speaker = Speaker::User { device: None, request: request(number) };
    Message { speaker, content: content.to_owned(), at: WALL }
}

pub fn agent_says(content: &str, outcome: Option<Outcome>) -> Message {
    Message { speaker: Speaker::Agent { model: None, outcome }, content: content.to_owned(), at: WALL }
}

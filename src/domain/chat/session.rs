//! A session: what is known of a conversation without reading it.

use alloc::string::String;

use thiserror::Error;

use super::id::ChatSessionId;
use super::message::Message;
use super::model::ModelName;
use super::name::SessionName;
use crate::domain::device_name::DeviceName;
use crate::domain::time::WallTime;

/// Sessions that are kept. Old ones are never dropped to make room: a person decides what goes.
pub const MAX_SESSIONS: usize = 1000;

/// Messages of a session: years of talking.
pub const MAX_MESSAGES: usize = 10_000;

/// Bytes of a session's text from which on no turn begins: more than any model reads. A thousand sessions of this size are
/// read in seconds.
pub const MAX_SESSION_BYTES: u64 = 4 * 1024 * 1024;

/// Longest preview, in characters.
pub const MAX_PREVIEW_CHARS: usize = 80;

/// What is known of a conversation without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatSession {
    /// Its id.
    pub id: ChatSessionId,
    /// What it is called, if anything; unique without regard to case.
    pub name: Option<SessionName>,
    /// The model that it is held with, unless the daemon's own choice.
    pub model: Option<ModelName>,
    /// When it was begun.
    pub created_at: WallTime,
    /// When something was last said or changed.
    pub updated_at: WallTime,
    /// What the device was called that began it; `None` for this machine without a credential.
    pub created_by: Option<DeviceName>,
    /// The first line of its first message.
    pub preview: String,
    /// How much was said, by both.
    pub messages: usize,
    /// How often the user has spoken: the number of the last turn.
    pub turns: u64,
    /// Bytes of all that was said.
    pub bytes: u64,
}

/// How a session is changed. `None` leaves things as they are, `Some(None)` takes the value away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionChange {
    /// What it is to be called.
    pub name: Option<Option<SessionName>>,
    /// The model that it is to be held with.
    pub model: Option<Option<ModelName>>,
}

/// No more can be said in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the session is full: it has {MAX_MESSAGES} messages or {MAX_SESSION_BYTES} bytes of text")]
pub struct SessionFull;

impl ChatSession {
    /// Whether another turn may begin with this message. The answer to it may go beyond the limit.
    ///
    /// # Errors
    ///
    /// [`SessionFull`] when the message and its answer would be one message too many, or the message too many bytes.
    pub const fn admit(&self, message: &Message) -> Result<(), SessionFull> {
        let bytes = self.bytes.saturating_add(message.content.len() as u64);
        let has_room = self.messages.saturating_add(2) <= MAX_MESSAGES && bytes <= MAX_SESSION_BYTES;
        if has_room { Ok(()) } else { Err(SessionFull) }
    }

    /// The session with one more message.
    #[must_use]
    pub fn with(mut self, message: &Message) -> Self {
        if self.messages == 0 {
            self.preview = preview(&message.content);
        }
        self.messages = self.messages.saturating_add(1);
        self.turns = self.turns.saturating_add(u64::from(message.is_of_user()));
        self.bytes = self.bytes.saturating_add(message.content.len() as u64);
        self.updated_at = message.at;
        self
    }

    /// The session as `change` has it, at this time.
    #[must_use]
    pub fn changed(mut self, change: SessionChange, at: WallTime) -> Self {
        self.name = change.name.unwrap_or(self.name);
        self.model = change.model.unwrap_or(self.model);
        self.updated_at = at;
        self
    }
}

/// The first line of a text that has anything on it, cut to 80 characters.
fn preview(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(MAX_PREVIEW_CHARS).collect()
}

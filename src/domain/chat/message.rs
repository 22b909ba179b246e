//! One thing said in a session.

use alloc::string::String;

use thiserror::Error;

use super::id::RequestId;
use super::model::ModelName;
use crate::domain::device_name::DeviceName;
use crate::domain::time::WallTime;

/// Longest text that a device can send, in bytes: a long document, many times what fits most models.
pub const MAX_CONTENT_BYTES: usize = 256 * 1024;

/// How an answer ended that did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Someone stopped it, or nobody was there to hear it.
    Stopped,
    /// The agent failed, or the daemon ended in the middle.
    Failed,
}

/// Who said something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// A person, or a program on a device.
    User {
        /// What the device was called then; `None` for this machine without a credential.
        device: Option<DeviceName>,
        /// The request that it came with.
        request: RequestId,
    },
    /// The agent.
    Agent {
        /// The model, where there are models.
        model: Option<ModelName>,
        /// How it ended, unless it ended well.
        outcome: Option<Outcome>,
    },
}

/// One thing said in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who said it.
    pub speaker: Speaker,
    /// The text, as it was said.
    pub content: String,
    /// When: a user's message when it came, an answer when it ended.
    pub at: WallTime,
}

/// What a device says, of a length that is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content(String);

/// Why a text cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ContentError {
    /// Nothing but white space.
    #[error("there is nothing to say: the content is empty")]
    Empty,
    /// More than [`MAX_CONTENT_BYTES`].
    #[error("the content is longer than {MAX_CONTENT_BYTES} bytes")]
    TooLong,
}

impl Content {
    /// Reads what a device says.
    ///
    /// # Errors
    ///
    /// * [`ContentError::Empty`] when there is only white space.
    /// * [`ContentError::TooLong`] beyond 256 KiB.
    pub fn parse(text: String) -> Result<Self, ContentError> {
        match text.len() {
            0..=MAX_CONTENT_BYTES if text.trim().is_empty() => Err(ContentError::Empty),
            0..=MAX_CONTENT_BYTES => Ok(Self(text)),
            _ => Err(ContentError::TooLong),
        }
    }

    /// The text, as it was sent.
    pub fn into_text(self) -> String {
        self.0
    }
}

impl Message {
    /// Whether it is the user's.
    pub const fn is_of_user(&self) -> bool {
        matches!(self.speaker, Speaker::User { .. })
    }

    /// The answer that a user's message has when the daemon ended before there was one.
    pub fn cut_off(at: WallTime) -> Self {
        let speaker = Speaker::Agent { model: None, outcome: Some(Outcome::Failed) };
        Self { speaker, content: String::new(), at }
    }
}

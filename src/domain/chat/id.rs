//! What names a session and a request for a turn.

use core::fmt;

use data_encoding::HEXLOWER;

use crate::domain::encoding::{ID_BYTES, ID_CHARS, id_text, read_id};

/// Characters of a [`RequestId`].
pub const REQUEST_ID_CHARS: usize = 32;

/// Names a session for ever, whatever it is called. Not secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatSessionId([u8; ID_CHARS]);

/// Names one request for a turn, chosen by the client: the same one again is the same turn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u8; REQUEST_ID_CHARS]);

impl ChatSessionId {
    /// The id made of these random bytes.
    pub fn from_random(bytes: [u8; ID_BYTES]) -> Self {
        Self(id_text(bytes))
    }

    /// Reads an id as it is stored and sent: 16 lower-case base32 characters.
    pub fn parse(text: &str) -> Option<Self> {
        read_id(text.as_bytes()).map(Self)
    }

    /// The id as it is stored and sent.
    pub fn as_str(&self) -> &str {
        // Both constructors fill the text from an ASCII alphabet.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl RequestId {
    /// The id made of these random bytes.
    pub fn from_random(bytes: [u8; REQUEST_ID_CHARS / 2]) -> Self {
        let mut text = [0; REQUEST_ID_CHARS];
        HEXLOWER.encode_mut(&bytes, &mut text);
        Self(text)
    }

    /// Reads an id as it is sent: 32 lower-case hexadecimal characters.
    pub fn parse(text: &str) -> Option<Self> {
        let text: [u8; REQUEST_ID_CHARS] = text.as_bytes().try_into().ok()?;
        text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).then_some(Self(text))
    }

    /// The id as it is stored and sent.
    pub fn as_str(&self) -> &str {
        // The constructor lets only ASCII pass.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for ChatSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ChatSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChatSessionId({self})")
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.as_str())
    }
}

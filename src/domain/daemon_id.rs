//! The daemon's public name, derived from its identity key.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use ring::digest::{SHA256, digest};

use super::encoding::BASE32_LOWER;

/// Characters of a daemon id: 26 × 5 = 130 bits, out of reach of a second key with the same id.
pub const DAEMON_ID_CHARS: usize = 26;

/// Names a daemon: the first 26 characters of the lower-case base32 SHA-256 of its public identity key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DaemonId(String);

impl DaemonId {
    /// The id of the daemon with this Ed25519 public key (RFC 8032, 32 bytes).
    pub fn of_public_key(public_key: &[u8]) -> Self {
        let mut text = BASE32_LOWER.encode(digest(&SHA256, public_key).as_ref());
        text.truncate(DAEMON_ID_CHARS);
        Self(text)
    }

    /// Reads an id as it is stored and sent.
    pub fn parse(text: &str) -> Option<Self> {
        let is_symbol = |byte: u8| matches!(byte, b'a'..=b'z' | b'2'..=b'7');
        (text.len() == DAEMON_ID_CHARS && text.bytes().all(is_symbol)).then(|| Self(text.to_owned()))
    }

    /// The id as it is stored and sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DaemonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

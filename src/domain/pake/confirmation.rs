//! Key confirmation: proving to have the same keys, which only whoever has the same code can.

use core::fmt;

use ring::hmac::{HMAC_SHA256, Key, sign};
use subtle::ConstantTimeEq;

use super::Role;
use super::schedule::SessionKeys;
use super::transcript::TranscriptHash;

/// Bytes of a confirmation: an HMAC-SHA256.
pub const CONFIRMATION_BYTES: usize = 32;

/// One side's proof: HMAC-SHA256 of the transcript's hash under that side's confirmation key.
#[derive(Clone, Copy)]
pub struct Confirmation([u8; CONFIRMATION_BYTES]);

impl Confirmation {
    /// The proof of `role` in the handshake with these keys.
    pub fn of(role: Role, keys: &SessionKeys, transcript: &TranscriptHash) -> Self {
        let tag = sign(&Key::new(HMAC_SHA256, keys.confirmation(role)), transcript.as_bytes());
        let mut bytes = [0; CONFIRMATION_BYTES];
        bytes.copy_from_slice(tag.as_ref());
        Self(bytes)
    }

    /// A proof as it was received.
    pub const fn from_bytes(bytes: [u8; CONFIRMATION_BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; CONFIRMATION_BYTES] {
        &self.0
    }

    /// Whether both are the same, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Confirmation(…)")
    }
}

//! From the shared secret to keys with one purpose each.

use core::fmt;

use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use zeroize::ZeroizeOnDrop;

use super::super::words::{WORDS_BYTES, Words};
use super::Role;
use super::transcript::TranscriptHash;

/// Bytes of every key.
pub const KEY_BYTES: usize = 32;

/// What came out of the key exchange. Not yet a key, and not yet known to be the other side's too.
#[derive(ZeroizeOnDrop)]
pub struct SharedSecret([u8; KEY_BYTES]);

/// The keys of one handshake (HKDF-SHA256, RFC 5869): the transcript's hash is the salt, the purpose the label.
///
/// # Security
///
/// `Debug` is redacted and the memory is wiped on drop. The accessors are for test vectors and for this protocol.
#[derive(ZeroizeOnDrop)]
pub struct SessionKeys {
    client_confirmation: [u8; KEY_BYTES],
    daemon_confirmation: [u8; KEY_BYTES],
    client_sealing: [u8; KEY_BYTES],
    daemon_sealing: [u8; KEY_BYTES],
    /// What words are made from. No key: it is shown.
    words: [u8; WORDS_BYTES],
}

impl SharedSecret {
    /// The secret with these bytes.
    pub const fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Self {
        Self(*bytes)
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(redacted)")
    }
}

impl SessionKeys {
    /// The keys of the handshake with this transcript.
    pub fn derive(secret: &SharedSecret, transcript: &TranscriptHash) -> Self {
        let root = Salt::new(HKDF_SHA256, transcript.as_bytes()).extract(&secret.0);
        Self {
            client_confirmation: expand(&root, b"netclaw pair v2 client confirmation"),
            daemon_confirmation: expand(&root, b"netclaw pair v2 daemon confirmation"),
            client_sealing: expand(&root, b"netclaw pair v2 client sealing"),
            daemon_sealing: expand(&root, b"netclaw pair v2 daemon sealing"),
            words: expand(&root, b"netclaw pair v2 words"),
        }
    }

    /// The key with which this side proves that it has the code.
    pub const fn confirmation(&self, role: Role) -> &[u8; KEY_BYTES] {
        match role {
            Role::Client => &self.client_confirmation,
            Role::Daemon => &self.daemon_confirmation,
        }
    }

    /// The key with which this side seals what it sends.
    pub const fn sealing(&self, role: Role) -> &[u8; KEY_BYTES] {
        match role {
            Role::Client => &self.client_sealing,
            Role::Daemon => &self.daemon_sealing,
        }
    }
}

impl SessionKeys {
    /// The words that both sides show.
    pub fn words(&self) -> Words {
        Words::of(self.words)
    }
}

impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKeys(redacted)")
    }
}

/// The length of what HKDF gives, as `ring` wants to hear it.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(root: &Prk, label: &[u8]) -> [u8; N] {
    let mut key = [0; N];
    #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8160 bytes, and these are 32 at most")]
    root.expand(&[label], Length(N)).and_then(|material| material.fill(&mut key)).expect("one block of HKDF");
    key
}

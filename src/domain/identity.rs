//! The daemon's identity: an Ed25519 key (RFC 8032) that is made once and that devices know the daemon by.

use core::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use thiserror::Error;

use super::daemon_id::DaemonId;

/// Bytes of the secret that a key is made from.
pub const IDENTITY_SEED_BYTES: usize = 32;

/// Bytes of a public key.
pub const IDENTITY_BYTES: usize = 32;

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// The public half of a daemon's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityPublicKey([u8; IDENTITY_BYTES]);

/// The daemon's own identity.
///
/// # Security
///
/// `Debug` shows the daemon's id only. `ring` does not wipe its keys: this one lives as long as the daemon.
pub struct IdentityKey(Ed25519KeyPair);

/// The bytes are no Ed25519 key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no Ed25519 key")]
pub struct NotAnIdentity;

/// The signature was not made by this identity over this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not signed by this daemon")]
pub struct WrongSignature;

impl IdentityKey {
    /// The key made from these random bytes.
    ///
    /// # Errors
    ///
    /// [`NotAnIdentity`] never in practice: every 32 bytes are a seed.
    pub fn from_seed(seed: &[u8; IDENTITY_SEED_BYTES]) -> Result<Self, NotAnIdentity> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| NotAnIdentity)
    }

    /// Reads a key in PKCS#8 (RFC 8410), with or without its public half.
    ///
    /// # Errors
    ///
    /// [`NotAnIdentity`] when it holds another kind of key, or halves that do not belong together.
    pub fn from_pkcs8(document: &[u8]) -> Result<Self, NotAnIdentity> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(document).map(Self).map_err(|_| NotAnIdentity)
    }

    /// The public half.
    pub fn public_key(&self) -> IdentityPublicKey {
        let mut bytes = [0; IDENTITY_BYTES];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        IdentityPublicKey(bytes)
    }

    /// The daemon's public name.
    pub fn id(&self) -> DaemonId {
        self.public_key().id()
    }

    /// Signs a message. The same message always gets the same signature.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let mut signature = [0; SIGNATURE_BYTES];
        signature.copy_from_slice(self.0.sign(message).as_ref());
        signature
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityKey({})", self.id())
    }
}

impl IdentityPublicKey {
    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; IDENTITY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes (RFC 8032 section 5.1.5).
    pub const fn as_bytes(&self) -> &[u8; IDENTITY_BYTES] {
        &self.0
    }

    /// The public name of the daemon that has it.
    pub fn id(&self) -> DaemonId {
        DaemonId::of_public_key(&self.0)
    }

    /// Checks that the daemon signed this message.
    ///
    /// # Errors
    ///
    /// [`WrongSignature`] when it did not, or when the bytes are no public key.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), WrongSignature> {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).map_err(|_| WrongSignature)
    }
}

//! The keys of the daemon's own TLS.

use core::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::rng::RandomUnavailable;
use super::storage::StorageError;
use crate::domain::pin::Pin;
use crate::domain::time::WallTime;

/// A private key for TLS: ECDSA on P-256, which every client knows.
///
/// # Security
///
/// `Debug` shows its pin only, and the bytes are wiped when it is dropped.
pub struct TlsKey {
    /// The key in PKCS#8 (RFC 5958), DER.
    pub pkcs8: Zeroizing<Vec<u8>>,
    /// What clients know it by.
    pub pin: Pin,
    /// When it was made.
    pub created_at: WallTime,
}

impl fmt::Debug for TlsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsKey").field("pin", &self.pin).field("created_at", &self.created_at).finish_non_exhaustive()
    }
}

/// The key in use, and the one that is announced to follow it.
#[derive(Clone, Debug)]
pub struct TlsKeys {
    /// What handshakes are made with.
    pub current: Arc<TlsKey>,
    /// What they will be made with after a switch.
    pub next: Option<Arc<TlsKey>>,
}

/// Makes private keys.
///
/// # Contract
///
/// * A key is ECDSA on P-256, in PKCS#8 with its public half, and independent of every other.
/// * On failure there is no key; an implementer never falls back to a weaker source.
#[cfg_attr(test, mockall::automock)]
pub trait TlsKeyMaker: Send + Sync {
    /// A new key, in DER.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`] when the source of randomness fails.
    fn make(&self) -> Result<Zeroizing<Vec<u8>>, RandomUnavailable>;
}

/// Keeps the keys.
///
/// # Contract
///
/// * What a method has answered survives a power loss, and so do both keys at every moment in between.
/// * Two calls at once act one after the other.
#[cfg_attr(test, mockall::automock)]
pub trait TlsKeyStore: Send + Sync {
    /// The keys there are. No I/O.
    fn keys(&self) -> TlsKeys;

    /// Makes the next key, unless there is one.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when it cannot be made or stored; there is none then.
    fn prepare_next(&self) -> Result<TlsKeys, StorageError>;

    /// Puts the next key in the place of the current one, which is gone for good. Without a next key nothing happens.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; both keys are as they were.
    fn switch(&self) -> Result<TlsKeys, StorageError>;
}

/// Where the TLS of clients ends.
///
/// # Contract
///
/// * Handshakes that begin after `present` has answered are made with that key; none resumes a session of another key.
/// * Connections that are open stay as they are.
#[cfg_attr(test, mockall::automock)]
pub trait TlsTerminator: Send + Sync {
    /// Makes handshakes with this key from now on.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when it cannot be used; the key before it stays in use.
    fn present(&self, key: &TlsKey) -> Result<(), StorageError>;
}

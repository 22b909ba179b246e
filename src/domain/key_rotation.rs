//! Changing the daemon's TLS key without losing a client.
//!
//! Clients know the daemon by the pin of its key and refuse any other. So a new key is announced first, signed by the
//! daemon's identity: whoever asks for the status meanwhile stores the next pin, and accepts it when the switch comes.

use alloc::vec::Vec;
use core::time::Duration;

use thiserror::Error;

use super::daemon_id::DaemonId;
use super::identity::{IdentityKey, IdentityPublicKey, SIGNATURE_BYTES, WrongSignature};
use super::pin::Pin;

/// How long a key is announced before a switch that nobody hurries: a device that is used once a week hears of it.
pub const NOTICE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What every announcement begins with, so that no other signature of the identity can be taken for one.
const LABEL: &[u8] = b"netclaw tls key rotation v1";

/// That one TLS key of a daemon will be followed by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Whose keys they are.
    pub daemon: DaemonId,
    /// The key in use.
    pub current: Pin,
    /// The key that will follow it.
    pub next: Pin,
}

/// How much of a hurry the operator is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// The next step, when its time has come.
    InTime,
    /// The switch, however long it has been announced.
    Now,
}

/// What a rotation does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Makes and announces the next key.
    Announce,
    /// Puts the announced key in use.
    Switch,
}

/// Why a rotation does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotYet {
    /// The next key has not been announced for [`NOTICE`].
    #[error("the next key has not been announced for long enough")]
    TooSoon {
        /// Time until it has.
        remaining: Duration,
    },
    /// There is no next key to switch to.
    #[error("no next key is announced")]
    NothingAnnounced,
}

impl Announcement {
    /// The bytes that the identity signs: the 27 of `netclaw tls key rotation v1`, the 26 characters of the daemon's id, the
    /// 32 bytes of the current pin, then the 32 of the next one. Every part has one length, so there is one way to read them.
    pub fn statement(&self) -> Vec<u8> {
        [LABEL, self.daemon.as_str().as_bytes(), self.current.as_bytes(), self.next.as_bytes()].concat()
    }

    /// The identity's signature (Ed25519) over the [statement](Self::statement).
    pub fn sign(&self, identity: &IdentityKey) -> [u8; SIGNATURE_BYTES] {
        identity.sign(&self.statement())
    }

    /// Checks that the daemon itself has announced this.
    ///
    /// # Errors
    ///
    /// [`WrongSignature`] when the signature is another's, or `identity` is not that of [`Announcement::daemon`].
    ///
    /// # Security
    ///
    /// A client takes [`Announcement::current`] from what it has stored and never from the message, so that an old
    /// announcement leads nowhere.
    pub fn verify(&self, identity: &IdentityPublicKey, signature: &[u8]) -> Result<(), WrongSignature> {
        if identity.id() != self.daemon {
            return Err(WrongSignature);
        }
        identity.verify(&self.statement(), signature)
    }
}

/// The next step of a rotation, given how long the next key has been announced; `None` when there is none.
///
/// # Errors
///
/// [`NotYet`].
pub fn next_step(urgency: Urgency, announced_for: Option<Duration>) -> Result<Step, NotYet> {
    match (urgency, announced_for) {
        (Urgency::InTime, None) => Ok(Step::Announce),
        (Urgency::Now, None) => Err(NotYet::NothingAnnounced),
        (Urgency::Now, Some(_)) => Ok(Step::Switch),
        (Urgency::InTime, Some(span)) => match NOTICE.checked_sub(span) {
            None | Some(Duration::ZERO) => Ok(Step::Switch),
            Some(remaining) => Err(NotYet::TooSoon { remaining }),
        },
    }
}

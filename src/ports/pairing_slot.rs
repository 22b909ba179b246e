//! The one place in which a pairing session waits.

use async_trait::async_trait;
use thiserror::Error;

use super::storage::StorageError;
use crate::domain::code::PairingCode;
use crate::domain::device::DeviceId;
use crate::domain::identity::IdentityPublicKey;
use crate::domain::link_secret::LinkId;
use crate::domain::pake::{
    ClientHello, Confirmation, DaemonConfirm, DaemonConfirmed, DaemonHello, HANDSHAKE_RANDOM_BYTES,
};
use crate::domain::session::asking::{Applicant, Verdict};
use crate::domain::session::{BeginError, Generation, PairingSession, Phase, RedeemError, RedeemedCode};
use crate::domain::time::MonotonicTime;

/// Why a code was not reserved.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReserveError {
    /// The rules refuse it.
    #[error(transparent)]
    Redeem(#[from] RedeemError),
    /// The slot cannot tell.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why no handshake was begun.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BeginHandshakeError {
    /// The rules refuse it.
    #[error(transparent)]
    Begin(#[from] BeginError),
    /// The slot cannot tell.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Holds at most one pairing session.
///
/// # Contract
///
/// * Every method is one atomic step: between reading the session and storing its successor nobody else sees or changes
///   it. Of any number of parallel calls that reserve the right code, by whichever method, exactly one succeeds.
/// * The rules are [`PairingSession`]'s own transitions; an implementer stores their result and decides nothing.
/// * `commit` and `release` for a generation that is no longer in the slot change nothing. A reservation that was made
///   before a `replace` may still lead to its device; its code can never be reserved again.
/// * Sessions need not survive a restart of the daemon: losing one costs a new `daemon pair`.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PairingSlot: Send + Sync {
    /// Puts a new session in the place of whatever is there.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the slot is out of reach; the old session may live on.
    async fn replace(&self, session: PairingSession) -> Result<(), StorageError>;

    /// Redeems `code` against the current session, by [`PairingSession::redeem`].
    ///
    /// # Errors
    ///
    /// [`ReserveError::Redeem`] when the rules refuse it, [`ReserveError::Storage`] when the slot is out of reach.
    async fn reserve(&self, code: &PairingCode, now: MonotonicTime) -> Result<RedeemedCode, ReserveError>;

    /// Whether the current session waits for this link, by [`PairingSession::waits_for`].
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the slot is out of reach.
    async fn waits_for(&self, link: &LinkId, now: MonotonicTime) -> Result<bool, StorageError>;

    /// Answers a client's first message with the current session's code or link, by [`PairingSession::begin`].
    ///
    /// # Errors
    ///
    /// [`BeginHandshakeError::Begin`] when the rules refuse it, [`BeginHandshakeError::Storage`] when the slot is out of
    /// reach.
    async fn begin(
        &self,
        hello: &ClientHello,
        identity: IdentityPublicKey,
        random: &[u8; HANDSHAKE_RANDOM_BYTES],
        now: MonotonicTime,
    ) -> Result<(DaemonConfirm, DaemonHello), BeginHandshakeError>;

    /// Redeems the code by a client's proof, by [`PairingSession::redeem_confirmed`].
    ///
    /// # Errors
    ///
    /// As those of `reserve`. The handshake is used up by an error too.
    async fn reserve_confirmed(
        &self,
        handshake: DaemonConfirm,
        presented: &Confirmation,
        now: MonotonicTime,
    ) -> Result<(RedeemedCode, DaemonConfirmed), ReserveError>;

    /// Redeems the code once more for a handshake that has proved it, by [`PairingSession::redeem_again`].
    ///
    /// # Errors
    ///
    /// As those of `reserve`.
    async fn reserve_again(
        &self,
        handshake: &DaemonConfirmed,
        now: MonotonicTime,
    ) -> Result<RedeemedCode, ReserveError>;

    /// Records that the reserved code led to `device`, by [`PairingSession::commit`].
    async fn commit(&self, generation: Generation, device: DeviceId);

    /// Takes the reservation back, by [`PairingSession::release`].
    async fn release(&self, generation: Generation);

    /// Asks the operator about the device of the reserved code, by [`PairingSession::ask`].
    async fn ask(&self, generation: Generation, applicant: Applicant);

    /// Notes that the operator's command is there, by [`PairingSession::attend`], and says whom it should ask about.
    async fn attend(&self, generation: Generation, now: MonotonicTime) -> Option<Applicant>;

    /// Takes the operator's answer, by [`PairingSession::decide`].
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the slot is out of reach.
    async fn decide(&self, generation: Generation, agrees: bool, now: MonotonicTime) -> Result<bool, StorageError>;

    /// What the operator has answered, by [`PairingSession::verdict`]. Of parallel calls after a yes exactly one gets the code.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the slot is out of reach.
    async fn verdict(&self, generation: Generation, now: MonotonicTime) -> Result<Verdict, StorageError>;

    /// The session that is in the slot, by its name, and what became of it; `None` before the first one.
    async fn current(&self, now: MonotonicTime) -> Option<(Generation, Phase)>;
}

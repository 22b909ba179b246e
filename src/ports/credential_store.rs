//! What a client remembers of the daemons it is paired with.

use thiserror::Error;

use super::storage::StorageError;
use crate::domain::acquaintance::Acquaintance;
use crate::domain::daemon_id::DaemonId;
use crate::domain::device::DeviceId;
use crate::domain::device_name::DeviceName;
use crate::domain::endpoint::Endpoint;
use crate::domain::time::WallTime;
use crate::domain::token::BearerToken;

/// One pairing, without its credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// The daemon.
    pub daemon_id: DaemonId,
    /// Where it was paired: the only place its token is sent to.
    pub endpoint: Endpoint,
    /// What this device is called there.
    pub device_name: DeviceName,
    /// When it was paired, by this machine's wall clock.
    pub paired_at: WallTime,
    /// What the daemon is known by, beside its id.
    pub known: Acquaintance,
}

/// A pairing and all its tokens, as they were at one moment.
#[derive(Clone, Debug)]
pub struct Held {
    /// The pairing.
    pub pairing: Pairing,
    /// The token that is used.
    pub token: BearerToken,
    /// The one that is to replace it, and is not known to be confirmed.
    pub staged: Option<BearerToken>,
}

/// What is over, and may be forgotten if it is still what is stored.
#[derive(Clone, Debug)]
pub enum Over {
    /// The daemon has revoked this device: all its tokens are dead.
    Device(DeviceId),
    /// The daemon does not know this token. Another one may be good.
    Token(BearerToken),
}

/// Why the stored pairings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CredentialStoreError {
    /// The file is not what it should be; it was left as it is.
    #[error("{cause}")]
    Damaged {
        /// Which file, and what is wrong with it.
        cause: String,
        /// How to mend it, as a command or an instruction.
        repair: String,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A client's pairings and tokens.
///
/// # Contract
///
/// * A pairing that is listed always has its token, whatever crash came in between: `save` stores the token first and the
///   pairing second, `forget` the other way round. A token without a pairing is never used, and goes with the next write.
/// * A place belongs to one daemon: `save` also removes the pairing of another daemon at the same endpoint, whose token must
///   not be sent there any more.
/// * When the current pairing is forgotten, the latest of the others becomes the current one.
/// * Damaged or readable-by-others storage is an error, never "no pairings", and is never overwritten.
/// * A pairing has at most one staged token. It goes when the pairing is forgotten or saved anew.
/// * Two processes that write at once do not lose each other's pairings.
#[cfg_attr(test, mockall::automock)]
pub trait CredentialStore: Send + Sync {
    /// Makes sure that a pairing could be saved now, before a code is spent on one.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`] with what stands in the way.
    fn prepare(&self) -> Result<(), CredentialStoreError>;

    /// Stores a pairing and its token, in the place of an earlier one with that daemon, and makes it the current one.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`]; what was stored before is still there.
    fn save(&self, pairing: &Pairing, token: &BearerToken) -> Result<(), CredentialStoreError>;

    /// Like [`CredentialStore::save`], but what is the current pairing stays it, if there is one.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`]; what was stored before is still there.
    fn save_beside(&self, pairing: &Pairing, token: &BearerToken) -> Result<(), CredentialStoreError>;

    /// Keeps a new token beside the one of this daemon, which stays the one that is used. `false` when there is no pairing, or
    /// another new token that is neither adopted nor discarded.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`]; what was stored before is still there.
    fn stage(&self, daemon_id: &DaemonId, new: &BearerToken) -> Result<bool, CredentialStoreError>;

    /// The new token that [`CredentialStore::stage`] keeps for this daemon.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    fn staged(&self, daemon_id: &DaemonId) -> Result<Option<BearerToken>, CredentialStoreError>;

    /// Puts the new token in the place of the old one. Nothing happens unless it is the one that is staged: then another
    /// process has done it.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`]; what was stored before is still there.
    fn adopt(&self, daemon_id: &DaemonId, new: &BearerToken) -> Result<(), CredentialStoreError>;

    /// Drops the new token, if it is the one that is staged.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`]; what was stored before is still there.
    fn discard(&self, daemon_id: &DaemonId, new: &BearerToken) -> Result<(), CredentialStoreError>;

    /// The pairing with this daemon and its tokens, read at one moment: no other process changes them in between.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    fn held(&self, daemon_id: &DaemonId) -> Result<Option<Held>, CredentialStoreError>;

    /// Removes a pairing and its tokens if they are what is over; compared and removed in one step. `false` when another
    /// process has stored something else meanwhile, a staged token for instance, which stays. Nothing stored is `true`.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    fn forget_if(&self, daemon_id: &DaemonId, over: &Over) -> Result<bool, CredentialStoreError>;

    /// Removes a pairing and its tokens, whatever they are.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    fn forget(&self, daemon_id: &DaemonId) -> Result<(), CredentialStoreError>;

    /// Makes the pairing with this daemon the current one; nothing happens if there is none.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    fn make_current(&self, daemon_id: &DaemonId) -> Result<(), CredentialStoreError>;

    /// Stores what the daemon is known by from now on; nothing happens if there is no pairing with it.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`]; what was stored before is still there.
    fn remember(&self, daemon_id: &DaemonId, known: &Acquaintance) -> Result<(), CredentialStoreError>;

    /// Every pairing, the oldest first.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    fn all(&self) -> Result<Vec<Pairing>, CredentialStoreError>;

    /// The pairing that commands use when nothing else is said.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    fn current(&self) -> Result<Option<Pairing>, CredentialStoreError>;

    /// The pairing with this daemon, wherever it was made.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    fn paired_with(&self, daemon_id: &DaemonId) -> Result<Option<Pairing>, CredentialStoreError>;

    /// The token of this daemon and the pairing with it, wherever that was made: for the daemon itself, which knows whose
    /// token it is even if a crash has kept the pairing from being stored.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    fn credential_of(
        &self,
        daemon_id: &DaemonId,
    ) -> Result<Option<(Option<Pairing>, BearerToken)>, CredentialStoreError>;

    /// The pairing and token of the daemon that was paired at this very endpoint.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    fn paired_at(&self, endpoint: &Endpoint) -> Result<Option<(Pairing, BearerToken)>, CredentialStoreError>;
}

impl Over {
    /// Whether it is what is stored: this token, and the one that is to replace it.
    pub fn covers(&self, token: &BearerToken, staged: Option<&BearerToken>) -> bool {
        match self {
            Self::Device(id) => token.device() == *id,
            Self::Token(over) => token.is_same(over) && staged.is_none(),
        }
    }
}

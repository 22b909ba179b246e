//! The operator's channel to the running daemon: whoever can open it is the operator.

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use super::activity_log::LastUse;
use super::daemon_api::{DaemonReport, DeviceIdentity};
use crate::domain::beacon::Beacon;
use crate::domain::client_address::LimitKey;
use crate::domain::code::PairingCode;
use crate::domain::device_name::DeviceName;
use crate::domain::endpoint::Endpoint;
use crate::domain::key_rotation::{NotYet, Urgency};
use crate::domain::pairing_link::PairingLink;
use crate::domain::pin::Pin;
use crate::domain::session::asking::Applicant;
use crate::domain::session::{Generation, Phase};
use crate::domain::terms::Terms;
use crate::domain::time::WallTime;

/// A code, or a link, that was just made, as the operator is shown it.
#[derive(Debug)]
pub struct OpenedPairing<S = PairingCode> {
    /// The code or the link.
    pub code: S,
    /// Its session, to ask what became of it.
    pub generation: Generation,
    /// When it ends, by the daemon's wall clock.
    pub expires_at: WallTime,
    /// How long it lives from now.
    pub expires_in: Duration,
    /// What the remote device types.
    pub endpoint: Endpoint,
    /// What the operator must know about the endpoint.
    pub caveats: Vec<String>,
    /// What was decided about the device.
    pub terms: Terms,
}

/// What became of a pairing session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PairingOutcome {
    /// It is still there, or ended without a device.
    Phase(Phase),
    /// This device has proved the code, and waits for the operator's yes.
    Asking {
        /// The device.
        applicant: Applicant,
        /// Time left for an answer.
        remaining: Duration,
    },
    /// It was exchanged for this device.
    Paired(DeviceIdentity),
    /// A newer session has replaced it.
    Replaced,
}

/// A device as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSummary {
    /// Its id and name.
    pub device: DeviceIdentity,
    /// Whether it is the daemon's own host.
    pub bootstrap: bool,
    /// When it was paired.
    pub created_at: WallTime,
    /// When its credential ends, if it does.
    pub expires_at: Option<WallTime>,
    /// Whether it has ended, by the daemon's wall clock.
    pub has_expired: bool,
    /// When and from where it was last used.
    pub last_use: Option<LastUse>,
}

/// A device that was just revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The device.
    pub device: DeviceIdentity,
    /// Whether it was the daemon's own host.
    pub was_bootstrap: bool,
    /// Whether nobody can authenticate now, in a mode that serves nobody else.
    pub was_last: bool,
}

/// A blocked address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockoutSummary {
    /// Who is blocked.
    pub address: LimitKey,
    /// Time left of the block.
    pub remaining: Duration,
}

/// A TLS key of the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReport {
    /// What clients know it by.
    pub pin: Pin,
    /// When it was made, by the daemon's wall clock. A next key was announced then.
    pub created_at: WallTime,
    /// The time since.
    pub age: Duration,
}

/// The TLS keys of the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysReport {
    /// The key in use.
    pub current: KeyReport,
    /// The key that is announced to follow it.
    pub next: Option<KeyReport>,
}

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RotationOutcome {
    /// This next key is announced.
    Announced(KeyReport),
    /// This key is in use now.
    Switched(KeyReport),
    /// Nothing, for this reason.
    NotYet(NotYet),
}

/// The state of the daemon as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorReport {
    /// What remotes see too.
    pub daemon: DaemonReport,
    /// Its process.
    pub pid: u32,
    /// Where it listens, for clients on this machine.
    pub listening: Endpoint,
    /// How many devices are paired.
    pub devices: usize,
    /// How many addresses are blocked.
    pub lockouts: usize,
    /// What became of the latest pairing session; `None` when there was none since the start.
    pub pairing: Option<Phase>,
}

/// Why the operator's request was not done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ControlError {
    /// No daemon runs on this home.
    #[error("the daemon is not running")]
    NotRunning,
    /// A daemon is there, but the channel does not work.
    #[error("{0}")]
    Broken(String),
    /// There is no device with this name.
    #[error("no device is named \"{0}\"")]
    NoSuchDevice(String),
    /// Another device has the name.
    #[error("another device is already named \"{0}\"")]
    NameTaken(DeviceName),
    /// The daemon could not do it; its own words.
    #[error("{0}")]
    Failed(String),
}

/// Requests of the operator to the daemon of this home.
///
/// # Contract
///
/// * Reaches the daemon that holds this home's lock and no other; never over the network, never through a proxy.
/// * Answers are bounded in size and time, and foreign text in them is safe to show.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait ControlChannel: Send + Sync {
    /// Opens a pairing session in the place of any other, for a device under these terms.
    ///
    /// # Errors
    ///
    /// [`ControlError`], as for every method; also when the daemon does not know these terms.
    async fn open_pairing(&self, terms: &Terms) -> Result<OpenedPairing, ControlError>;

    /// Opens a pairing session for a link in the place of any other, for a device under these terms.
    ///
    /// # Errors
    ///
    /// As those of `open_pairing`; also when the daemon knows no links.
    async fn open_link(&self, terms: &Terms) -> Result<OpenedPairing<PairingLink>, ControlError>;

    /// A beacon, to find out whether a URL leads to this daemon.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn open_beacon(&self) -> Result<Beacon, ControlError>;

    /// Answers about the device that waits for the operator's yes, and says whether it was in time.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn decide_pairing(&self, generation: Generation, agrees: bool) -> Result<bool, ControlError>;

    /// What became of a session. Where the operator is to be asked, this also says that the operator is there.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn pairing_outcome(&self, generation: Generation) -> Result<PairingOutcome, ControlError>;

    /// All devices, in the order they were paired.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn devices(&self) -> Result<Vec<DeviceSummary>, ControlError>;

    /// Revokes the device with this name. It is refused from the next request on, for ever.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn revoke(&self, name: &str) -> Result<Revoked, ControlError>;

    /// Gives the device with the name `old` another one.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn rename(&self, old: &str, new: &DeviceName) -> Result<DeviceIdentity, ControlError>;

    /// Who is blocked.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn lockouts(&self) -> Result<Vec<LockoutSummary>, ControlError>;

    /// Lifts one block, or all of them, and says how many there were.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn clear_lockouts(&self, only: Option<LimitKey>) -> Result<usize, ControlError>;

    /// The TLS keys.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn keys(&self) -> Result<KeysReport, ControlError>;

    /// Takes the next step of a rotation of the TLS key: announces a next one, or switches to it.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn rotate_keys(&self, urgency: Urgency) -> Result<RotationOutcome, ControlError>;

    /// What the daemon has counted, as text for Prometheus.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn metrics(&self) -> Result<String, ControlError>;

    /// The state of the daemon.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn status(&self) -> Result<OperatorReport, ControlError>;

    /// Asks the daemon to drain and end. It answers before it has.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    async fn stop(&self) -> Result<(), ControlError>;
}

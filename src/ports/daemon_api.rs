//! A daemon as a remote device reaches it: the HTTP contract from the client's side.

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use crate::domain::beacon::{Beacon, Sighting};
use crate::domain::code::PairingCode;
use crate::domain::daemon_id::DaemonId;
use crate::domain::device::DeviceId;
use crate::domain::device_name::DeviceName;
use crate::domain::endpoint::Endpoint;
use crate::domain::identity::{IdentityPublicKey, SIGNATURE_BYTES};
use crate::domain::link::{Link, Meeting, Pins, Unprotected};
use crate::domain::pake::{ClientHello, DaemonHello, FinishAnswer, FinishRequest};
use crate::domain::pin::Pin;
use crate::domain::time::WallTime;
use crate::domain::token::BearerToken;

/// What a code was exchanged for.
#[derive(Debug)]
pub struct Grant {
    /// The new credential.
    pub token: BearerToken,
    /// The new device.
    pub device: DeviceIdentity,
    /// The daemon that issued it.
    pub daemon_id: DaemonId,
}

/// A device by its id and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceIdentity {
    /// Its id.
    pub id: DeviceId,
    /// Its name.
    pub name: DeviceName,
}

/// What a daemon says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonReport {
    /// Its id.
    pub id: DaemonId,
    /// The version of netclaw that it runs.
    pub version: String,
    /// The name of its exposure mode; a newer daemon may have one that we do not know.
    pub exposure_mode: String,
    /// When it was started, by its own wall clock.
    pub started_at: WallTime,
    /// How long it has run.
    pub uptime: Duration,
    /// Whether its configuration has changed since then.
    pub restart_pending: bool,
}

/// The answer to a status request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReport {
    /// The daemon.
    pub daemon: DaemonReport,
    /// The device whose token was sent, or `None` when the daemon served this machine without one.
    pub device: Option<DeviceIdentity>,
    /// When that token ends, if it does.
    pub expires_at: Option<WallTime>,
    /// The keys of the daemon's own TLS; for devices only, and unknown to older daemons.
    pub transport: Option<TransportReport>,
}

/// What a device must know of the daemon's TLS keys to go on knowing the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportReport {
    /// The key in use.
    pub pin: Pin,
    /// The key that will follow it, when one is announced.
    pub next: Option<NextKey>,
    /// The identity that has signed the announcement.
    pub identity_key: IdentityPublicKey,
    /// When the key in use was made, by the daemon's wall clock.
    pub key_created_at: WallTime,
}

/// A TLS key that is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextKey {
    /// The key.
    pub pin: Pin,
    /// The identity's signature over the [announcement](crate::domain::key_rotation::Announcement). It came with the key,
    /// and is still to be checked.
    pub signature: [u8; SIGNATURE_BYTES],
}

/// Why the daemon did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// `invalid_request`, `unsupported_suite`, `payload_too_large`, `unsupported_media_type`, `method_not_allowed`: it does not
    /// understand us, so one side is older than the other.
    NotUnderstood,
    /// `not_found`: it does not know the route, so it is older than we are, or something in between hides the route.
    NotFound,
    /// `invalid_device_name`; the code stays valid.
    InvalidDeviceName,
    /// `wrong_code`.
    WrongCode,
    /// `unauthorized`.
    Unauthorized,
    /// `tls_required`: what was sent must not come in the clear.
    TlsRequired,
    /// `forbidden_origin`: it does not answer to the host name that was used.
    ForbiddenOrigin,
    /// `no_pairing_code`.
    NoPairingCode,
    /// `no_handshake`: the handshake is over, or never was.
    NoHandshake,
    /// `confirmation_pending`: the operator is asked. The same request again tells the answer.
    ConfirmationPending,
    /// `name_taken`; the code stays valid.
    NameTaken,
    /// `rate_limited`.
    RateLimited {
        /// When to try again.
        retry_after: Duration,
    },
    /// `locked_out`.
    LockedOut {
        /// When to try again.
        retry_after: Duration,
    },
    /// `storage_unavailable`; the code stays valid.
    StorageUnavailable,
    /// Any other problem of the daemon's own: `internal_error`, or a 5xx.
    Failed,
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApiError {
    /// Nothing answers there, or not in time.
    #[error("{cause}")]
    Unreachable {
        /// What the system said, in its words.
        cause: String,
    },
    /// Something answers, but it is no netclaw daemon: garbage, a redirect, an answer over the size limit.
    #[error("{what}")]
    NotADaemon {
        /// What is wrong with the answer.
        what: String,
    },
    /// TLS ends there with a key that is none of the daemon's. Nothing was sent.
    #[error("it has the key {}, and not {}", found.fingerprint(), expected.current.fingerprint())]
    WrongKey {
        /// What is stored.
        expected: Pins,
        /// What is there.
        found: Pin,
    },
    /// The code or token would go to another machine without protection. Nothing was sent.
    #[error(transparent)]
    Unprotected(#[from] Unprotected),
    /// What came back is what no daemon sends, but someone in between would.
    #[error("{what}")]
    Forged {
        /// What is wrong with it.
        what: String,
    },
    /// The daemon refused.
    #[error("{detail}")]
    Rejected {
        /// Why, by the contract's code.
        why: Rejection,
        /// The daemon's own words, safe to show.
        detail: String,
    },
}

/// Requests to a daemon.
///
/// # Contract
///
/// * A code or token is sent over the link it is passed with and nowhere else: redirects are not followed. If nothing
///   protects that link, it is not sent at all.
/// * On a pinned link nothing is sent before the key was checked; the name in the certificate, its issuer and its end are not.
/// * An answer is read up to 4 KiB, and everything is over after 15 seconds.
/// * Loopback is never reached through a proxy, whatever the environment says.
/// * Foreign text in errors and reports is safe to show.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait DaemonApi: Send + Sync {
    /// Asks whether a daemon is there (`GET /api/health/ready`), without any credential.
    ///
    /// # Errors
    ///
    /// [`ApiError`], as for every method.
    async fn probe(&self, link: &Link) -> Result<(), ApiError>;

    /// Sends a beacon (`GET /api/health/live` with its header), without any credential, and gives what the daemon that it
    /// was made by saw of the request.
    ///
    /// # Errors
    ///
    /// [`ApiError`]; [`ApiError::NotADaemon`] also when another daemon answers.
    async fn sight(&self, link: &Link, beacon: &Beacon) -> Result<Sighting, ApiError>;

    /// Finds out how the daemon at an endpoint can be spoken to, and that there is one (`GET /api/health/ready`), without any
    /// credential.
    ///
    /// At an `http` endpoint TLS is tried first, and plain HTTP only if TLS is not spoken there. At an `https` endpoint a
    /// certificate that is not publicly valid makes it a [`Meeting::Key`]; it is never spoken to without TLS.
    ///
    /// # Errors
    ///
    /// [`ApiError`].
    async fn meet(&self, endpoint: &Endpoint) -> Result<Meeting, ApiError>;

    /// Begins a handshake (`POST /api/pair/v2/start`).
    ///
    /// # Errors
    ///
    /// [`ApiError`]; [`ApiError::Forged`] when the answer must not be computed with.
    async fn start_pairing(&self, link: &Link, hello: &ClientHello) -> Result<DaemonHello, ApiError>;

    /// Proves the code and asks for a name (`POST /api/pair/v2/finish`).
    ///
    /// # Errors
    ///
    /// [`ApiError`]. After [`ApiError::Unreachable`] the same request gets the same answer.
    async fn finish_pairing(&self, link: &Link, request: &FinishRequest) -> Result<FinishAnswer, ApiError>;

    /// Exchanges a code for a token (`POST /api/pair/exchange`), which shows the code to whoever ends the link.
    ///
    /// # Errors
    ///
    /// [`ApiError`]. After [`ApiError::Unreachable`] the daemon may or may not have made the device.
    async fn exchange(&self, link: &Link, code: &PairingCode, name: &DeviceName) -> Result<Grant, ApiError>;

    /// Asks for the daemon's status (`GET /api/status`).
    ///
    /// # Errors
    ///
    /// [`ApiError`].
    async fn status<'a>(&self, link: &Link, token: Option<&'a BearerToken>) -> Result<StatusReport, ApiError>;

    /// Asks for a new secret (`POST /api/device/rotate`), which is good for nothing before it is confirmed. `token` stays good
    /// until then.
    ///
    /// # Errors
    ///
    /// [`ApiError`].
    async fn rotate(&self, link: &Link, token: &BearerToken) -> Result<BearerToken, ApiError>;

    /// Confirms a new secret (`POST /api/device/rotate/confirm`): the old one is refused from then on. Confirming it once more
    /// does nothing.
    ///
    /// # Errors
    ///
    /// [`ApiError`].
    async fn confirm_rotation(&self, link: &Link, new: &BearerToken) -> Result<(), ApiError>;

    /// Revokes the device whose token this is (`DELETE /api/pair/device`).
    ///
    /// # Errors
    ///
    /// [`ApiError`].
    async fn revoke_self(&self, link: &Link, token: &BearerToken) -> Result<(), ApiError>;
}

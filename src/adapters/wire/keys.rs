//! The JSON of the daemon's TLS keys: on the control socket, and in the status that devices get.

use std::time::Duration;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::moment;
use crate::domain::identity::{IdentityPublicKey, SIGNATURE_BYTES};
use crate::domain::key_rotation::{NotYet, Urgency};
use crate::domain::time::WallTime;
use crate::ports::control_channel::{KeyReport, KeysReport, RotationOutcome};
use crate::ports::daemon_api::{NextKey, TransportReport};

/// `{"pin","nextPin","nextSignature","identityKey","keyCreatedAt"}`: pins as `sha256//…`, the rest in base64.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransportForm {
    pin: String,
    next_pin: Option<String>,
    next_signature: Option<String>,
    identity_key: String,
    #[serde(with = "moment")]
    key_created_at: WallTime,
}

/// A key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyForm {
    pin: String,
    #[serde(with = "moment")]
    created_at: WallTime,
    age_millis: u64,
}

/// The key in use and the next one.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeysForm {
    current: KeyForm,
    next: Option<KeyForm>,
}

/// Asks for the next step of a rotation.
#[derive(Debug, Serialize, Deserialize)]
pub struct RotateForm {
    /// Whether to switch however long the next key has been announced.
    now: bool,
}

/// What a rotation did.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RotatedForm {
    /// There is a next key.
    Announced {
        /// The next key.
        next: KeyForm,
    },
    /// It is in use.
    Switched {
        /// The key in use.
        current: KeyForm,
    },
    /// Nothing: it is too soon.
    TooSoon {
        /// Time until it is not.
        remaining_millis: u64,
    },
    /// Nothing: there is no next key.
    NothingAnnounced,
}

impl From<&TransportReport> for TransportForm {
    fn from(report: &TransportReport) -> Self {
        Self {
            pin: report.pin.to_string(),
            next_pin: report.next.as_ref().map(|next| next.pin.to_string()),
            next_signature: report.next.as_ref().map(|next| BASE64.encode(&next.signature)),
            identity_key: BASE64.encode(report.identity_key.as_bytes()),
            key_created_at: report.key_created_at,
        }
    }
}

impl TransportForm {
    /// The report, unless a field is not what it should be. Whether a signature is right is not looked at.
    pub fn read(&self) -> Option<TransportReport> {
        let next = match (&self.next_pin, &self.next_signature) {
            (None, None) => None,
            (Some(pin), Some(signature)) => {
                Some(NextKey { pin: pin.parse().ok()?, signature: bytes::<SIGNATURE_BYTES>(signature)? })
            }
            _ => return None,
        };
        let identity_key = IdentityPublicKey::from_bytes(bytes(&self.identity_key)?);
        Some(TransportReport { pin: self.pin.parse().ok()?, next, identity_key, key_created_at: self.key_created_at })
    }
}

impl From<&KeyReport> for KeyForm {
    fn from(key: &KeyReport) -> Self {
        Self { pin: key.pin.to_string(), created_at: key.created_at, age_millis: millis(key.age) }
    }
}

impl KeyForm {
    /// The key, unless a field is not what it should be.
    pub fn read(&self) -> Option<KeyReport> {
        let age = Duration::from_millis(self.age_millis);
        Some(KeyReport { pin: self.pin.parse().ok()?, created_at: self.created_at, age })
    }
}

impl From<&KeysReport> for KeysForm {
    fn from(report: &KeysReport) -> Self {
        Self { current: (&report.current).into(), next: report.next.as_ref().map(Into::into) }
    }
}

impl KeysForm {
    /// The keys, unless a field is not what it should be.
    pub fn read(&self) -> Option<KeysReport> {
        let next = self.next.as_ref().map(KeyForm::read);
        Some(KeysReport { current: self.current.read()?, next: next.map_or(Some(None), |read| read.map(Some))? })
    }
}

impl From<Urgency> for RotateForm {
    fn from(urgency: Urgency) -> Self {
        Self { now: urgency == Urgency::Now }
    }
}

impl RotateForm {
    /// What is asked for.
    pub const fn read(&self) -> Urgency {
        if self.now { Urgency::Now } else { Urgency::InTime }
    }
}

impl From<&RotationOutcome> for RotatedForm {
    fn from(outcome: &RotationOutcome) -> Self {
        match outcome {
            RotationOutcome::Announced(next) => Self::Announced { next: next.into() },
            RotationOutcome::Switched(current) => Self::Switched { current: current.into() },
            RotationOutcome::NotYet(NotYet::TooSoon { remaining }) => {
                Self::TooSoon { remaining_millis: millis(*remaining) }
            }
            RotationOutcome::NotYet(NotYet::NothingAnnounced) => Self::NothingAnnounced,
        }
    }
}

impl RotatedForm {
    /// The outcome, unless a field is not what it should be.
    pub fn read(&self) -> Option<RotationOutcome> {
        Some(match self {
            Self::Announced { next } => RotationOutcome::Announced(next.read()?),
            Self::Switched { current } => RotationOutcome::Switched(current.read()?),
            Self::TooSoon { remaining_millis } => {
                RotationOutcome::NotYet(NotYet::TooSoon { remaining: Duration::from_millis(*remaining_millis) })
            }
            Self::NothingAnnounced => RotationOutcome::NotYet(NotYet::NothingAnnounced),
        })
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

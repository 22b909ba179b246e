//! What became of a pairing, and the operator's word on it, on the control socket.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::applicant::ApplicantForm;
use super::control::millis;
use super::report::DeviceForm;
use crate::domain::device::DeviceId;
use crate::domain::session::Phase;
use crate::ports::control_channel::PairingOutcome;

/// What became of a session.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum OutcomeForm {
    /// The code can be exchanged.
    Waiting {
        /// For this long.
        remaining_millis: u64,
    },
    /// A device has proved the code, and waits for the operator's yes; who it is is absent once the operator has said it.
    Asking {
        /// For this long.
        remaining_millis: u64,
        /// Who it is.
        applicant: Option<ApplicantForm>,
    },
    /// The operator has said no.
    Refused,
    /// Its end came.
    Expired,
    /// It was exchanged; the device's name is unknown when it was revoked since.
    Paired {
        /// The device's id.
        id: String,
        /// The device's name.
        name: Option<String>,
    },
    /// Too many wrong codes.
    Exhausted,
    /// Another session has replaced it.
    Replaced,
}

/// The operator's answer about a device.
#[derive(Debug, Serialize, Deserialize)]
pub struct DecisionForm {
    /// Whether it is to be paired.
    pub agrees: bool,
}

/// Whether an answer was in time.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecidedForm {
    /// It was.
    pub was_taken: bool,
}

impl From<&PairingOutcome> for OutcomeForm {
    fn from(outcome: &PairingOutcome) -> Self {
        match outcome {
            PairingOutcome::Phase(phase) => Self::from(*phase),
            PairingOutcome::Asking { applicant, remaining } => {
                Self::Asking { remaining_millis: millis(*remaining), applicant: Some(applicant.into()) }
            }
            PairingOutcome::Paired(device) => {
                Self::Paired { id: device.id.to_string(), name: Some(device.name.to_string()) }
            }
            PairingOutcome::Replaced => Self::Replaced,
        }
    }
}

impl From<Phase> for OutcomeForm {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Waiting { remaining } => Self::Waiting { remaining_millis: millis(remaining) },
            Phase::Asking { remaining } => Self::Asking { remaining_millis: millis(remaining), applicant: None },
            Phase::Refused => Self::Refused,
            Phase::Expired => Self::Expired,
            Phase::Paired { device } => Self::Paired { id: device.to_string(), name: None },
            Phase::Exhausted => Self::Exhausted,
        }
    }
}

impl OutcomeForm {
    /// The outcome, unless a field is not what it should be.
    pub fn read(self) -> Option<PairingOutcome> {
        Some(match self {
            Self::Waiting { remaining_millis } => {
                PairingOutcome::Phase(Phase::Waiting { remaining: Duration::from_millis(remaining_millis) })
            }
            Self::Asking { remaining_millis, applicant: None } => {
                PairingOutcome::Phase(Phase::Asking { remaining: Duration::from_millis(remaining_millis) })
            }
            Self::Asking { remaining_millis, applicant: Some(applicant) } => PairingOutcome::Asking {
                applicant: applicant.read()?,
                remaining: Duration::from_millis(remaining_millis),
            },
            Self::Refused => PairingOutcome::Phase(Phase::Refused),
            Self::Expired => PairingOutcome::Phase(Phase::Expired),
            Self::Paired { id, name: None } => PairingOutcome::Phase(Phase::Paired { device: DeviceId::parse(&id)? }),
            Self::Paired { id, name: Some(name) } => PairingOutcome::Paired(DeviceForm { id, name }.read()?),
            Self::Exhausted => PairingOutcome::Phase(Phase::Exhausted),
            Self::Replaced => PairingOutcome::Replaced,
        })
    }
}

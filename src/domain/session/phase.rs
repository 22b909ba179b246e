//! What an operator may know of a session.

use core::time::Duration;

use super::super::device::DeviceId;
use super::super::time::MonotonicTime;
use super::{PairingSession, ReservedSession};

/// What an operator may know of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The code can be exchanged, for this long.
    Waiting {
        /// Time until the end of the code.
        remaining: Duration,
    },
    /// A device has proved the code, and waits for the operator's yes.
    Asking {
        /// Time until the end of the code.
        remaining: Duration,
    },
    /// The operator has said no.
    Refused,
    /// The end of its life came before a device did, or the operator who wanted to be asked has gone away.
    Expired,
    /// It was exchanged for this device.
    Paired {
        /// The device that the code was exchanged for.
        device: DeviceId,
    },
    /// Too many wrong codes ended it.
    Exhausted,
}

impl PairingSession {
    /// What the operator may know of it at `now`.
    pub fn phase(&self, now: MonotonicTime) -> Phase {
        match self {
            Self::Pending(pending) if pending.is_over(now) => Phase::Expired,
            Self::Asking(asking) if asking.is_over(now) => Phase::Expired,
            Self::Asking(asking) => Phase::Asking { remaining: asking.remaining(now) },
            Self::Refused { .. } => Phase::Refused,
            Self::Pending(pending) | Self::Reserved(ReservedSession(pending)) => {
                Phase::Waiting { remaining: pending.expiry.remaining(now) }
            }
            Self::Consumed { device, .. } => Phase::Paired { device: *device },
            Self::Exhausted { .. } => Phase::Exhausted,
        }
    }
}

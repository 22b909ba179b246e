//! What the host decides about a device before it pairs.

use core::time::Duration;

use thiserror::Error;

use super::device_name::{DeviceName, NameError};
use super::time::WallTime;

/// Shortest life of a credential: enough to pair and to make one request.
pub const MIN_LIFE: Duration = Duration::from_secs(60);

/// Longest life of a credential: ten years of 365 days and their leap days. What is meant to last longer needs no end.
pub const MAX_LIFE: Duration = Duration::from_secs(3_653 * 86_400);

/// How long a device's credential is good for, from the moment it is paired. Whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CredentialLife(Duration);

/// The span is no life of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LifeError {
    /// Less than [`MIN_LIFE`].
    #[error("a credential lives for at least one minute")]
    TooShort,
    /// More than [`MAX_LIFE`].
    #[error("a credential lives for at most ten years; leave the limit out for one without an end")]
    TooLong,
}

impl CredentialLife {
    /// The life of this length, rounded down to a second. Both bounds are allowed.
    ///
    /// # Errors
    ///
    /// [`LifeError`] outside of the bounds.
    pub fn new(span: Duration) -> Result<Self, LifeError> {
        match Duration::from_secs(span.as_secs()) {
            life if life < MIN_LIFE => Err(LifeError::TooShort),
            _ if span > MAX_LIFE => Err(LifeError::TooLong),
            life => Ok(Self(life)),
        }
    }

    /// Its length.
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// The end of a credential that is issued at `now`.
    pub fn from(self, now: WallTime) -> WallTime {
        now.plus(self.0)
    }
}

/// The terms of a pairing. By default the device chooses its name, and its credential has no end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long the credential is good for.
    pub life: Option<CredentialLife>,
    /// What the device is called, whatever it asks for.
    pub name: Option<DeviceName>,
    /// Whether the operator is asked about the device before it is stored.
    pub confirm: bool,
}

impl Terms {
    /// The name of a device that asks for `asked`, which nobody looks at where the host has decided.
    ///
    /// # Errors
    ///
    /// [`NameError`] when the device chooses, and chooses a name that is not allowed.
    pub fn name_for(&self, asked: &str) -> Result<DeviceName, NameError> {
        self.name.clone().map_or_else(|| DeviceName::parse(asked), Ok)
    }
}

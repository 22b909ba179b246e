//! How the daemon is exposed, and what follows from it.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use thiserror::Error;

/// The way in which clients reach the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExposureMode {
    /// Only from this machine: loopback binds, no hop is trusted, and a clean loopback request needs no token.
    Local,
}

/// The text names no exposure mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown exposure mode")]
pub struct UnknownMode;

impl ExposureMode {
    /// Every mode, in the order they are listed to people.
    pub const ALL: &[Self] = &[Self::Local];

    /// The mode's name in configuration and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
        }
    }

    /// Whether the daemon may listen on `address` in this mode.
    pub const fn allows_bind(self, address: IpAddr) -> bool {
        match self {
            Self::Local => address.is_loopback(),
        }
    }

    /// Whether a request that provably comes from this machine is served without a token.
    pub const fn trusts_loopback(self) -> bool {
        match self {
            Self::Local => true,
        }
    }
}

impl FromStr for ExposureMode {
    type Err = UnknownMode;

    /// Reads a mode without regard to case, dashes and underscores: `tailscale-serve`, `TailscaleServe`.
    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        fn letters(text: &str) -> impl Iterator<Item = char> {
            text.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase())
        }
        Self::ALL.iter().copied().find(|mode| letters(mode.name()).eq(letters(text))).ok_or(UnknownMode)
    }
}

impl fmt::Display for ExposureMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

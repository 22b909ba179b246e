//! How a request came here, and whether what it carries may come that way.
//!
//! A credential that crosses a network in the clear is no secret any more. It is refused before anyone looks at it, so that
//! the answer says nothing about it and its owner learns at once what to change.

use alloc::vec::Vec;
use core::fmt;

use ipnet::IpNet;
use thiserror::Error;

use super::client_address::ClientAddress;

/// What protected a request on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Nothing that is known of.
    Plain,
    /// TLS that ended here, with the daemon's own key.
    OwnTls,
    /// TLS that ended at a trusted hop, by its word.
    HopTls,
    /// It never left this machine.
    SameMachine,
}

/// `Daemon.AllowPlaintext`: from where credentials are accepted although nothing protects them on their way, as far as the
/// daemon can see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllowPlaintext {
    /// From nowhere.
    #[default]
    Never,
    /// From everywhere.
    Always,
    /// From clients in these networks, which are encrypted below: a tailnet, a VPN.
    From(Vec<IpNet>),
}

/// A credential came over a network in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a code or token is accepted over TLS only: use https:// on the same port, or, for networks that are encrypted below, \
     set Daemon.AllowPlaintext on the daemon's host; a proxy in front must send X-Forwarded-Proto: https"
)]
pub struct TlsRequired;

impl Transport {
    /// Checks that a request of `client` that came this way may carry a credential.
    ///
    /// # Errors
    ///
    /// [`TlsRequired`] when it may not. The credential must not be looked at then.
    pub fn check(self, client: ClientAddress, allowed: &AllowPlaintext) -> Result<(), TlsRequired> {
        match self {
            Self::OwnTls | Self::HopTls | Self::SameMachine => Ok(()),
            Self::Plain if allowed.covers(client) => Ok(()),
            Self::Plain => Err(TlsRequired),
        }
    }
}

impl AllowPlaintext {
    /// Whether it allows a client at this address.
    pub fn covers(&self, client: ClientAddress) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::From(networks) => client.is_in(networks),
        }
    }
}

impl fmt::Display for AllowPlaintext {
    /// `true`, `false`, or the networks, separated by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("false"),
            Self::Always => f.write_str("true"),
            Self::From(networks) => networks.iter().enumerate().try_for_each(|(place, network)| {
                let separator = if place == 0 { "" } else { ", " };
                write!(f, "{separator}{network}")
            }),
        }
    }
}

//! The host's configuration, once every value is known to be allowed.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;
use thiserror::Error;

use super::endpoint::{DEFAULT_PORT, Endpoint};
use super::exposure::ExposureMode;

/// What the daemon is configured to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `Daemon.Host`: the address to listen on.
    pub host: IpAddr,
    /// `Daemon.Port`: the TCP port, never 0.
    pub port: u16,
    /// `Daemon.ExposureMode`.
    pub mode: ExposureMode,
    /// `Daemon.TrustedProxies`: used by modes with a proxy in front.
    pub trusted_proxies: Vec<IpNet>,
    /// `Daemon.ExternalUrl`: what remote devices type, where the daemon cannot know it.
    pub external_url: Option<Endpoint>,
    /// `Daemon.LogPairingCode`: whether a fresh code is logged, for containers without a shell.
    pub log_pairing_code: bool,
}

/// A value that is not allowed, in the words of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{key} is {value}, but {allowed}")]
pub struct SettingsError {
    /// The key, with its path: `Daemon.Port`.
    pub key: &'static str,
    /// The value, as JSON.
    pub value: String,
    /// What would be allowed, as a clause: `it must be …`.
    pub allowed: String,
}

impl Default for Settings {
    /// Local mode on `127.0.0.1:5199`.
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: DEFAULT_PORT,
            mode: ExposureMode::Local,
            trusted_proxies: Vec::new(),
            external_url: None,
            log_pairing_code: true,
        }
    }
}

impl Settings {
    /// The address to listen on.
    pub const fn listen_address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// Checks what only shows when values meet each other.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when the mode does not allow to listen on this host.
    pub fn check(self) -> Result<Self, SettingsError> {
        if self.mode.allows_bind(self.host) {
            return Ok(self);
        }
        let allowed =
            alloc::format!("exposure mode \"{}\" listens on loopback only: 127.0.0.1, ::1 or localhost", self.mode);
        Err(SettingsError { key: "Daemon.Host", value: alloc::format!("{:?}", self.host.to_string()), allowed })
    }
}

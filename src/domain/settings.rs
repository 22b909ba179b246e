//! The host's configuration, once every value is known to be allowed.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;
use thiserror::Error;

use super::agent::AgentSettings;
use super::endpoint::{DEFAULT_PORT, Endpoint};
use super::exposure::{ExposureMode, Hop};
use super::gateway::GatewaySettings;
use super::transport::AllowPlaintext;

/// The keys of the configuration file that the rules speak of, each with its path.
pub mod key {
    /// The address to listen on.
    pub const HOST: &str = "Daemon.Host";
    /// The TCP port.
    pub const PORT: &str = "Daemon.Port";
    /// The exposure mode.
    pub const MODE: &str = "Daemon.ExposureMode";
    /// The proxies whose word is taken.
    pub const TRUSTED_PROXIES: &str = "Daemon.TrustedProxies";
    /// The URL that clients use.
    pub const EXTERNAL_URL: &str = "Daemon.ExternalUrl";
    /// From where credentials are accepted in the clear.
    pub const ALLOW_PLAINTEXT: &str = "Daemon.AllowPlaintext";
    /// Whether a fresh code is logged.
    pub const LOG_PAIRING_CODE: &str = "Daemon.LogPairingCode";
    /// Whether the tunnel's program is out of sight.
    pub const SKIP_TUNNEL_PROCESS_CHECK: &str = "Daemon.SkipTunnelProcessCheck";
    /// What the agent is.
    pub const AGENT_KIND: &str = "Agent.Kind";
    /// Where the agent's API is.
    pub const AGENT_BASE_URL: &str = "Agent.BaseUrl";
    /// The model of a chat that names none.
    pub const AGENT_MODEL: &str = "Agent.Model";
    /// The variable that holds the provider's key.
    pub const AGENT_API_KEY_VARIABLE: &str = "Agent.ApiKeyVariable";
    /// The program that is the agent.
    pub const AGENT_COMMAND: &str = "Agent.Command";
    /// How that program gets the conversation.
    pub const AGENT_INPUT: &str = "Agent.Input";
    /// Where that program runs.
    pub const AGENT_WORKING_FOLDER: &str = "Agent.WorkingFolder";
    /// The longest time of a turn.
    pub const AGENT_TIMEOUT: &str = "Agent.TimeoutSeconds";
    /// The longest silence within a turn.
    pub const AGENT_IDLE_TIMEOUT: &str = "Agent.IdleTimeoutSeconds";
    /// The longest answer.
    pub const AGENT_MAX_OUTPUT: &str = "Agent.MaxOutputBytes";
    /// The routes of the gateway.
    pub const GATEWAY_ROUTES: &str = "Gateway.Routes";
    /// How many requests a device may have open.
    pub const GATEWAY_REQUESTS_PER_DEVICE: &str = "Gateway.RequestsPerDevice";
    /// The version of the format.
    pub const VERSION: &str = "configVersion";
    /// The sections.
    pub const SECTIONS: &[&str] = &["Daemon", "Agent", "Gateway"];
    /// Every key that means something.
    pub const ALL: &[&str] = &[
        VERSION,
        HOST,
        PORT,
        MODE,
        TRUSTED_PROXIES,
        EXTERNAL_URL,
        ALLOW_PLAINTEXT,
        LOG_PAIRING_CODE,
        SKIP_TUNNEL_PROCESS_CHECK,
        AGENT_KIND,
        AGENT_BASE_URL,
        AGENT_MODEL,
        AGENT_API_KEY_VARIABLE,
        AGENT_COMMAND,
        AGENT_INPUT,
        AGENT_WORKING_FOLDER,
        AGENT_TIMEOUT,
        AGENT_IDLE_TIMEOUT,
        AGENT_MAX_OUTPUT,
        GATEWAY_ROUTES,
        GATEWAY_REQUESTS_PER_DEVICE,
    ];
    /// Those whose value may be a list, each with the members of its elements.
    pub const LISTS: &[(&str, &[&str])] = &[
        (TRUSTED_PROXIES, &[]),
        (ALLOW_PLAINTEXT, &[]),
        (AGENT_COMMAND, &[]),
        (GATEWAY_ROUTES, &[ROUTE_PATH, ROUTE_TARGET]),
    ];
    /// The member of a route that says which requests are for it.
    pub const ROUTE_PATH: &str = "Path";
    /// The member of a route that says where it leads.
    pub const ROUTE_TARGET: &str = "Target";
}

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
    /// `Daemon.AllowPlaintext`: from where credentials are accepted in the clear.
    pub allow_plaintext: AllowPlaintext,
    /// `Daemon.LogPairingCode`: whether a fresh code is logged, for containers without a shell.
    pub log_pairing_code: bool,
    /// `Daemon.SkipTunnelProcessCheck`: whether the tunnel's program is out of sight, in a container beside this one.
    pub skip_tunnel_process_check: bool,
    /// The section `Agent`.
    pub agent: AgentSettings,
    /// The section `Gateway`.
    pub gateway: GatewaySettings,
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
            allow_plaintext: AllowPlaintext::Never,
            log_pairing_code: true,
            skip_tunnel_process_check: false,
            agent: AgentSettings::default(),
            gateway: GatewaySettings::default(),
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
    /// [`SettingsError`], as [`Settings::check_host`], [`Settings::check_proxies`], [`AgentSettings::agent`] and
    /// [`GatewaySettings::check`] have it.
    pub fn check(self) -> Result<Self, SettingsError> {
        self.check_host()?;
        self.check_proxies()?;
        self.agent.agent()?;
        self.gateway.check()?;
        Ok(self)
    }

    /// Checks that the mode allows to listen on this host.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when it does not.
    pub fn check_host(&self) -> Result<(), SettingsError> {
        let binds = self.mode.profile().binds;
        if binds.allow(self.host) {
            return Ok(());
        }
        let allowed = alloc::format!("exposure mode \"{}\" {}", self.mode, binds.in_words());
        Err(SettingsError { key: key::HOST, value: alloc::format!("\"{}\"", self.host), allowed })
    }

    /// Checks that there are proxies if the mode needs them.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when it does and there are none.
    pub fn check_proxies(&self) -> Result<(), SettingsError> {
        if self.mode.profile().hop != Hop::TrustedProxies || !self.trusted_proxies.is_empty() {
            return Ok(());
        }
        let allowed = alloc::format!(
            "exposure mode \"{}\" needs the address of each proxy, like \"10.0.0.2\" or \"10.0.0.0/24\"",
            self.mode
        );
        Err(SettingsError { key: key::TRUSTED_PROXIES, value: "[]".to_owned(), allowed })
    }
}

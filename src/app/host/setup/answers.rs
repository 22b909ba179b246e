//! The answers to the questions of the setup.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::domain::agent::{Agent, AgentSettings};
use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::ExposureMode;
use crate::domain::settings::{Settings, key};

/// What was answered, by flags or by a person; `None` for what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// How clients reach the daemon.
    pub mode: Option<ExposureMode>,
    /// The address to listen on.
    pub host: Option<IpAddr>,
    /// The port to listen on.
    pub port: Option<u16>,
    /// The proxies whose word is taken.
    pub trusted_proxies: Option<Vec<IpNet>>,
    /// What clients type; `Some(None)` for what the daemon finds by itself.
    pub external_url: Option<Option<Endpoint>>,
    /// Whom devices talk to; `Some(None)` for nobody.
    pub agent: Option<Option<Agent>>,
    /// The model of a chat that names none; `Some(None)` for the agent's own choice.
    pub agent_model: Option<Option<String>>,
    /// The variable that holds the provider's key; `Some(None)` for the stored key, or none.
    pub agent_key_variable: Option<Option<String>>,
    /// Whether the daemon is to start with the machine. No value of the configuration.
    pub install_service: Option<bool>,
}

impl Answers {
    /// The stored values with these over them. Where the mode is answered and the host is not, a host that the mode does
    /// not allow gives way to the usual one.
    pub fn applied(&self, stored: &Settings) -> Settings {
        let mode = self.mode.unwrap_or(stored.mode);
        let kept_host = || if self.mode.is_some() { mode.profile().binds.nearest(stored.host) } else { stored.host };
        Settings {
            host: self.host.unwrap_or_else(kept_host),
            port: self.port.unwrap_or(stored.port),
            mode,
            trusted_proxies: self.trusted_proxies.clone().unwrap_or_else(|| stored.trusted_proxies.clone()),
            external_url: self.external_url.clone().unwrap_or_else(|| stored.external_url.clone()),
            agent: self.applied_agent(&stored.agent),
            ..stored.clone()
        }
    }

    fn applied_agent(&self, stored: &AgentSettings) -> AgentSettings {
        let agent = match &self.agent {
            Some(agent) => stored.clone().with(agent.clone()),
            None => stored.clone(),
        };
        let or = |answer: &Option<Option<String>>, stored: &Option<String>| answer.clone().unwrap_or(stored.clone());
        AgentSettings {
            model: or(&self.agent_model, &stored.model),
            api_key_variable: or(&self.agent_key_variable, &stored.api_key_variable),
            ..agent
        }
    }

    /// The keys that are answered.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        let answered = [
            (key::MODE, self.mode.is_some()),
            (key::HOST, self.host.is_some()),
            (key::PORT, self.port.is_some()),
            (key::TRUSTED_PROXIES, self.trusted_proxies.is_some()),
            (key::EXTERNAL_URL, self.external_url.is_some()),
            (key::AGENT_KIND, self.agent.is_some()),
            (key::AGENT_BASE_URL, self.agent.is_some()),
            (key::AGENT_COMMAND, self.agent.is_some()),
            (key::AGENT_MODEL, self.agent_model.is_some()),
            (key::AGENT_API_KEY_VARIABLE, self.agent_key_variable.is_some()),
        ];
        answered.into_iter().filter_map(|(key, is_answered)| is_answered.then_some(key))
    }
}

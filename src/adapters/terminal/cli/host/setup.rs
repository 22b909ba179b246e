//! The flags of the setup: one for each of its questions.

use std::net::IpAddr;

use clap::Args;
use ipnet::IpNet;

use crate::app::host::setup::{Answers, agent};
use crate::domain::agent::Agent;
use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::ExposureMode;
use crate::domain::setting_text;
use crate::domain::settings::SettingsError;

/// The answers to the setup's questions.
#[derive(Clone, Debug, Default, Args)]
pub struct SetupArgs {
    /// How clients reach the daemon
    #[arg(long, value_name = "MODE", value_parser = read(setting_text::mode))]
    pub exposure: Option<ExposureMode>,
    /// The address to listen on
    #[arg(long, value_name = "IP", value_parser = read(setting_text::host))]
    pub host: Option<IpAddr>,
    /// The port to listen on
    #[arg(long, value_parser = read(setting_text::port))]
    pub port: Option<u16>,
    /// The address or network of a proxy in front of the daemon; repeat it for each
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = read(setting_text::proxy))]
    pub trusted_proxy: Vec<IpNet>,
    /// What clients type, where the daemon cannot know it; "none" takes it away
    #[arg(long, value_name = "URL", value_parser = read(named_url))]
    pub external_url: Option<NamedUrl>,
    /// The URL of an OpenAI API that devices chat with, like http://127.0.0.1:11434/v1; "none" takes the agent away
    #[arg(long, value_name = "URL", value_parser = read(named_server), conflicts_with = "agent_command")]
    pub agent_url: Option<NamedAgent>,
    /// The program that devices chat with and its arguments, as one value; "none" takes the agent away
    #[arg(long, value_name = "COMMAND", value_parser = read(named_program))]
    pub agent_command: Option<NamedAgent>,
    /// The model of chats that name none; "none" leaves the choice to the agent
    #[arg(long, value_name = "NAME")]
    pub agent_model: Option<String>,
    /// The variable of the daemon's environment that holds the provider's key; "none" for no variable
    #[arg(long, value_name = "VARIABLE")]
    pub agent_key_variable: Option<String>,
    /// Start the daemon whenever this machine starts
    #[arg(long, conflicts_with = "no_service")]
    pub service: bool,
    /// Start it by hand only
    #[arg(long)]
    pub no_service: bool,
    /// Ask nothing, and change an existing configuration
    #[arg(long)]
    pub yes: bool,
}

/// The value of `--external-url`: a URL or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedUrl(pub Option<Endpoint>);

/// The value of `--agent-url` and `--agent-command`: an agent or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAgent(pub Option<Agent>);

impl From<SetupArgs> for Answers {
    fn from(args: SetupArgs) -> Self {
        Self {
            mode: args.exposure,
            host: args.host,
            port: args.port,
            trusted_proxies: Some(args.trusted_proxy).filter(|proxies| !proxies.is_empty()),
            external_url: args.external_url.map(|NamedUrl(url)| url),
            agent: args.agent_url.or(args.agent_command).map(|NamedAgent(agent)| agent),
            agent_model: args.agent_model.map(|model| agent::named(&model)),
            agent_key_variable: args.agent_key_variable.map(|variable| agent::named(&variable)),
            install_service: (args.service || args.no_service).then_some(args.service),
        }
    }
}

fn named_url(text: &str) -> Result<NamedUrl, SettingsError> {
    setting_text::external_url_or_none(text).map(NamedUrl)
}

fn named_server(text: &str) -> Result<NamedAgent, SettingsError> {
    agent::server(text).map(NamedAgent)
}

fn named_program(text: &str) -> Result<NamedAgent, SettingsError> {
    agent::program(text).map(NamedAgent)
}

/// Reads a value as the configuration does, with the same words for what is allowed.
fn read<T>(value: impl Fn(&str) -> Result<T, SettingsError> + Clone) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| value(text).map_err(|error| error.allowed)
}

//! The agent that devices talk to, as the configuration has it.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::endpoint::Endpoint;
use super::settings::{SettingsError, key};

/// Longest answer of an agent that anyone can ask for: more text than a person reads in a day.
pub const MAX_OUTPUT_BYTES: u64 = 64 * 1024 * 1024;

/// Longest time that a turn can be allowed.
pub const MAX_TURN: Duration = Duration::from_hours(24);

/// What is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentKind {
    /// A server that speaks the OpenAI API.
    OpenAi,
    /// A program on this host.
    Command,
}

/// How a program gets the conversation on its standard input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommandInput {
    /// One JSON object a line for each message: `{"role","content"}`.
    #[default]
    JsonLines,
    /// The text of the last message alone.
    Text,
}

/// The section `Agent`, value by value. [`AgentSettings::agent`] is what they mean together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSettings {
    /// `Agent.Kind`; without one there is no agent.
    pub kind: Option<AgentKind>,
    /// `Agent.BaseUrl`: where the OpenAI API is, with its version: `http://127.0.0.1:11434/v1`.
    pub base_url: Option<Endpoint>,
    /// `Agent.Model`: the model of a chat that names none.
    pub model: Option<String>,
    /// `Agent.ApiKeyVariable`: the variable of the daemon's environment that holds the provider's key. Without one it is
    /// looked for in `secrets.json`.
    pub api_key_variable: Option<String>,
    /// `Agent.Command`: a program and its arguments.
    pub command: Vec<String>,
    /// `Agent.Input`.
    pub input: CommandInput,
    /// `Agent.WorkingFolder`: where the program runs, as an absolute path. Without one it is the folder `agent` of the home.
    pub working_folder: Option<String>,
    /// `Agent.TimeoutSeconds`: the longest time of a turn.
    pub timeout: Duration,
    /// `Agent.IdleTimeoutSeconds`: the longest silence within a turn.
    pub idle_timeout: Duration,
    /// `Agent.MaxOutputBytes`: the longest answer, in bytes.
    pub max_output_bytes: u64,
}

/// An agent that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agent {
    /// A server that speaks the OpenAI API.
    OpenAi {
        /// Where the API is, with its version.
        base_url: Endpoint,
    },
    /// A program on this host.
    Command {
        /// The program.
        program: String,
        /// Its arguments.
        arguments: Vec<String>,
    },
}

impl Default for AgentSettings {
    /// No agent; ten minutes, two of silence, and a mebibyte for one that comes to be.
    fn default() -> Self {
        Self {
            kind: None,
            base_url: None,
            model: None,
            api_key_variable: None,
            command: Vec::new(),
            input: CommandInput::default(),
            working_folder: None,
            timeout: Duration::from_mins(10),
            idle_timeout: Duration::from_mins(2),
            max_output_bytes: 1024 * 1024,
        }
    }
}

impl AgentKind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::OpenAi, Self::Command];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Command => "command",
        }
    }
}

impl CommandInput {
    /// Every form.
    pub const ALL: &[Self] = &[Self::JsonLines, Self::Text];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "json-lines",
            Self::Text => "text",
        }
    }
}

impl AgentSettings {
    /// The same section with this agent in it, or with none. What is only about the other kind is taken away.
    #[must_use]
    pub fn with(self, agent: Option<Agent>) -> Self {
        let none = Self { kind: None, base_url: None, command: Vec::new(), ..self };
        match agent {
            None => none,
            Some(Agent::OpenAi { base_url }) => {
                Self { kind: Some(AgentKind::OpenAi), base_url: Some(base_url), ..none }
            }
            Some(Agent::Command { program, arguments }) => {
                let command = core::iter::once(program).chain(arguments).collect();
                Self { kind: Some(AgentKind::Command), command, ..none }
            }
        }
    }

    /// The agent, or `None` where none is configured.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when the kind is missing what it needs.
    pub fn agent(&self) -> Result<Option<Agent>, SettingsError> {
        let missing =
            |key, value: &str, allowed: &str| SettingsError { key, value: value.into(), allowed: allowed.into() };
        match self.kind {
            None => Ok(None),
            Some(AgentKind::OpenAi) => match &self.base_url {
                Some(base_url) => Ok(Some(Agent::OpenAi { base_url: base_url.clone() })),
                None => {
                    let allowed =
                        "an agent of kind \"openai\" needs the URL of its API, like \"http://127.0.0.1:11434/v1\"";
                    Err(missing(key::AGENT_BASE_URL, "null", allowed))
                }
            },
            Some(AgentKind::Command) => match self.command.split_first() {
                Some((program, arguments)) => {
                    Ok(Some(Agent::Command { program: program.clone(), arguments: arguments.to_vec() }))
                }
                None => {
                    let allowed = "an agent of kind \"command\" needs a program and its arguments, like [\"my-agent\", \"--quiet\"]";
                    Err(missing(key::AGENT_COMMAND, "[]", allowed))
                }
            },
        }
    }
}

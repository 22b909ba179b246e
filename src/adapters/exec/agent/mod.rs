//! An agent that is a program on this host: one process for each turn.

mod environment;
mod process;
mod program;
mod utf8;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use async_trait::async_trait;
use tokio::process::Command;

pub use self::environment::inherited;
use self::process::Running;
use crate::adapters::platform;
use crate::domain::agent::{AgentKind, CommandInput};
use crate::domain::chat::model::ModelName;
use crate::domain::text::shown_safely;
use crate::ports::agent::{AgentError, AgentRequest, Answered, ChatAgent, Listener};

/// Names the session for the program.
const SESSION_VARIABLE: &str = "NETCLAW_SESSION_ID";

/// Names the device for the program; empty for this machine without a credential.
const DEVICE_VARIABLE: &str = "NETCLAW_DEVICE";

/// Names the model for the program, if one is asked for.
const MODEL_VARIABLE: &str = "NETCLAW_MODEL";

/// How the program is run.
///
/// # Security
///
/// There is no `Debug`: the environment may have a key in it.
#[derive(Clone)]
pub struct CommandConfig {
    /// The program: a path, or a name on the `PATH`. A relative path begins in the working folder.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How it gets the conversation.
    pub input: CommandInput,
    /// Where it runs.
    pub folder: WorkingFolder,
    /// What it finds in its environment, beside what names the turn. Nothing else is there.
    pub environment: Vec<(OsString, OsString)>,
    /// The model where none is asked for.
    pub model: Option<ModelName>,
}

/// Where the program runs.
#[derive(Clone, Debug)]
pub enum WorkingFolder {
    /// In a folder of its own, which is made when it is not there.
    Own(PathBuf),
    /// In a folder that the owner has chosen.
    Chosen(PathBuf),
}

/// A program that answers on its standard output.
///
/// # Security
///
/// What devices say reaches it on its standard input only, never in an argument, and no shell is in between. It runs with
/// the rights of the daemon's user.
pub struct CommandAgent(CommandConfig);

impl CommandAgent {
    /// The program. Nothing is run yet.
    pub const fn new(config: CommandConfig) -> Self {
        Self(config)
    }

    fn command(&self, request: &AgentRequest) -> Result<Command, AgentError> {
        let Self(config) = self;
        let mut command = Command::new(&config.program);
        command
            .args(&config.arguments)
            .env_clear()
            .envs(config.environment.iter().map(|(name, value)| (name, value)))
            .env(SESSION_VARIABLE, request.session.as_str())
            .env(DEVICE_VARIABLE, request.device.as_ref().map(|name| name.as_str()).unwrap_or_default())
            .current_dir(self.folder()?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own, so that it ends together with what it has started.
            .process_group(0);
        if let Some(model) = request.model.as_ref().or(config.model.as_ref()) {
            command.env(MODEL_VARIABLE, model.as_str());
        }
        Ok(command)
    }

    fn folder(&self) -> Result<&PathBuf, AgentError> {
        let failed = |folder: &PathBuf, error: &dyn std::fmt::Display| {
            AgentError::Failed(format!("the agent's folder {} cannot be used: {error}", folder.display()))
        };
        match &self.0.folder {
            WorkingFolder::Own(folder) => {
                platform::create_private_folder(folder).map_err(|error| failed(folder, &error))?;
                Ok(folder)
            }
            WorkingFolder::Chosen(folder) if folder.is_dir() => Ok(folder),
            WorkingFolder::Chosen(folder) => Err(failed(folder, &"it is not there")),
        }
    }

    fn not_started(&self, error: &io::Error) -> AgentError {
        let program = shown_safely(&self.0.program);
        AgentError::Failed(match error.kind() {
            io::ErrorKind::NotFound => format!("the agent {program} is not installed on the daemon's host"),
            io::ErrorKind::PermissionDenied => format!("the agent {program} may not be run by the daemon's user"),
            _ => format!("the agent {program} cannot be started: {}", shown_safely(&error.to_string())),
        })
    }

    /// What it reads: the conversation, as it is configured.
    fn input(&self, request: &AgentRequest) -> Vec<u8> {
        match self.0.input {
            CommandInput::Text => request.message.clone().into_bytes(),
            CommandInput::JsonLines => request.conversation.iter().fold(Vec::new(), |mut lines, said| {
                let line = serde_json::json!({ "role": said.role.name(), "content": said.content });
                lines.extend_from_slice(line.to_string().as_bytes());
                lines.push(b'\n');
                lines
            }),
        }
    }
}

#[async_trait]
impl ChatAgent for CommandAgent {
    fn kind(&self) -> AgentKind {
        AgentKind::Command
    }

    fn model(&self) -> Option<&ModelName> {
        self.0.model.as_ref()
    }

    async fn check(&self) -> Result<(), AgentError> {
        let folder = self.folder()?;
        let path = self.0.environment.iter().find_map(|(name, value)| (name == "PATH").then_some(value));
        let program = program::find(&self.0.program, folder, path.map(|path| path.as_os_str()));
        program.map(drop).map_err(|error| self.not_started(&error))
    }

    async fn models(&self) -> Result<Vec<ModelName>, AgentError> {
        Ok(Vec::new())
    }

    async fn answer(&self, request: AgentRequest, listener: &dyn Listener) -> Result<Answered, AgentError> {
        if let Some(model) = request.model.as_ref().or(self.0.model.as_ref()) {
            listener.model(model);
        }
        let input = self.input(&request);
        let child = self.command(&request)?.spawn().map_err(|error| self.not_started(&error))?;
        Running::new(child, listener.at_work()).answer(request.session, input, listener).await
    }
}

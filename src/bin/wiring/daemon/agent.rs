//! The agent that the configuration names.

use std::ffi::OsString;
use std::sync::Arc;

use netclaw::adapters::exec::agent::{CommandAgent, CommandConfig, WorkingFolder, inherited};
use netclaw::adapters::file::home::Home;
use netclaw::adapters::openai::{OpenAiAgent, OpenAiConfig};
use netclaw::adapters::terminal::failure::Failure;
use netclaw::domain::agent::{Agent, AgentSettings};
use netclaw::domain::chat::model::ModelName;
use netclaw::ports::agent::ChatAgent;
use tracing::warn;

use super::provider_key;

/// The agent of a daemon, if it has one. Nothing is asked of it yet.
pub fn of(home: &Home, settings: &AgentSettings) -> Result<Option<Arc<dyn ChatAgent>>, Failure> {
    // The settings were checked when they were loaded.
    let Ok(Some(agent)) = settings.agent() else { return Ok(None) };
    let model = settings.model.as_deref().and_then(|model| ModelName::parse(model).ok());
    Ok(Some(match agent {
        Agent::OpenAi { base_url } => {
            let key = provider_key::of(home, settings)?;
            if key.is_some() && !base_url.is_https() && !base_url.is_loopback() {
                warn!(agent = %base_url, "the key of the agent's provider is sent in the clear");
            }
            let max_output_bytes = settings.max_output_bytes;
            Arc::new(OpenAiAgent::new(OpenAiConfig { base_url, model, key, max_output_bytes }))
        }
        Agent::Command { program, arguments } => {
            let folder = settings.working_folder.as_ref().map(|folder| WorkingFolder::Chosen(folder.into()));
            let folder = folder.unwrap_or_else(|| WorkingFolder::Own(home.agent_folder()));
            let (input, environment) = (settings.input, environment(home, settings)?);
            Arc::new(CommandAgent::new(CommandConfig { program, arguments, input, folder, environment, model }))
        }
    }))
}

/// What a program finds in its environment: the key only where the configuration names a variable for it.
fn environment(home: &Home, settings: &AgentSettings) -> Result<Vec<(OsString, OsString)>, Failure> {
    let mut environment = inherited(std::env::vars_os());
    if let Some(name) = &settings.api_key_variable
        && let Some(key) = provider_key::of(home, settings)?
    {
        environment.push((name.into(), key.reveal().into()));
    }
    Ok(environment)
}

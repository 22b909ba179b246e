//! The agent that the configuration names.

use std::sync::Arc;

use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::openai::{OpenAiAgent, OpenAiConfig};
use netclaw::adapters::terminal::failure::Failure;
use netclaw::domain::agent::{Agent, AgentSettings};
use netclaw::domain::chat::model::ModelName;
use netclaw::domain::provider_key::ProviderKey;
use netclaw::ports::agent::ChatAgent;
use netclaw::ports::agent_key_store::AgentKeyStore;

use super::super::start_failure as failure;

/// The agent of a daemon, if it has one. Nothing is asked of it yet.
pub fn of(home: &Home, settings: &AgentSettings) -> Result<Option<Arc<dyn ChatAgent>>, Failure> {
    // The settings were checked when they were loaded.
    let Ok(Some(agent)) = settings.agent() else { return Ok(None) };
    let model = settings.model.as_deref().and_then(|model| ModelName::parse(model).ok());
    Ok(Some(match agent {
        Agent::OpenAi { base_url } => {
            let key = key(home, settings)?;
            let max_output_bytes = settings.max_output_bytes;
            Arc::new(OpenAiAgent::new(OpenAiConfig { base_url, model, key, max_output_bytes }))
        }
        Agent::Command { .. } => return Ok(None),
    }))
}

/// The provider's key: that of the environment, or else the stored one.
fn key(home: &Home, settings: &AgentSettings) -> Result<Option<ProviderKey>, Failure> {
    if let Some(name) = &settings.api_key_variable
        && let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty())
    {
        let value = zeroize::Zeroizing::new(value.into_string().unwrap_or_default());
        return ProviderKey::parse(&value).map(Some).map_err(|error| failure::agent_key(name, &error));
    }
    let stored = FileCredentialStore::new(home.clone()).agent_key();
    stored.map_err(netclaw::adapters::terminal::failure::of_credentials)
}

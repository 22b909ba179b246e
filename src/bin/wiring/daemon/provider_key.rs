//! The key of the agent's provider: from the daemon's environment.

use netclaw::adapters::terminal::failure::{Exit, Failure};
use netclaw::domain::provider_key::ProviderKey;
use netclaw::domain::settings::Settings;

/// The key that the configuration names, if it names one.
pub fn of(settings: &Settings) -> Result<Option<ProviderKey>, Failure> {
    let Some(variable) = &settings.agent.api_key_variable else { return Ok(None) };
    let value = std::env::var_os(variable);
    let key = value.as_ref().and_then(|value| ProviderKey::parse(value.to_str()?));
    let why = match value {
        None => "is not set",
        Some(_) => "holds no key: visible characters without spaces",
    };
    key.map(Some).ok_or_else(|| {
        let message = format!("the environment variable {variable}, which Agent.ApiKeyVariable names, {why}");
        Failure::new(Exit::Failed, message)
            .hint(format!("give it to the daemon: {variable}=… netclaw daemon start"))
            .hint("or set Agent.ApiKeyVariable to null, for a server that needs no key")
    })
}

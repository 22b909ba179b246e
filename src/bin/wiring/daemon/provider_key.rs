//! The key of the agent's provider: from the daemon's environment, or else the stored one.

use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::terminal::failure::{Exit, Failure, of_credentials};
use netclaw::domain::agent::AgentSettings;
use netclaw::domain::provider_key::ProviderKey;
use netclaw::ports::agent_key_store::AgentKeyStore;
use zeroize::Zeroizing;

/// The key, if there is one. Where the configuration names a variable, there must be one.
pub fn of(home: &Home, settings: &AgentSettings) -> Result<Option<ProviderKey>, Failure> {
    let Some(variable) = &settings.api_key_variable else { return stored(home) };
    let Some(value) = std::env::var_os(variable).filter(|value| !value.is_empty()) else {
        return stored(home)?.map(Some).ok_or_else(|| refused(variable, "is not set"));
    };
    let value = Zeroizing::new(value.into_string().unwrap_or_default());
    let key = ProviderKey::parse(&value);
    key.map(Some).ok_or_else(|| refused(variable, "holds no key: visible characters without spaces"))
}

fn stored(home: &Home) -> Result<Option<ProviderKey>, Failure> {
    FileCredentialStore::new(home.clone()).agent_key().map_err(of_credentials)
}

fn refused(variable: &str, why: &str) -> Failure {
    let message = format!("the environment variable {variable}, which Agent.ApiKeyVariable names, {why}");
    Failure::new(Exit::Failed, message)
        .hint(format!("give it to the daemon: {variable}=… netclaw daemon start"))
        .hint("or store the key: netclaw daemon agent-key")
        .hint("or set Agent.ApiKeyVariable to null, for a server that needs no key")
}

//! A provider's key in memory.

use std::sync::Mutex;

use netclaw::domain::provider_key::ProviderKey;
use netclaw::ports::agent_key_store::AgentKeyStore;
use netclaw::ports::credential_store::CredentialStoreError;

use super::faults::Faults;

/// One key, or none.
#[derive(Debug, Default)]
pub struct FakeAgentKeyStore {
    key: Mutex<Option<ProviderKey>>,
    pub faults: Faults,
}

impl AgentKeyStore for FakeAgentKeyStore {
    fn agent_key(&self) -> Result<Option<ProviderKey>, CredentialStoreError> {
        Ok(self.key.lock().unwrap().clone())
    }

    fn set_agent_key(&self, key: Option<&ProviderKey>) -> Result<(), CredentialStoreError> {
        self.faults.check()?;
        *self.key.lock().unwrap() = key.cloned();
        Ok(())
    }
}

//! The key that the agent's provider knows this host by.

use super::credential_store::CredentialStoreError;
use crate::domain::provider_key::ProviderKey;

/// Keeps one key, beside the host's other credentials.
///
/// # Contract
///
/// * What changes the other credentials leaves the key as it is, and the other way round, also when two processes write at
///   once.
/// * Damaged or readable-by-others storage is an error, never "no key", and is never overwritten.
pub trait AgentKeyStore: Send + Sync {
    /// The key, if there is one.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    fn agent_key(&self) -> Result<Option<ProviderKey>, CredentialStoreError>;

    /// Keeps this key in the place of the one before, or none at all.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`]; what was stored before is still there.
    fn set_agent_key(&self, key: Option<&ProviderKey>) -> Result<(), CredentialStoreError>;
}

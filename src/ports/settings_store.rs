//! The host's configuration.

use thiserror::Error;

use super::storage::StorageError;
use crate::domain::settings::{Settings, SettingsError};

/// Why there is no usable configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoadSettingsError {
    /// A value is not allowed.
    #[error(transparent)]
    Invalid(#[from] SettingsError),
    /// The file is no configuration at all; it was left as it is.
    #[error("{0}")]
    Damaged(String),
    /// It can be read but not replaced: whoever made the link keeps the configuration somewhere else.
    #[error("{path} is a symbolic link to {target}, which is not replaced")]
    Linked {
        /// Where the configuration is looked for.
        path: String,
        /// Where it is kept.
        target: String,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Where the host's configuration is kept.
///
/// # Contract
///
/// * `load` gives the file's values with the environment's laid over them; each is validated, and an error names key,
///   value and what is allowed.
/// * `save` changes only the values that differ and keeps keys that this version does not know.
#[cfg_attr(test, mockall::automock)]
pub trait SettingsStore: Send + Sync {
    /// Whether this home has a configuration: it is a host.
    fn exists(&self) -> bool;

    /// The configuration in force; the defaults when there is no file.
    ///
    /// # Errors
    ///
    /// [`LoadSettingsError`].
    fn load(&self) -> Result<Settings, LoadSettingsError>;

    /// Stores a configuration.
    ///
    /// # Errors
    ///
    /// [`LoadSettingsError`].
    fn save(&self, settings: &Settings) -> Result<(), LoadSettingsError>;
}

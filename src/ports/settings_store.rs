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

/// A value that comes from the environment, whatever is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The key, one of [`key`](crate::domain::settings::key).
    pub key: &'static str,
    /// The variable, as it is spelled there.
    pub variable: String,
}

/// Where the host's configuration is kept.
///
/// What is stored and what is in force are two things: the environment's values are laid over the stored ones, and are
/// never stored themselves.
///
/// # Contract
///
/// * Each value is validated, and an error names key, value and what is allowed. What is in force is also checked as a whole,
///   what is stored is not: the environment may complete it.
/// * `load` gives `in_force` of `stored`, except that a stored value which is not allowed does no harm where the environment
///   has another.
/// * `save` changes only the values that differ from the stored ones and keeps keys that this version does not know. The
///   first save stores every value.
#[cfg_attr(test, mockall::automock)]
pub trait SettingsStore: Send + Sync {
    /// Whether this home has a configuration: it is a host.
    fn exists(&self) -> bool;

    /// The configuration in force; the defaults under the environment when nothing is stored.
    ///
    /// # Errors
    ///
    /// [`LoadSettingsError`].
    fn load(&self) -> Result<Settings, LoadSettingsError>;

    /// The stored values alone; the defaults when nothing is stored.
    ///
    /// # Errors
    ///
    /// [`LoadSettingsError`].
    fn stored(&self) -> Result<Settings, LoadSettingsError>;

    /// What would be in force if these values were stored.
    ///
    /// # Errors
    ///
    /// [`LoadSettingsError::Invalid`] when it is not allowed.
    fn in_force(&self, stored: &Settings) -> Result<Settings, LoadSettingsError>;

    /// Which values the environment sets, one entry for each key.
    fn overrides(&self) -> Vec<Override>;

    /// Stores values. They are the stored ones with changes, never what is in force.
    ///
    /// # Errors
    ///
    /// [`LoadSettingsError`]; what was stored is as it was.
    fn save(&self, settings: &Settings) -> Result<(), LoadSettingsError>;
}

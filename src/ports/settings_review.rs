//! The host's configuration under the magnifying glass: everything that is wrong with it, not only the first thing.

use std::path::PathBuf;

use crate::domain::settings::{Settings, SettingsError};

/// What became of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// There is none: everything has its default, or comes from the environment.
    Missing,
    /// It was read.
    Read,
    /// It is no configuration at all, for this reason.
    Damaged(String),
    /// The system does not let us read it, for this reason.
    Unreadable(String),
}

/// A value that is not allowed, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongValue {
    /// Key, value and what is allowed.
    pub error: SettingsError,
    /// The variable that sets it, if it is not the file.
    pub variable: Option<String>,
}

/// A variable that sets a configuration value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overriding {
    /// The variable, as it is spelled there.
    pub variable: String,
    /// The key that it sets, with its path, as it is spelled there: `Daemon.Port`.
    pub key: String,
    /// The value, as text.
    pub value: String,
    /// Whether the key means something.
    pub is_known: bool,
}

/// Everything there is to know about the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The file.
    pub file: PathBuf,
    /// What became of it.
    pub source: Source,
    /// Every value that is not allowed, by itself, whatever the others are.
    pub wrong: Vec<WrongValue>,
    /// Keys of the file that mean nothing, with their paths, as they are spelled there.
    pub unknown_keys: Vec<String>,
    /// Variables that set values.
    pub overriding: Vec<Overriding>,
    /// The configuration in force, as far as each value by itself is allowed. How they go together is not checked.
    pub settings: Option<Settings>,
}

/// Looks at all of the configuration.
///
/// # Contract
///
/// * It reads what [`SettingsStore::load`](super::settings_store::SettingsStore::load) reads, and changes nothing.
/// * `settings` is there exactly when nothing is wrong and the file is not damaged.
#[cfg_attr(test, mockall::automock)]
pub trait SettingsReview: Send + Sync {
    /// Looks now.
    fn review(&self) -> Review;
}

//! What answers come to, before anything is written.

use super::answers::Answers;
use super::summary::Summary;
use super::{Purpose, SetupError, SetupRequest};
use crate::domain::settings::Settings;
use crate::ports::settings_store::{LoadSettingsError, SettingsStore};

/// A configuration that may be written.
#[derive(Debug)]
pub(super) struct Proposal {
    /// Whether there is none yet.
    pub is_first: bool,
    /// What would be written.
    pub summary: Summary,
    /// The values that would be stored.
    pub values: Settings,
    /// What would be in force then.
    pub in_force: Settings,
    /// Whether that is not in force already.
    pub is_effective: bool,
}

impl Proposal {
    /// The stored configuration with these answers.
    ///
    /// # Errors
    ///
    /// * [`SetupError::Settings`] when the configuration cannot be read, or the environment does not allow it.
    /// * [`SetupError::Invalid`] when the answers do not go together.
    pub fn new(store: &dyn SettingsStore, answers: &Answers) -> Result<Self, SetupError> {
        let old = store.exists().then(|| store.stored()).transpose()?;
        let values = answers.applied(&old.clone().unwrap_or_default());
        let in_force = store.in_force(&values).map_err(|error| match error {
            LoadSettingsError::Invalid(error) if values.clone().check().is_err() => SetupError::Invalid(error),
            error => SetupError::Settings(error),
        })?;
        let summary = Summary::new(old.as_ref(), &values, answers, &store.overrides());
        // What cannot be loaded is not in force.
        let is_effective = store.load().ok().is_none_or(|before| before != in_force);
        Ok(Self { is_first: old.is_none(), summary, values, in_force, is_effective })
    }

    /// Whether a running daemon is restarted for it.
    pub fn restarts(&self, request: &SetupRequest) -> bool {
        self.is_effective && request.purpose == (Purpose::Init { is_running: true })
    }
}

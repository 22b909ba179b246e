//! The host's configuration in memory.

use std::sync::Mutex;

use netclaw::domain::settings::Settings;
use netclaw::ports::settings_store::{LoadSettingsError, SettingsStore};

use super::faults::Faults;

#[derive(Debug, Default)]
pub struct FakeSettingsStore {
    saved: Mutex<Option<Settings>>,
    pub faults: Faults,
}

impl FakeSettingsStore {
    /// A home with this configuration.
    pub fn with(settings: Settings) -> Self {
        Self { saved: Mutex::new(Some(settings)), faults: Faults::default() }
    }
}

impl SettingsStore for FakeSettingsStore {
    fn exists(&self) -> bool {
        self.saved.lock().unwrap().is_some()
    }

    fn load(&self) -> Result<Settings, LoadSettingsError> {
        self.faults.check()?;
        Ok(self.saved.lock().unwrap().clone().unwrap_or_default().check()?)
    }

    fn save(&self, settings: &Settings) -> Result<(), LoadSettingsError> {
        self.faults.check()?;
        *self.saved.lock().unwrap() = Some(settings.clone());
        Ok(())
    }
}

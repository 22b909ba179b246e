//! The host's configuration in memory.

use std::sync::Mutex;

use netclaw::domain::settings::Settings;
use netclaw::ports::settings_store::{LoadSettingsError, Override, SettingsStore};

use super::faults::Faults;

/// Lays a value of the environment over the stored ones.
type Overlay = fn(&mut Settings);

#[derive(Debug, Default)]
pub struct FakeSettingsStore {
    saved: Mutex<Option<Settings>>,
    environment: Vec<(Override, Overlay)>,
    pub faults: Faults,
}

impl FakeSettingsStore {
    /// A home with this configuration.
    pub fn with(settings: Settings) -> Self {
        Self { saved: Mutex::new(Some(settings)), ..Self::default() }
    }

    /// The same under an environment in which `variable` sets `key`, as `lay` does.
    pub fn under(mut self, key: &'static str, variable: &str, lay: Overlay) -> Self {
        self.environment.push((Override { key, variable: variable.to_owned() }, lay));
        self
    }

    /// What is stored; `None` when nothing was.
    pub fn saved(&self) -> Option<Settings> {
        self.saved.lock().unwrap().clone()
    }
}

impl SettingsStore for FakeSettingsStore {
    fn exists(&self) -> bool {
        self.saved().is_some()
    }

    fn load(&self) -> Result<Settings, LoadSettingsError> {
        self.in_force(&self.stored()?)
    }

    fn stored(&self) -> Result<Settings, LoadSettingsError> {
        self.faults.check()?;
        Ok(self.saved().unwrap_or_default())
    }

    fn in_force(&self, stored: &Settings) -> Result<Settings, LoadSettingsError> {
        let mut settings = stored.clone();
        self.environment.iter().for_each(|(_, lay)| lay(&mut settings));
        Ok(settings.check()?)
    }

    fn overrides(&self) -> Vec<Override> {
        self.environment.iter().map(|(name, _)| name.clone()).collect()
    }

    fn save(&self, settings: &Settings) -> Result<(), LoadSettingsError> {
        self.faults.check()?;
        *self.saved.lock().unwrap() = Some(settings.clone());
        Ok(())
    }
}

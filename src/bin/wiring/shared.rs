//! Adapters that client and host share.

use netclaw::adapters::file::home::Home;
use netclaw::domain::settings::Settings;
use netclaw::domain::time::{MonotonicTime, Now, WallTime};
use netclaw::ports::clock::Clock;
use netclaw::ports::settings_store::{LoadSettingsError, SettingsStore};

/// The configuration of this home.
pub fn settings_store(_home: &Home) -> Box<dyn SettingsStore> {
    Box::new(NoSettings)
}

/// The system's clocks.
pub fn clock() -> Box<dyn Clock> {
    Box::new(WallClock)
}

/// Stands in until the file-backed store is wired: this machine is no host.
struct NoSettings;

impl SettingsStore for NoSettings {
    fn exists(&self) -> bool {
        false
    }

    fn load(&self) -> Result<Settings, LoadSettingsError> {
        Ok(Settings::default())
    }

    fn save(&self, _settings: &Settings) -> Result<(), LoadSettingsError> {
        Ok(())
    }
}

/// Stands in until the system's clock is wired.
struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "stands in for adapters/system")]
    fn now(&self) -> Now {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let wall = WallTime::from_unix_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX));
        Now { wall, monotonic: MonotonicTime::from_millis(netclaw::adapters::platform::monotonic_millis()) }
    }
}

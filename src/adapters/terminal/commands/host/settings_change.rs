//! What flags change about a configuration.

use crate::adapters::terminal::cli::host::UpArgs;
use crate::domain::settings::{Settings, SettingsError};

/// One value before and after, in the words of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    key: &'static str,
    old: String,
    new: String,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} → {}", self.key, self.old, self.new)
    }
}

/// The configuration with the flags applied.
///
/// # Errors
///
/// [`SettingsError`] when the values do not go together.
pub(super) fn applied(settings: &Settings, args: &UpArgs) -> Result<Settings, SettingsError> {
    let settings = settings.clone();
    Settings {
        host: args.host.unwrap_or(settings.host),
        port: args.port.unwrap_or(settings.port),
        mode: args.exposure.unwrap_or(settings.mode),
        external_url: args.external_url.clone().or(settings.external_url),
        ..settings
    }
    .check()
}

/// The values that flags can change and that differ.
pub(super) fn changes(old: &Settings, new: &Settings) -> Vec<Change> {
    let url = |settings: &Settings| settings.external_url.as_ref().map_or("none".to_owned(), ToString::to_string);
    let all = [
        Change { key: "Daemon.Host", old: old.host.to_string(), new: new.host.to_string() },
        Change { key: "Daemon.Port", old: old.port.to_string(), new: new.port.to_string() },
        Change { key: "Daemon.ExposureMode", old: old.mode.to_string(), new: new.mode.to_string() },
        Change { key: "Daemon.ExternalUrl", old: url(old), new: url(new) },
    ];
    all.into_iter().filter(|change| change.old != change.new).collect()
}

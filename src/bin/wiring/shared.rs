//! What every command and the daemon read first.

use std::ffi::OsString;

use netclaw::adapters::file::home::Home;
use netclaw::adapters::file::settings_file::SettingsFile;
use netclaw::adapters::terminal::failure::{Exit, Failure};

/// The home folder of this process.
pub fn home() -> Result<Home, Failure> {
    Home::of_environment().map_err(|error| {
        Failure::new(Exit::Failed, error.to_string()).hint("name a folder with: export NETCLAW_HOME=/path/to/folder")
    })
}

/// The host's configuration in this home, under this process's environment.
pub fn settings(home: &Home) -> SettingsFile {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    SettingsFile::new(home.settings_file(), std::env::vars_os().filter_map(text).collect())
}

/// What this machine calls itself.
pub fn host_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

//! What every command and the daemon read first.

use std::ffi::OsString;

use netclaw::adapters::file::folders;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::file::open_error::OpenError;
use netclaw::adapters::file::settings_file::SettingsFile;
use netclaw::adapters::terminal::failure::{Exit, Failure};

/// The home folder of this process and its user.
pub fn home() -> Result<Home, Failure> {
    home_that(folders::check)
}

/// The home folder of this process, if its folders pass `check`.
pub fn home_that(check: impl Fn(&Home) -> Result<(), OpenError>) -> Result<Home, Failure> {
    let home = Home::of_environment().map_err(|error| {
        Failure::new(Exit::Failed, error.to_string()).hint("name a folder with: export NETCLAW_HOME=/path/to/folder")
    })?;
    check(&home).map_err(untrusted)?;
    Ok(home)
}

/// A file or folder cannot be used.
pub fn untrusted(error: OpenError) -> Failure {
    error.hints.into_iter().fold(Failure::new(Exit::Failed, error.cause), Failure::hint)
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

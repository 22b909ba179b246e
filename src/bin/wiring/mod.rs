//! Where the adapters are chosen and put together. Only the binaries see it.

pub mod daemon;
mod start_failure;

use std::path::PathBuf;

use netclaw::adapters::control::socket::{self, RUNTIME_VARIABLE};
use netclaw::adapters::file::home::Home;
use netclaw::adapters::terminal::failure::Failure;

/// The environment, as far as it is text.
pub fn environment() -> Vec<(String, String)> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}

/// Where the control socket of this home is.
pub fn control_socket(home: &Home) -> Result<PathBuf, Failure> {
    let path = socket::path(home.control_socket(), std::env::var_os(RUNTIME_VARIABLE));
    path.map_err(|error| start_failure::socket(&error))
}

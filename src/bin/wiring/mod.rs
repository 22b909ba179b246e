//! Which adapters stand behind the ports.

pub mod client;
#[cfg(unix)]
pub mod host;
pub mod shared;

use netclaw::adapters::file::home::Home;
use netclaw::adapters::terminal::failure::{Exit, Failure};

/// The home folder of this process.
fn home() -> Result<Home, Failure> {
    Home::of_environment().map_err(|error| {
        Failure::new(Exit::Failed, error.to_string()).hint("set NETCLAW_HOME to a folder that netclaw may use")
    })
}

/// Runs a command on this thread: it makes a few requests one after the other, and starts fast.
fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Failed, format!("cannot start: {error}")))?;
    runtime.block_on(command)
}

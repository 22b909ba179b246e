//! Where the adapters are chosen and put behind the ports. Only the binaries see it.

pub mod client;
#[cfg(unix)]
mod daemon;
#[cfg(unix)]
pub mod doctor;
#[cfg(unix)]
mod exposure;
#[cfg(unix)]
pub mod forward;
#[cfg(unix)]
pub mod host;
mod shared;
#[cfg(unix)]
mod start_failure;

use netclaw::adapters::terminal::failure::{Exit, Failure};

/// Runs a command on this thread: it makes a few requests one after the other, and starts fast.
fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Failed, format!("cannot start: {error}")))?;
    runtime.block_on(command)
}

//! The commands of a device.

use netclaw::adapters::client::{HttpDaemonApi, Patience};
use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::system::clock::SystemClock;
use netclaw::adapters::system::rng::SystemRng;
use netclaw::adapters::terminal::ENDPOINT_VARIABLE;
use netclaw::adapters::terminal::cli::ClientCommand;
use netclaw::adapters::terminal::commands::{ClientPorts, run_client};
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::Failure;
use netclaw::adapters::terminal::prompter;

use super::{block_on, shared};

/// Runs a command with the real adapters.
pub fn run(command: ClientCommand, console: &mut Console<'_>) -> Result<(), Failure> {
    let home = shared::home()?;
    let settings = shared::settings(&home);
    let ports = ClientPorts {
        api: &HttpDaemonApi::new(Patience::default()),
        credentials: &FileCredentialStore::new(home),
        settings: &settings,
        prompter: &mut prompter::of_process(),
        clock: &SystemClock,
        rng: &SystemRng::default(),
        environment_endpoint: environment_endpoint(),
        host_name: shared::host_name(),
    };
    block_on(run_client(command, ports, console))
}

/// The endpoint that this process's environment names.
pub fn environment_endpoint() -> Option<String> {
    std::env::var_os(ENDPOINT_VARIABLE).map(|value| value.to_string_lossy().into_owned())
}

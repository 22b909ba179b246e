//! The commands of a device.

use netclaw::adapters::client::{HttpDaemonApi, Patience};
use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::terminal::ENDPOINT_VARIABLE;
use netclaw::adapters::terminal::cli::ClientCommand;
use netclaw::adapters::terminal::commands::{ClientPorts, run_client};
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::Failure;
use netclaw::adapters::terminal::prompter;

use super::{block_on, home, shared};

/// Runs a command with the real adapters.
pub fn run(command: ClientCommand, console: &mut Console<'_>) -> Result<(), Failure> {
    let home = home()?;
    let (settings, clock) = (shared::settings_store(&home), shared::clock());
    let ports = ClientPorts {
        api: &HttpDaemonApi::new(Patience::default()),
        credentials: &FileCredentialStore::new(home),
        settings: settings.as_ref(),
        prompter: &mut prompter::of_process(),
        clock: clock.as_ref(),
        environment_endpoint: std::env::var_os(ENDPOINT_VARIABLE).map(|value| value.to_string_lossy().into_owned()),
        host_name: gethostname::gethostname().to_string_lossy().into_owned(),
    };
    block_on(run_client(command, ports, console))
}

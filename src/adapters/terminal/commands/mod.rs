//! The commands: each asks its ports, and shows what came of it.

#[cfg(unix)]
pub mod doctor;
#[cfg(unix)]
pub mod host;
mod pair;
mod rotate;
mod status;
mod unpair;

use super::cli::ClientCommand;
use super::console::Console;
use super::failure::{Failure, of_credentials, of_target};
use crate::app::client::rotate::settle;
use crate::app::client::target::{self, Target};
use crate::ports::clock::Clock;
use crate::ports::credential_store::CredentialStore;
use crate::ports::daemon_api::DaemonApi;
use crate::ports::prompter::Prompter;
use crate::ports::settings_store::SettingsStore;

/// What the commands of a device stand on.
pub struct ClientPorts<'a> {
    /// The daemon's routes.
    pub api: &'a dyn DaemonApi,
    /// Where pairings are kept.
    pub credentials: &'a dyn CredentialStore,
    /// The configuration of this machine, should it be a host.
    pub settings: &'a dyn SettingsStore,
    /// Who answers questions.
    pub prompter: &'a mut dyn Prompter,
    /// The time.
    pub clock: &'a dyn Clock,
    /// The endpoint that the environment names.
    pub environment_endpoint: Option<String>,
    /// The machine's own name.
    pub host_name: String,
}

impl ClientPorts<'_> {
    fn target(&self) -> Result<Target, Failure> {
        target::resolve(self.environment_endpoint.as_deref(), self.credentials, self.settings).map_err(of_target)
    }

    /// The target, after a rotation of its credential that was interrupted has come to its end.
    async fn settled_target(&self) -> Result<Target, Failure> {
        settle(self.api, self.credentials, self.target()?).await.map_err(of_credentials)
    }
}

/// Runs a command of a device.
///
/// # Errors
///
/// [`Failure`], to be printed; its exit code is the command's.
pub async fn run_client(
    command: ClientCommand,
    ports: ClientPorts<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match command {
        ClientCommand::Pair(args) => pair::run(args, ports, console).await,
        ClientCommand::Unpair(args) => unpair::run(&args, &ports, console).await,
        ClientCommand::Rotate(args) => rotate::run(&args, &ports, console).await,
        ClientCommand::Status(args) => status::run(&args, &ports, console).await,
    }
}

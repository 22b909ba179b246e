//! The commands: each asks its ports, and shows what came of it.

pub mod chat;
mod daemons;
#[cfg(unix)]
pub mod doctor;
#[cfg(unix)]
pub mod forward;
#[cfg(unix)]
pub mod host;
mod pair;
mod rotate;
mod sessions;
mod status;
mod unpair;

use super::cli::{ClientCommand, TargetArgs};
use super::console::Console;
use super::failure::{Failure, of_credentials, of_target};
use crate::app::client::rotate::settle;
use crate::app::client::target::{self, Target};
use crate::ports::clock::Clock;
use crate::ports::credential_store::CredentialStore;
use crate::ports::daemon_api::DaemonApi;
use crate::ports::prompter::Prompter;
use crate::ports::rng::Rng;
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
    /// What handshakes are made from.
    pub rng: &'a dyn Rng,
    /// The endpoint that the environment names.
    pub environment_endpoint: Option<String>,
    /// The machine's own name.
    pub host_name: String,
}

impl ClientPorts<'_> {
    fn target(&self, args: &TargetArgs) -> Result<Target, Failure> {
        let environment = self.environment_endpoint.as_deref();
        let target = match &args.daemon {
            Some(typed) => target::resolve_named(typed, self.credentials),
            None => target::resolve(environment, self.credentials, self.settings),
        };
        target.map_err(of_target)
    }

    /// The target, after a rotation of its credential that was interrupted has come to its end.
    async fn settled_target(&self, args: &TargetArgs) -> Result<Target, Failure> {
        settle(self.api, self.credentials, self.target(args)?).await.map_err(of_credentials)
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
        ClientCommand::Daemons(args) => daemons::list(&args, &ports, console),
        ClientCommand::Use(args) => daemons::choose(&args, &ports, console),
        ClientCommand::Rotate(args) => rotate::run(&args, &ports, console).await,
        ClientCommand::Status(args) => status::run(&args, &ports, console).await,
    }
}

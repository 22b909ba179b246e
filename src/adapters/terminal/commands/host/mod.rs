//! The commands of the host.

mod agent_key;
mod devices;
mod init;
mod keys;
mod lifecycle;
mod lockouts;
mod logs;
mod metrics;
mod pairing;
mod service;
mod setup;
mod up;

use std::path::Path;

pub use self::agent_key::AgentKeyPorts;
pub use self::init::run as run_init;
pub use self::service::ServicePorts;
pub use self::up::run as run_up;
use crate::adapters::terminal::cli::host::OperateCommand;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::Failure;
use crate::ports::consent::Consent;
use crate::ports::control_channel::ControlChannel;
use crate::ports::daemon_api::DaemonApi;
use crate::ports::daemon_process::DaemonProcess;
use crate::ports::settings_store::SettingsStore;
use crate::ports::wizard::Wizard;

/// What the commands of the host stand on.
pub struct HostPorts<'a> {
    /// The daemon's routes, as clients reach them.
    pub api: &'a dyn DaemonApi,
    /// The operator's channel.
    pub control: &'a dyn ControlChannel,
    /// The daemon as a process.
    pub process: &'a dyn DaemonProcess,
    /// The daemon as a service.
    pub service: ServicePorts<'a>,
    /// The configuration.
    pub settings: &'a dyn SettingsStore,
    /// Who says yes to a device.
    pub consent: &'a dyn Consent,
    /// Who answers the questions of the setup.
    pub wizard: &'a mut dyn Wizard,
    /// The key of the agent's provider.
    pub agent_key: AgentKeyPorts<'a>,
    /// The log of a daemon in the background.
    pub log_file: &'a Path,
}

/// Runs a command of the operator.
///
/// # Errors
///
/// [`Failure`], to be printed; its exit code is the command's.
pub async fn run_operate(
    command: OperateCommand,
    ports: HostPorts<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let HostPorts { api, control, process, service, consent, agent_key, log_file, .. } = ports;
    match command {
        OperateCommand::AgentKey(args) => agent_key::run(&args, agent_key, process, console),
        OperateCommand::Start(args) => lifecycle::start(args.credential(), control, process, service, console).await,
        OperateCommand::Stop => lifecycle::stop(control, process, service, console).await,
        OperateCommand::Restart => lifecycle::restart(control, process, service, console).await,
        OperateCommand::Status(args) => lifecycle::status(&args, control, console).await,
        OperateCommand::Pair(args) => pairing::run(&args, control, api, consent, console).await,
        OperateCommand::Devices(args) => devices::run(args, control, console).await,
        OperateCommand::Lockouts(args) => lockouts::run(args, control, console).await,
        OperateCommand::Keys(args) => keys::run(args, control, console).await,
        OperateCommand::Metrics => metrics::run(control, console).await,
        OperateCommand::Logs(args) => logs::run(&args, log_file, service.manager, console).await,
        OperateCommand::Install(args) => service::install(args, ports, console).await,
        OperateCommand::Uninstall(args) => service::uninstall(args, ports, console).await,
    }
}

//! The commands of the host.

use netclaw::adapters::file::home::Home;
use netclaw::adapters::terminal::cli::host::{DaemonCommand, HostCommand};
use netclaw::adapters::terminal::commands::host::{HostPorts, run_operate, run_up};
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::{Exit, Failure};
use netclaw::adapters::terminal::prompter;
use netclaw::ports::control_channel::ControlChannel;
use netclaw::ports::daemon_process::DaemonProcess;

use super::{block_on, home, shared};

/// Runs a command with the real adapters.
pub fn run(command: HostCommand, console: &mut Console<'_>) -> Result<(), Failure> {
    match command {
        HostCommand::Daemon { command: DaemonCommand::Run(args) } => run_daemon(&home()?, args.background),
        HostCommand::Daemon { command: DaemonCommand::Operate(command) } => {
            with_ports(async |ports| run_operate(command, ports, console).await)
        }
        HostCommand::Up(args) => with_ports(async |ports| run_up(args, ports, console).await),
    }
}

fn with_ports(command: impl AsyncFnOnce(HostPorts<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
    let home = home()?;
    let (control, process) = (control_channel(&home)?, daemon_process(&home)?);
    let settings = shared::settings_store(&home);
    let ports = HostPorts {
        control: control.as_ref(),
        process: process.as_ref(),
        settings: settings.as_ref(),
        prompter: &mut prompter::of_process(),
        log_file: &home.log_file(),
    };
    block_on(command(ports))
}

/// The operator's channel to the daemon of this home.
fn control_channel(_home: &Home) -> Result<Box<dyn ControlChannel>, Failure> {
    Err(not_wired())
}

/// The daemon of this home as a process.
fn daemon_process(_home: &Home) -> Result<Box<dyn DaemonProcess>, Failure> {
    Err(not_wired())
}

/// Runs the daemon until it is told to end.
fn run_daemon(_home: &Home, _background: bool) -> Result<(), Failure> {
    Err(not_wired())
}

fn not_wired() -> Failure {
    Failure::new(Exit::Failed, "this build has no daemon")
}

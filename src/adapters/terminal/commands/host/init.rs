//! `netclaw init`

use super::{HostPorts, ServicePorts, lifecycle, setup};
use crate::adapters::terminal::cli::host::InitArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Failure, of_setup};
use crate::app::host::setup::{Outcome, Purpose, Setup};
use crate::ports::control_channel::ControlChannel;
use crate::ports::daemon_process::{DaemonProcess, HostCredential};

/// Asks what is not given as a flag, writes the configuration, and leaves a daemon that runs with it. Devices stay as they
/// are.
///
/// # Errors
///
/// [`Failure`], to be printed; its exit code is the command's.
pub async fn run(args: InitArgs, ports: HostPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let HostPorts { control, process, service, settings, wizard, .. } = ports;
    let request = setup::request(args.setup, Purpose::Init { is_running: process.running().is_some() });
    let outcome = Setup { settings, wizard }.by_questions(&request).map_err(of_setup)?;
    if outcome.was_written || outcome.install_service {
        let started = run_daemon(&outcome, control, process, service, console).await;
        setup::after(&outcome, started)?;
        show_next_commands(&outcome, console)?;
    } else {
        console.result("Nothing to change: the configuration is as asked for.")?;
        if process.running().is_none() {
            console.hint("the daemon is not running; start it with: netclaw daemon start");
        }
    }
    Ok(())
}

async fn run_daemon(
    outcome: &Outcome,
    control: &dyn ControlChannel,
    process: &dyn DaemonProcess,
    service: ServicePorts<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let is_new = outcome.was_written && outcome.is_effective;
    let no_service = match outcome.install_service {
        true => match setup::install_service(control, process, service, console).await {
            // One that ran already has not read what was written since.
            Ok(installed) if installed.was_running && is_new => None,
            Ok(_) => return Ok(()),
            Err(failure) => Some(failure),
        },
        false => None,
    };
    if process.running().is_some() && is_new {
        console.note("The daemon runs with the old configuration and is restarted.");
        lifecycle::restart(control, process, service, console).await?;
    } else {
        lifecycle::start(HostCredential::AsFound, control, process, service, console).await?;
    }
    no_service.map_or(Ok(()), |failure| Err(setup::in_background_instead(failure)))
}

fn show_next_commands(outcome: &Outcome, console: &mut Console<'_>) -> Result<(), Failure> {
    if let Some(command) = outcome.tunnel_command() {
        console.result(format_args!("To let clients in through the tunnel, run:\n{command}"))?;
    }
    if outcome.wants_agent_key() {
        console.hint("if the agent's provider wants a key: netclaw daemon agent-key");
    }
    console.result("To pair a device, run:\nnetclaw daemon pair")
}

//! `netclaw daemon start`, `stop`, `restart`, `status`

use std::time::Duration;

use crate::adapters::terminal::cli::host::JsonArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, not_running, of_control, of_start};
use crate::adapters::terminal::render::daemon;
use crate::ports::control_channel::{ControlChannel, ControlError};
use crate::ports::daemon_process::{DaemonProcess, HostCredential, StartError};

/// How long `stop` waits. Longer than the daemon takes to drain.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn start(
    credential: HostCredential,
    control: &dyn ControlChannel,
    process: &dyn DaemonProcess,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    if let Some(pid) = process.running() {
        return already_running(pid, credential, console);
    }
    start_now(credential, process, console).await?;
    console.result(match control.status().await {
        Ok(report) => format!("The daemon is running at {} (pid {}).", report.listening, report.pid),
        Err(_) => "The daemon is running.".to_owned(),
    })
}

fn already_running(pid: u32, credential: HostCredential, console: &mut Console<'_>) -> Result<(), Failure> {
    match credential {
        HostCredential::AsFound => console.result(format_args!("The daemon is already running (pid {pid}).")),
        HostCredential::Renewed => {
            let message = format!("the daemon is already running (pid {pid}), and --recover is for its start");
            Err(Failure::new(Exit::Failed, message).hint("stop it first with: netclaw daemon stop"))
        }
    }
}

/// Starts a daemon that does not run. The log of a failed start is shown before its error.
pub(super) async fn start_now(
    credential: HostCredential,
    process: &dyn DaemonProcess,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    console.progress("Starting the daemon …");
    let started = process.start(credential).await;
    console.end_progress();
    started.map_err(|error| {
        if let StartError::Ended { log, .. } = &error {
            log.iter().for_each(|line| console.note(line));
        }
        of_start(error)
    })
}

pub(super) async fn stop(
    control: &dyn ControlChannel,
    process: &dyn DaemonProcess,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match stop_now(control, process, console).await? {
        true => console.result("The daemon has stopped."),
        false => console.result("The daemon is not running."),
    }
}

pub(super) async fn restart(
    control: &dyn ControlChannel,
    process: &dyn DaemonProcess,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match stop_now(control, process, console).await? {
        true => console.note("The daemon has stopped."),
        false => console.note("The daemon was not running."),
    }
    start(HostCredential::AsFound, control, process, console).await
}

pub(super) async fn status(
    args: &JsonArgs,
    control: &dyn ControlChannel,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match control.status().await {
        Ok(report) if args.json => console.json(&daemon::document(&report)),
        Ok(report) => daemon::lines(&report).iter().try_for_each(|line| console.result(line)),
        Err(ControlError::NotRunning) if args.json => {
            console.json(&daemon::not_running_document())?;
            Err(not_running())
        }
        Err(error) => Err(of_control(error)),
    }
}

/// Stops the daemon and waits until it is gone. `false` when it did not run.
async fn stop_now(
    control: &dyn ControlChannel,
    process: &dyn DaemonProcess,
    console: &mut Console<'_>,
) -> Result<bool, Failure> {
    let Some(pid) = process.running() else { return Ok(false) };
    match control.stop().await {
        // It may be on its way out already, with the socket gone and the lock still held.
        Ok(()) | Err(ControlError::NotRunning) => {}
        Err(error) => return Err(of_control(error)),
    }
    console.progress("Waiting for the daemon to end …");
    let is_gone = process.wait_until_gone(STOP_PATIENCE).await;
    console.end_progress();
    if is_gone {
        return Ok(true);
    }
    let message = format!("the daemon (pid {pid}) still runs after {} seconds", STOP_PATIENCE.as_secs());
    Err(Failure::new(Exit::Failed, message)
        .hint("look at its log: netclaw daemon logs")
        .hint(format!("or end it the hard way: kill -9 {pid}")))
}

//! `netclaw daemon start`, `stop`, `restart`, `status`

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::ServicePorts;
use crate::adapters::terminal::cli::host::JsonArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, not_running, of_control, of_service, of_start};
use crate::adapters::terminal::render::daemon;
use crate::ports::control_channel::{ControlChannel, ControlError};
use crate::ports::daemon_process::{DaemonProcess, HostCredential, StartError};
use crate::ports::service_manager::Scope;

/// How long `stop` waits. Longer than the daemon takes to drain.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// How long a daemon that has its lock may take until it answers. Longer than a tunnel takes to say how it is.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// How often such a daemon is asked again.
const ASK_EVERY: Duration = Duration::from_millis(50);

pub(super) async fn start(
    credential: HostCredential,
    control: &dyn ControlChannel,
    process: &dyn DaemonProcess,
    service: ServicePorts<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let running = match process.running() {
        None => start_or_find(credential, process, service, console).await?,
        running => running,
    };
    if let Some(pid) = running {
        until_it_answers(control, process).await;
        return already_running(pid, credential, console);
    }
    console.result(match control.status().await {
        Ok(report) => format!("The daemon is running at {} (pid {}).", report.listening, report.pid),
        Err(_) => "The daemon is running.".to_owned(),
    })
}

fn already_running(pid: u32, credential: HostCredential, console: &mut Console<'_>) -> Result<(), Failure> {
    let pid = in_brackets(pid);
    match credential {
        HostCredential::AsFound => console.result(format_args!("The daemon is already running{pid}.")),
        HostCredential::Renewed => {
            let message = format!("the daemon is already running{pid}, and --recover is for its start");
            Err(Failure::new(Exit::Failed, message).hint("stop it first with: netclaw daemon stop"))
        }
    }
}

/// Starts a daemon that does not run.
pub(super) async fn start_now(
    credential: HostCredential,
    process: &dyn DaemonProcess,
    service: ServicePorts<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    start_or_find(credential, process, service, console).await.map(drop)
}

/// Starts a daemon, as the service of this home if there is one, else in the background; or finds the one of another
/// command that was faster: a home has one daemon, whoever started it.
async fn start_or_find(
    credential: HostCredential,
    process: &dyn DaemonProcess,
    service: ServicePorts<'_>,
    console: &mut Console<'_>,
) -> Result<Option<u32>, Failure> {
    match (service.manager.installed(), credential) {
        (None, _) => start_in_background(credential, process, console).await,
        (Some(scope), HostCredential::AsFound) => start_as_service(scope, service, console).await.map(|()| None),
        (Some(_), HostCredential::Renewed) => {
            // The command line of a service is in its unit, and must not renew a credential at every boot.
            let found = start_in_background(credential, process, console).await?;
            console.hint("it runs in the background now; to go on as the service: netclaw daemon restart");
            Ok(found)
        }
    }
}

async fn start_as_service(scope: Scope, service: ServicePorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    service.warn_of_variables(console);
    console.progress("Starting the service …");
    let started = service.manager.start(scope).await;
    console.end_progress();
    started.map_err(|error| of_service(&error, scope, "sudo systemctl start netclaw"))?;
    console.note("Started by systemd, as the service netclaw.");
    Ok(())
}

async fn start_in_background(
    credential: HostCredential,
    process: &dyn DaemonProcess,
    console: &mut Console<'_>,
) -> Result<Option<u32>, Failure> {
    console.progress("Starting the daemon …");
    let started = process.start(credential).await;
    console.end_progress();
    let Err(error) = started else { return Ok(None) };
    if let StartError::Ended { log, .. } = &error {
        if let Some(pid) = process.running() {
            return Ok(Some(pid));
        }
        log.iter().for_each(|line| console.note(line));
    }
    Err(of_start(error))
}

/// Waits for a daemon that has its lock and no socket yet, until it answers, has ended again or takes too long.
pub(super) async fn until_it_answers(control: &dyn ControlChannel, process: &dyn DaemonProcess) {
    let _ = retry_at_start(process, || control.status()).await;
}

/// Repeats a request to a daemon that has its lock and does not answer: it may be starting.
async fn retry_at_start<'a, T>(
    process: &dyn DaemonProcess,
    request: impl Fn() -> BoxFuture<'a, Result<T, ControlError>>,
) -> Result<T, ControlError> {
    let mut patience = START_PATIENCE;
    loop {
        match request().await {
            Err(ControlError::NotRunning) if !patience.is_zero() && process.running().is_some() => {
                tokio::time::sleep(ASK_EVERY).await;
                patience = patience.saturating_sub(ASK_EVERY);
            }
            answer => return answer,
        }
    }
}

/// A process id as it follows the daemon's name, unless it is not known.
fn in_brackets(pid: u32) -> String {
    if pid == 0 { String::new() } else { format!(" (pid {pid})") }
}

pub(super) async fn stop(
    control: &dyn ControlChannel,
    process: &dyn DaemonProcess,
    service: ServicePorts<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let has_stopped = stop_now(control, process, console).await?;
    // One that cannot start does not run most of the time, and would without this once its cause is mended.
    let has_given_up = give_up(service).await?;
    console.result(match (has_stopped, has_given_up) {
        (true, _) => "The daemon has stopped.",
        (false, true) => "The daemon was not running, and the service does not try to start it any more.",
        (false, false) => "The daemon is not running.",
    })
}

/// Ends the attempts of the service to start the daemon, if it makes any.
async fn give_up(service: ServicePorts<'_>) -> Result<bool, Failure> {
    let Some(scope) = service.manager.installed() else { return Ok(false) };
    let given_up = service.manager.give_up(scope).await;
    given_up.map_err(|error| of_service(&error, scope, "sudo systemctl stop netclaw"))
}

/// Fails when only root could start the service again. Its own user may stop the daemon, and would be left without one.
fn check_may_start(service: ServicePorts<'_>) -> Result<(), Failure> {
    let Some(scope) = service.manager.installed() else { return Ok(()) };
    let allowed = service.manager.check_permission(scope);
    allowed.map_err(|error| of_service(&error, scope, "sudo systemctl restart netclaw"))
}

pub(super) async fn restart(
    control: &dyn ControlChannel,
    process: &dyn DaemonProcess,
    service: ServicePorts<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    check_may_start(service)?;
    match stop_now(control, process, console).await? {
        true => console.note("The daemon has stopped."),
        false => console.note("The daemon was not running."),
    }
    start(HostCredential::AsFound, control, process, service, console).await
}

pub(super) async fn status(
    args: &JsonArgs,
    control: &dyn ControlChannel,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match control.status().await {
        Ok(report) => {
            // A daemon of an older version does not tell them.
            let keys = control.keys().await.ok();
            match args.json {
                true => console.json(&daemon::document(&report, keys.as_ref())),
                false => {
                    let lines = daemon::lines(&report, keys.as_ref());
                    lines.iter().try_for_each(|line| console.result(line))
                }
            }
        }
        Err(ControlError::NotRunning) if args.json => {
            console.json(&daemon::not_running_document())?;
            Err(not_running())
        }
        Err(error) => Err(of_control(error)),
    }
}

/// Stops the daemon and waits until it is gone. `false` when it did not run.
pub(super) async fn stop_now(
    control: &dyn ControlChannel,
    process: &dyn DaemonProcess,
    console: &mut Console<'_>,
) -> Result<bool, Failure> {
    if process.running().is_none() {
        return Ok(false);
    }
    console.progress("Waiting for the daemon to end …");
    let is_gone = match retry_at_start(process, || control.stop()).await {
        // It has ended by itself, or is about to, with the socket gone and the lock still held.
        Ok(()) | Err(ControlError::NotRunning) => Ok(process.wait_until_gone(STOP_PATIENCE).await),
        Err(error) => Err(of_control(error)),
    };
    console.end_progress();
    if is_gone? {
        return Ok(true);
    }
    // Asked anew, because the one of before may have had a successor.
    let pid = process.running().unwrap_or_default();
    let message = format!("the daemon{} still runs after {} seconds", in_brackets(pid), STOP_PATIENCE.as_secs());
    let failure = Failure::new(Exit::Failed, message).hint("look at its log: netclaw daemon logs");
    Err(match pid {
        0 => failure.hint("find its process with: pgrep -af netclaw"),
        pid => failure
            .hint(format!("or ask its process to end: kill {pid}"))
            .hint(format!("or, when nothing else helps, end it at once: kill -9 {pid}")),
    })
}

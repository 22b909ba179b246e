//! What `netclaw init` and `netclaw up` have in common: the flags, and a start after something was written.

use super::{ServicePorts, lifecycle, service};
use crate::adapters::terminal::cli::host::SetupArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::Failure;
use crate::app::host::setup::{Outcome, Purpose, SetupRequest};
use crate::ports::control_channel::ControlChannel;
use crate::ports::daemon_process::DaemonProcess;
use crate::ports::service_manager::{Installed, ServiceRequest};

pub(super) fn request(args: SetupArgs, purpose: Purpose) -> SetupRequest {
    SetupRequest { yes: args.yes, answers: args.into(), purpose }
}

/// Adds to a start that failed that the configuration is there, so that nobody writes it again.
pub(super) fn after(outcome: &Outcome, started: Result<(), Failure>) -> Result<(), Failure> {
    started.map_err(|failure| match outcome.was_written {
        true => failure.hint("the configuration is written; with the cause mended, run: netclaw daemon start"),
        false => failure,
    })
}

/// Makes the daemon start with the machine from now on. One in the background makes way for it, unless there can be no
/// service.
pub(super) async fn install_service(
    control: &dyn ControlChannel,
    process: &dyn DaemonProcess,
    service: ServicePorts<'_>,
    console: &mut Console<'_>,
) -> Result<Installed, Failure> {
    let request = ServiceRequest { scope: service.manager.usual_scope(), run_as: None };
    // A daemon that runs in it would be stopped for a service that cannot be.
    service::check_other_service(request.scope, service.manager)?;
    let in_service = service.manager.running(request.scope).await;
    if process.running().is_some_and(|pid| in_service.is_ok_and(|in_service| in_service != Some(pid))) {
        console.note("The daemon in the background makes way for the service.");
        lifecycle::stop_now(control, process, console).await?;
    }
    service::install_now(&request, process, service, console).await
}

/// Adds to the failure of a service that the daemon runs nevertheless.
pub(super) fn in_background_instead(failure: Failure) -> Failure {
    failure.hint("until then the daemon runs in the background")
}

//! `netclaw up`

use super::{HostPorts, lifecycle, pairing, setup};
use crate::adapters::terminal::cli::host::UpArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Failure, of_control, of_setup};
use crate::app::host::setup::{Purpose, Setup};
use crate::domain::terms::Terms;
use crate::ports::daemon_process::HostCredential;

/// Makes sure that this host is configured and its daemon runs, then opens a pairing.
///
/// # Errors
///
/// [`Failure`], to be printed; its exit code is the command's.
pub async fn run(args: UpArgs, ports: HostPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let HostPorts { control, process, service, settings, wizard, api, .. } = ports;
    let request = setup::request(args.setup, Purpose::Up);
    let outcome = Setup { settings, wizard }.by_flags(&request).map_err(of_setup)?;
    let installed = match outcome.install_service {
        true => Some(setup::install_service(control, process, service, console).await),
        false => None,
    };
    match process.running() {
        // It was started after the configuration was written.
        Some(_) if matches!(&installed, Some(Ok(installed)) if !installed.was_running) => {}
        None => {
            let started = lifecycle::start_now(HostCredential::AsFound, process, service, console).await;
            setup::after(&outcome, started)?;
        }
        Some(_) if outcome.was_written && outcome.is_effective => {
            console
                .hint("the daemon still runs with the old configuration; to apply the new one: netclaw daemon restart");
        }
        Some(_) => {}
    }
    lifecycle::until_it_answers(control, process).await;
    let opened = control.open_pairing(&Terms::default()).await.map_err(of_control)?;
    pairing::show(&opened, control, api, console).await?;
    installed.transpose().map(drop).map_err(setup::in_background_instead)
}

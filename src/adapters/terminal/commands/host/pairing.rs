//! `netclaw daemon pair`

use std::time::Duration;

use crate::adapters::terminal::cli::host::OpenPairingArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, of_control};
use crate::adapters::terminal::render::pairing;
use crate::domain::endpoint::Endpoint;
use crate::domain::link::Link;
use crate::domain::session::{Generation, Phase};
use crate::ports::control_channel::{ControlChannel, OpenedPairing, PairingOutcome};
use crate::ports::daemon_api::DaemonApi;

/// How often `--wait` asks. Fast enough for the countdown and for whoever watches both machines.
const ASK_EVERY: Duration = Duration::from_millis(500);

pub(super) async fn run(
    args: &OpenPairingArgs,
    control: &dyn ControlChannel,
    api: &dyn DaemonApi,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let opened = control.open_pairing(&args.terms()).await.map_err(of_control)?;
    if args.json {
        let doubt = doubt(&opened.endpoint, control, api).await;
        return console.json(&pairing::document(&opened, doubt));
    }
    show(&opened, control, api, console).await?;
    if args.wait { wait(control, opened.generation, console).await } else { Ok(()) }
}

/// Prints the four lines, and what to know about the endpoint.
pub(super) async fn show(
    opened: &OpenedPairing,
    control: &dyn ControlChannel,
    api: &dyn DaemonApi,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    pairing::lines(opened).iter().try_for_each(|line| console.result(line))?;
    pairing::notes(&opened.terms).iter().for_each(|note| console.note(format_args!("note: {note}")));
    opened.caveats.iter().for_each(|caveat| console.note(format_args!("note: {caveat}")));
    console.progress("Asking the endpoint whether it leads here …");
    let doubt = doubt(&opened.endpoint, control, api).await;
    console.end_progress();
    if let Some(doubt) = doubt {
        console.note(format_args!("note: {} (not verified: {doubt})", opened.endpoint));
        console.hint("the code is good; find out what is wrong with the way to this host with: netclaw doctor");
    }
    Ok(())
}

/// Why it is not certain that the endpoint leads to this daemon.
async fn doubt(endpoint: &Endpoint, control: &dyn ControlChannel, api: &dyn DaemonApi) -> Option<String> {
    let beacon = match control.open_beacon().await {
        Ok(beacon) => beacon,
        Err(error) => return Some(error.to_string()),
    };
    api.sight(&Link::of_endpoint(endpoint), &beacon).await.err().map(|error| error.to_string())
}

async fn wait(control: &dyn ControlChannel, generation: Generation, console: &mut Console<'_>) -> Result<(), Failure> {
    let outcome = loop {
        let outcome = control.pairing_outcome(generation).await.map_err(of_control);
        match outcome.as_ref().ok().and_then(pairing::progress) {
            Some(line) => console.progress(line),
            None => break outcome,
        }
        tokio::time::sleep(ASK_EVERY).await;
    };
    console.end_progress();
    let again = |message: &str| {
        Err(Failure::new(Exit::Failed, message).hint("for another code, run: netclaw daemon pair --wait"))
    };
    match outcome? {
        PairingOutcome::Paired(device) => console.result(format_args!("Paired: \"{}\" ({})", device.name, device.id)),
        PairingOutcome::Phase(Phase::Paired { device }) => console.result(format_args!("Paired: {device}")),
        PairingOutcome::Phase(Phase::Expired | Phase::Waiting { .. }) => again("the pairing code has expired"),
        PairingOutcome::Phase(Phase::Exhausted) => again("the pairing code was ended by too many wrong codes"),
        PairingOutcome::Replaced => again("the pairing code was replaced by a newer one"),
    }
}

//! `netclaw daemon pair`

use std::time::Duration;

use crate::adapters::terminal::cli::host::OpenPairingArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, of_control};
use crate::adapters::terminal::render::pairing;
use crate::domain::session::{Generation, Phase};
use crate::ports::control_channel::{ControlChannel, OpenedPairing, PairingOutcome};

/// How often `--wait` asks. Fast enough for the countdown and for whoever watches both machines.
const ASK_EVERY: Duration = Duration::from_millis(500);

pub(super) async fn run(
    args: &OpenPairingArgs,
    control: &dyn ControlChannel,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let opened = control.open_pairing().await.map_err(of_control)?;
    if args.json {
        return console.json(&pairing::document(&opened));
    }
    show(&opened, console)?;
    if args.wait { wait(control, opened.generation, console).await } else { Ok(()) }
}

/// Prints the four lines, and what to know when the endpoint works on this machine only.
pub(super) fn show(opened: &OpenedPairing, console: &mut Console<'_>) -> Result<(), Failure> {
    pairing::lines(opened).iter().try_for_each(|line| console.result(line))?;
    if let Some(caveat) = &opened.caveat {
        console.note(format_args!("note: {caveat}"));
    }
    Ok(())
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

//! `netclaw daemon pair`

use std::time::Duration;

use crate::adapters::platform::colours;
use crate::adapters::terminal::cli::host::OpenPairingArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, of_control, of_prompt};
use crate::adapters::terminal::render::{pairing, qr};
use crate::domain::endpoint::Endpoint;
use crate::domain::link::Link;
use crate::domain::pairing_link::PairingLink;
use crate::domain::session::{Generation, Phase};
use crate::ports::consent::Consent;
use crate::ports::control_channel::{ControlChannel, OpenedPairing, PairingOutcome};
use crate::ports::daemon_api::DaemonApi;

/// After who asks to be paired.
const QUESTION: &str = "Does the device show the same words, and is it yours? Pair it? [y/N] ";

/// How often `--wait` asks. Fast enough for the countdown and for whoever watches both machines.
const ASK_EVERY: Duration = Duration::from_millis(500);

pub(super) async fn run(
    args: &OpenPairingArgs,
    control: &dyn ControlChannel,
    api: &dyn DaemonApi,
    consent: &dyn Consent,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let generation = if args.link || args.qr {
        let opened = control.open_link(&args.terms()).await.map_err(of_control)?;
        if args.json {
            let doubt = doubt(&opened.endpoint, control, api).await;
            return console.json(&pairing::link_document(&opened, doubt));
        }
        pairing::link_lines(&opened).iter().try_for_each(|line| console.result(line))?;
        if args.qr {
            draw(&opened, console);
        }
        remark(&opened, control, api, console).await;
        opened.generation
    } else {
        let opened = control.open_pairing(&args.terms()).await.map_err(of_control)?;
        if args.json {
            let doubt = doubt(&opened.endpoint, control, api).await;
            return console.json(&pairing::document(&opened, doubt));
        }
        show(&opened, control, api, console).await?;
        opened.generation
    };
    match (args.confirm, args.wait) {
        (true, _) => confirm(control, generation, consent, console).await,
        (false, true) => wait(control, generation, console).await,
        (false, false) => Ok(()),
    }
}

/// Draws the link beside the result, which is the link itself.
fn draw(opened: &OpenedPairing<PairingLink>, console: &mut Console<'_>) {
    match qr::lines(&opened.code.reveal(), colours::are_wanted(console.err_is_terminal)) {
        Some(lines) => lines.iter().for_each(|line| console.note(line)),
        None => console.note("note: the link is too long for a QR code"),
    }
}

/// Prints the four lines, and what to know about the endpoint.
pub(super) async fn show(
    opened: &OpenedPairing,
    control: &dyn ControlChannel,
    api: &dyn DaemonApi,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    pairing::lines(opened).iter().try_for_each(|line| console.result(line))?;
    remark(opened, control, api, console).await;
    Ok(())
}

/// Tells what to know about the terms and the endpoint.
async fn remark<S: Sync>(
    opened: &OpenedPairing<S>,
    control: &dyn ControlChannel,
    api: &dyn DaemonApi,
    console: &mut Console<'_>,
) {
    pairing::notes(&opened.terms).iter().for_each(|note| console.note(format_args!("note: {note}")));
    opened.caveats.iter().for_each(|caveat| console.note(format_args!("note: {caveat}")));
    console.progress("Asking the endpoint whether it leads here …");
    let doubt = doubt(&opened.endpoint, control, api).await;
    console.end_progress();
    if let Some(doubt) = doubt {
        console.note(format_args!("note: {} (not verified: {doubt})", opened.endpoint));
        console.hint("the code is good; find out what is wrong with the way to this host with: netclaw doctor");
    }
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
        match outcome.as_ref().ok().and_then(|outcome| pairing::progress(outcome, false)) {
            Some(line) => console.progress(line),
            None => break outcome,
        }
        tokio::time::sleep(ASK_EVERY).await;
    };
    console.end_progress();
    ended(outcome?, "netclaw daemon pair --wait", console)
}

/// Waits for a device, asks about it, and waits for it to be paired. All the while the daemon is told that the operator is
/// there.
async fn confirm(
    control: &dyn ControlChannel,
    generation: Generation,
    consent: &dyn Consent,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    // A device that has to choose another name is asked about again.
    loop {
        let outcome = until_asked(control, generation, console).await?;
        let PairingOutcome::Asking { applicant, .. } = outcome else {
            return ended(outcome, "netclaw daemon pair --confirm", console);
        };
        pairing::applicant(&applicant).iter().for_each(|line| console.note(line));
        let question = consent.agrees(QUESTION);
        let answer = tokio::select! {
            answer = question => answer,
            over = until_over(control, generation) => {
                if console.err_is_terminal {
                    console.note("");
                }
                return ended(over?, "netclaw daemon pair --confirm", console);
            }
        };
        let agrees = matches!(answer, Ok(true));
        let was_in_time = control.decide_pairing(generation, agrees).await.map_err(of_control)?;
        match answer {
            // Whoever cannot answer has not agreed.
            Err(error) => return Err(of_prompt(error).hint("the device was refused, and the code is spent")),
            Ok(false) if was_in_time => {
                return ended(PairingOutcome::Phase(Phase::Refused), "netclaw daemon pair --confirm", console);
            }
            Ok(_) => {}
        }
    }
}

/// Waits until there is something to ask, or nothing to wait for.
async fn until_asked(
    control: &dyn ControlChannel,
    generation: Generation,
    console: &mut Console<'_>,
) -> Result<PairingOutcome, Failure> {
    let outcome = loop {
        let outcome = control.pairing_outcome(generation).await.map_err(of_control);
        match outcome.as_ref().ok().filter(|outcome| !matches!(outcome, PairingOutcome::Asking { .. })) {
            Some(waiting) => match pairing::progress(waiting, true) {
                Some(line) => console.progress(line),
                None => break outcome,
            },
            None => break outcome,
        }
        tokio::time::sleep(ASK_EVERY).await;
    };
    console.end_progress();
    outcome
}

/// Waits until the question needs no answer any more.
async fn until_over(control: &dyn ControlChannel, generation: Generation) -> Result<PairingOutcome, Failure> {
    loop {
        tokio::time::sleep(ASK_EVERY).await;
        match control.pairing_outcome(generation).await.map_err(of_control)? {
            PairingOutcome::Asking { .. } => {}
            over => return Ok(over),
        }
    }
}

/// What became of the session. `again` is the command that opens another.
fn ended(outcome: PairingOutcome, again: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    let again =
        |message: &str| Err(Failure::new(Exit::Failed, message).hint(format!("for another code, run: {again}")));
    match outcome {
        PairingOutcome::Paired(device) => console.result(format_args!("Paired: \"{}\" ({})", device.name, device.id)),
        PairingOutcome::Phase(Phase::Paired { device }) => console.result(format_args!("Paired: {device}")),
        PairingOutcome::Phase(Phase::Refused) => {
            again("the device was refused: nothing was stored, and the code is spent, because someone else may have it")
        }
        PairingOutcome::Phase(Phase::Expired | Phase::Waiting { .. } | Phase::Asking { .. })
        | PairingOutcome::Asking { .. } => again("the pairing code has expired"),
        PairingOutcome::Phase(Phase::Exhausted) => again("the pairing code was ended by too many wrong codes"),
        PairingOutcome::Replaced => again("the pairing code was replaced by a newer one"),
    }
}

//! `netclaw daemon keys`, `rotate`

use crate::adapters::terminal::cli::host::{KeysArgs, KeysCommand};
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Failure, not_yet, of_control};
use crate::adapters::terminal::render::{keys, span};
use crate::domain::key_rotation::{NOTICE, Urgency};
use crate::ports::control_channel::{ControlChannel, KeyReport, RotationOutcome};

pub(super) async fn run(
    args: KeysArgs,
    control: &dyn ControlChannel,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match args.command {
        None => show(args.json, control, console).await,
        Some(KeysCommand::Rotate { switch }) => {
            let urgency = if switch { Urgency::Now } else { Urgency::InTime };
            match control.rotate_keys(urgency).await.map_err(of_control)? {
                RotationOutcome::Announced(next) => announced(&next, console),
                RotationOutcome::Switched(current) => switched(&current, console),
                RotationOutcome::NotYet(why) => Err(not_yet(why)),
            }
        }
    }
}

async fn show(json: bool, control: &dyn ControlChannel, console: &mut Console<'_>) -> Result<(), Failure> {
    let report = control.keys().await.map_err(of_control)?;
    if json {
        return console.json(&keys::document(&report));
    }
    keys::lines(&report).iter().try_for_each(|line| console.result(line))
}

fn announced(next: &KeyReport, console: &mut Console<'_>) -> Result<(), Failure> {
    console.result(format_args!("Announced the next key: {}", next.pin))?;
    console.hint("each device learns of it with its next status; who has not by the switch has to pair again");
    console.hint(format_args!("switch in {} with: netclaw daemon keys rotate", span::in_words(NOTICE)));
    Ok(())
}

fn switched(current: &KeyReport, console: &mut Console<'_>) -> Result<(), Failure> {
    console.result(format_args!("Switched to the key {}", current.pin))
}

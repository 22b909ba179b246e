//! `netclaw daemon lockouts`, `clear`

use crate::adapters::terminal::cli::host::{LockoutsArgs, LockoutsCommand};
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Failure, of_control};
use crate::adapters::terminal::render::{lockouts, span};
use crate::ports::control_channel::ControlChannel;

pub(super) async fn run(
    args: LockoutsArgs,
    control: &dyn ControlChannel,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match args.command {
        None => list(args.json, control, console).await,
        Some(LockoutsCommand::Clear { address }) => {
            let lifted = control.clear_lockouts(address).await.map_err(of_control)?;
            console.result(match (lifted, address) {
                (0, Some(address)) => format!("{address} is not blocked."),
                (0, None) => "No address is blocked.".to_owned(),
                (lifted, _) => format!("Lifted {}.", span::count(lifted, "block")),
            })
        }
    }
}

async fn list(json: bool, control: &dyn ControlChannel, console: &mut Console<'_>) -> Result<(), Failure> {
    let all = control.lockouts().await.map_err(of_control)?;
    if json {
        return console.json(&lockouts::document(&all));
    }
    lockouts::lines(&all).iter().try_for_each(|line| console.result(line))
}

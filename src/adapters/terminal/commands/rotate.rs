//! `netclaw rotate`

use super::ClientPorts;
use crate::adapters::terminal::cli::RotateArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Failure, of_rotate};
use crate::adapters::terminal::render::rotated;
use crate::app::client::rotate::rotate;

pub(super) async fn run(args: &RotateArgs, ports: &ClientPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let target = ports.settled_target(&args.target).await?;
    let choice = target.choice.clone();
    let rotated = rotate(ports.api, ports.credentials, target).await;
    let pairing = rotated.map_err(|error| of_rotate(error, &choice))?;
    if args.json { console.json(&rotated::document(&pairing)) } else { console.result(rotated::line(&pairing)) }
}

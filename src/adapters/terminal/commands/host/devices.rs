//! `netclaw daemon devices`, `revoke`, `rename`

use crate::adapters::terminal::cli::host::{DevicesArgs, DevicesCommand};
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, of_control};
use crate::adapters::terminal::render::devices;
use crate::domain::device_name::DeviceName;
use crate::ports::control_channel::{ControlChannel, Revoked};

pub(super) async fn run(
    args: DevicesArgs,
    control: &dyn ControlChannel,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match args.command {
        None => list(args.json, control, console).await,
        Some(DevicesCommand::Revoke { name }) => {
            let revoked = control.revoke(&name).await.map_err(of_control)?;
            console.result(format_args!("Revoked \"{}\" ({}).", revoked.device.name, revoked.device.id))?;
            warn_of(&revoked, console);
            Ok(())
        }
        Some(DevicesCommand::Rename { old, new }) => {
            let new = DeviceName::parse(&new).map_err(|error| {
                Failure::new(Exit::Usage, error.to_string())
                    .hint("choose another name: netclaw daemon devices rename OLD NEW")
            })?;
            let device = control.rename(&old, &new).await.map_err(of_control)?;
            console.result(format_args!("Renamed \"{old}\" to \"{}\".", device.name))
        }
    }
}

/// Tells what the revocation means for the host.
fn warn_of(revoked: &Revoked, console: &mut Console<'_>) {
    if revoked.was_bootstrap {
        console.warning("this was the credential of this host itself: its own `netclaw status` is refused from now on");
    }
    if revoked.was_last {
        console.warning("no device is left, and in this exposure mode nobody is served without one");
        console.hint("pair one now with: netclaw daemon pair");
    }
}

async fn list(json: bool, control: &dyn ControlChannel, console: &mut Console<'_>) -> Result<(), Failure> {
    let all = control.devices().await.map_err(of_control)?;
    if json {
        return console.json(&devices::document(&all));
    }
    devices::lines(&all).iter().try_for_each(|line| console.result(line))
}

//! `netclaw unpair`

use super::ClientPorts;
use crate::adapters::terminal::cli::UnpairArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Failure, of_unpair};
use crate::app::client::unpair::{Ending, Unpaired, forget_only, unpair};

pub(super) async fn run(args: &UnpairArgs, ports: &ClientPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let target = match args.forget {
        true => ports.target(&args.target)?,
        false => ports.settled_target(&args.target).await?,
    };
    let choice = target.choice.clone();
    let unpaired = match args.forget {
        true => forget_only(ports.credentials, target),
        false => unpair(ports.api, ports.credentials, target).await,
    };
    let Unpaired { pairing, ending, next } = unpaired.map_err(|error| of_unpair(error, &choice))?;
    let endpoint = &pairing.endpoint;
    match ending {
        Ending::Revoked => console.result(format_args!("Unpaired from {endpoint}."))?,
        Ending::WasRevoked => {
            console.result(format_args!("Unpaired from {endpoint}; the daemon had revoked this device already."))?;
        }
        Ending::NotAsked => {
            console.result(format_args!("Forgot the credential for {endpoint}."))?;
            console.hint(format_args!(
                "the daemon still accepts it; on the host, run: netclaw daemon devices revoke \"{}\"",
                pairing.device_name
            ));
        }
    }
    if let Some(next) = next.filter(|next| next.endpoint != *endpoint) {
        console.note(format_args!("note: commands now use the daemon at {}", next.endpoint));
    }
    Ok(())
}

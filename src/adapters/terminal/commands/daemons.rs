//! `netclaw daemons` and `netclaw use`

use super::ClientPorts;
use crate::adapters::terminal::cli::{DaemonsArgs, UseArgs};
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Failure, of_choice, of_credentials};
use crate::adapters::terminal::render::daemons;
use crate::app::client::daemons::{UseError, make_current};

pub(super) fn list(args: &DaemonsArgs, ports: &ClientPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let all = ports.credentials.all().map_err(of_credentials)?;
    let current = ports.credentials.current().map_err(of_credentials)?.map(|pairing| pairing.daemon_id);
    if args.json {
        return console.json(&daemons::document(&all, current.as_ref()));
    }
    daemons::lines(&all, current.as_ref()).iter().try_for_each(|line| console.result(line))
}

pub(super) fn choose(args: &UseArgs, ports: &ClientPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let chosen = make_current(ports.credentials, &args.name).map_err(|error| match error {
        UseError::Choose(error) => of_choice(error),
        UseError::Credentials(error) => of_credentials(error),
    })?;
    console.result(format_args!("Commands now use the daemon {} at {}.", daemons::label(&chosen), chosen.endpoint))
}

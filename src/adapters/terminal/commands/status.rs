//! `netclaw status`

use super::ClientPorts;
use crate::adapters::terminal::cli::StatusArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Failure, of_status};
use crate::adapters::terminal::render::status;
use crate::app::client::ask_status::{Asked, ask_status};
use crate::domain::endpoint::Endpoint;
use crate::domain::time::WallTime;

pub(super) async fn run(args: &StatusArgs, ports: &ClientPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let target = ports.settled_target(&args.target).await?;
    let asked = ask_status(ports.api, ports.credentials, &target).await;
    let asked = asked.map_err(|error| of_status(error, &target.choice))?;
    warn(&asked, &target.choice.endpoint, ports.clock.now().wall, console);
    let report = &asked.report;
    if args.json {
        return console.json(&status::document(&target.link, report));
    }
    status::lines(&target.link, report).iter().try_for_each(|line| console.result(line))
}

/// Tells what has to be done about an answer before long.
pub(super) fn warn(asked: &Asked, endpoint: &Endpoint, now: WallTime, console: &mut Console<'_>) {
    if let Some(error) = &asked.unsaved {
        console.warning(format_args!("the daemon's next key could not be stored: {error}"));
    }
    if let Some(warning) = status::warning(&asked.report, now) {
        console.warning(warning);
        console
            .hint(format_args!("get a code on the host with `netclaw daemon pair`, then run: netclaw pair {endpoint}"));
        console.hint("`netclaw rotate` makes a new secret and does not move this end");
    }
}

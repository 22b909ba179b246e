//! What `netclaw init` and `netclaw up` have in common: the flags, and a start after something was written.

use crate::adapters::terminal::cli::host::SetupArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::Failure;
use crate::app::host::setup::{Outcome, Purpose, SetupRequest};

pub(super) fn request(args: SetupArgs, purpose: Purpose) -> SetupRequest {
    SetupRequest { yes: args.yes, answers: args.into(), purpose }
}

/// Adds to a start that failed that the configuration is there, so that nobody writes it again.
pub(super) fn after(outcome: &Outcome, started: Result<(), Failure>) -> Result<(), Failure> {
    started.map_err(|failure| match outcome.was_written {
        true => failure.hint("the configuration is written; with the cause mended, run: netclaw daemon start"),
        false => failure,
    })
}

/// Shows the way to a daemon that starts with the machine, if that is wanted.
pub(super) fn hint_at_service(outcome: &Outcome, console: &mut Console<'_>) {
    if outcome.install_service {
        console.hint(
            "to start the daemon whenever this machine starts, run: netclaw daemon stop && netclaw daemon install",
        );
    }
}

//! `netclawd`: only the daemon, in the foreground, for service managers and containers.

#[path = "wiring/daemon/mod.rs"]
mod daemon;
#[path = "wiring/exposure.rs"]
mod exposure;
#[path = "wiring/shared.rs"]
mod shared;
#[path = "wiring/start_failure.rs"]
mod start_failure;

use std::process::ExitCode;

use clap::Parser;
use daemon::{Ground, run};
use netclaw::adapters::terminal::cli::host::RecoverArgs;
use netclaw::adapters::terminal::failure::Failure;

/// The netclaw daemon, in the foreground
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  netclawd\n  NETCLAW_HOME=/srv/netclaw NETCLAW_Daemon__Port=6000 netclawd"
)]
struct Arguments {
    #[command(flatten)]
    recovery: RecoverArgs,
}

fn main() -> ExitCode {
    let Arguments { recovery } = Arguments::parse();
    match run(Ground::Foreground, recovery.recover) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell when stderr is gone.
            let _ = Failure::print(&failure, &mut std::io::stderr());
            ExitCode::from(failure.exit as u8)
        }
    }
}

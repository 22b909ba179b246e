//! What can be typed after `netclaw doctor`.

use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  netclaw doctor
  netclaw doctor --fix --dry-run
  netclaw doctor --format json | jq '.checks[] | select(.verdict == \"fail\")'

Exit codes: 0 all is well, 1 a failure, 2 warnings only.";

/// `netclaw doctor`.
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DoctorArgs {
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Mend what is safe to mend, after showing it and asking
    #[arg(long)]
    pub fix: bool,
    /// Only show what --fix would change
    #[arg(long)]
    pub dry_run: bool,
    /// Mend without asking
    #[arg(long)]
    pub yes: bool,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people
    Text,
    /// One JSON document
    Json,
}

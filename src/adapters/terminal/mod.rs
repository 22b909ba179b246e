//! The command line: what is typed, asked, shown, and how commands end.
//!
//! The rules: results go to stdout and everything else to stderr; an error is one `error:` line and then `hint:` lines with
//! the next command; prompts appear only where a person can answer them; with `--json` there is one document on stdout and
//! nothing else. Commands work over ports and can be run with fakes.

pub mod chat;
pub mod cli;
pub mod commands;
#[cfg(unix)]
pub mod consent;
pub mod console;
pub mod failure;
pub mod prompter;
#[cfg(unix)]
mod raw_mode;
pub mod render;
#[cfg(unix)]
pub mod secret;
#[cfg(unix)]
pub mod wizard;

/// The variable that names the endpoint for one command.
pub const ENDPOINT_VARIABLE: &str = "NETCLAW_DAEMON_ENDPOINT";

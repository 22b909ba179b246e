//! How a command ends when it does not succeed.
//!
//! The one place that knows the exit codes and prints `error:` and `hint:` lines. Beside it, one file for each family of
//! errors maps every variant, without a wildcard, to what a person reads.

mod api;
mod chat;
mod client;
mod forward;
#[cfg(unix)]
mod host;
mod rotate;
#[cfg(unix)]
mod service;
mod settings;
#[cfg(unix)]
mod setup;
mod trust;

use std::io::{self, Write};

pub use self::api::of_api;
pub use self::chat::{interrupted, of_chat, of_conversation, of_errand, of_gone};
pub use self::client::{of_choice, of_credentials, of_enrol, of_status, of_target, of_unpair};
pub use self::forward::of_forward;
#[cfg(unix)]
pub use self::host::{not_running, not_yet, of_control, of_start};
pub use self::rotate::of_rotate;
#[cfg(unix)]
pub use self::service::{journal, of_service};
pub use self::settings::{of_load_settings, of_prompt};
#[cfg(unix)]
pub use self::setup::of_setup;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// The daemon refused the credential.
    Refused = 3,
    /// The daemon cannot be reached.
    Unreachable = 4,
    /// Rate limited or blocked.
    Limited = 5,
    /// Interrupted by Ctrl-C: 128 and the number of the signal, as shells have it.
    Interrupted = 130,
    /// Terminated by SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// `netclaw doctor` has warnings and no failure: the same code as wrong usage, which it cannot be mistaken for by
    /// whoever has read the findings.
    pub const WARNINGS: Self = Self::Usage;
}

/// An error as it is shown: what is wrong, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One sentence without a capital and a period; `None` ends the command without a word.
    pub message: Option<String>,
    /// What to do, most promising first.
    pub hints: Vec<String>,
    /// The exit code.
    pub exit: Exit,
}

impl Failure {
    /// A failure without hints.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), hints: Vec::new(), exit }
    }

    /// The reader of the output has gone away: there is nobody to tell.
    pub const fn quiet() -> Self {
        Self { message: None, hints: Vec::new(), exit: Exit::Done }
    }

    /// Everything has been said; only the exit code is left.
    pub const fn silent(exit: Exit) -> Self {
        Self { message: None, hints: Vec::new(), exit }
    }

    /// The same with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Writes the `error:` line and the `hint:` lines.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn print(&self, err: &mut dyn Write) -> io::Result<()> {
        if let Some(message) = &self.message {
            writeln!(err, "error: {message}")?;
        }
        self.hints.iter().try_for_each(|hint| writeln!(err, "hint: {hint}"))
    }
}

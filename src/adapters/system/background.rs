//! The daemon's side of a start in the background.

use std::fs::OpenOptions;
use std::io::{self, Write};

/// What the daemon prints when it is ready; the command that started it waits for this line.
pub(super) const READY: &str = "ready";

/// Leaves the terminal that the process was started from, so that closing it does not end the daemon.
pub fn leave_terminal() {
    // Fails only for the leader of a process group, which has been moved to its own already.
    let _ = rustix::process::setsid();
}

/// Tells the command that started the daemon that it is ready, and lets go of the pipes to it.
///
/// # Errors
///
/// What the system says. That the command is gone is no error.
pub fn announce_ready() -> io::Result<()> {
    let _ = writeln!(io::stdout(), "{READY}").and_then(|()| io::stdout().flush());
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&nowhere)?;
    rustix::stdio::dup2_stderr(&nowhere)?;
    Ok(())
}

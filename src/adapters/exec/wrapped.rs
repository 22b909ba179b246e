//! A program that a person wants to run, with a few more variables: it has the terminal, its end is the command's, and what
//! netclaw is told by a signal is passed on to it.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};

/// Added to the number of the signal that ended a program, as shells do.
const ENDED_BY_SIGNAL: i32 = 128;

/// A running program.
pub struct Wrapped {
    child: Child,
    terminate: Signals,
    hang_up: Signals,
    interrupt: Signals,
    quit: Signals,
    has_terminal: bool,
}

impl Wrapped {
    /// Starts the program of the first word, with the others as its arguments. Its streams are those of this process. Must be
    /// called within a runtime.
    ///
    /// # Errors
    ///
    /// What the system says, for instance that there is no such program.
    pub fn start(words: &[OsString], variables: &[(&str, &str)]) -> io::Result<Self> {
        let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        // From here on no signal ends this process before its program.
        let [terminate, hang_up, interrupt, quit] = [
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::quit())?,
        ];
        let child = Command::new(program).args(arguments).envs(variables.iter().copied()).spawn()?;
        let has_terminal = io::stdin().is_terminal();
        Ok(Self { child, terminate, hang_up, interrupt, quit, has_terminal })
    }

    /// Waits for the program's end, and gives its exit code: 128 and the number of the signal where one ended it.
    ///
    /// Ctrl-C and Ctrl-\ reach everything on the terminal, the program as well, so they are passed on only where there is none.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub async fn ended(&mut self) -> io::Result<u8> {
        loop {
            let passed_on = tokio::select! {
                status = self.child.wait() => return status.map(code),
                _ = self.terminate.recv() => Some(Signal::TERM),
                _ = self.hang_up.recv() => Some(Signal::HUP),
                _ = self.interrupt.recv() => (!self.has_terminal).then_some(Signal::INT),
                _ = self.quit.recv() => (!self.has_terminal).then_some(Signal::QUIT),
            };
            let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
            if let (Some(id), Some(passed_on)) = (id, passed_on) {
                // It may have ended in this moment.
                let _ = kill_process(id, passed_on);
            }
        }
    }
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| ENDED_BY_SIGNAL + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

//! A program that a person wants to run, with a few more variables: it has the terminal, its end is the command's, and what
//! netclaw is told by a signal is passed on to it.

use std::ffi::OsString;
use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::task::Poll;

use rustix::process::{Pid, Signal, getpgid, kill_process};
use rustix::termios::tcgetpgrp;
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal as Arriving, SignalKind, signal};

use crate::adapters::platform;

/// Added to the number of the signal that ended a program, as shells do.
const ENDED_BY_SIGNAL: i32 = 128;

/// The signals that are passed on.
const PASSED_ON: [Signal; 4] = [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT];

/// A running program.
pub struct Wrapped {
    child: Child,
    caught: Vec<(Signal, Arriving)>,
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
        // From here on no signal ends this process before its program. What is ignored, as `nohup` does it, stays ignored, by
        // the program too.
        let is_ignored = platform::ignored_signals();
        let caught = PASSED_ON.into_iter().filter(|signal| !is_ignored(signal.as_raw()));
        let caught = caught.map(|which| Ok((which, signal(SignalKind::from_raw(which.as_raw()))?)));
        let caught = caught.collect::<io::Result<_>>()?;
        let child = Command::new(program).args(arguments).envs(variables.iter().copied()).spawn()?;
        Ok(Self { child, caught })
    }

    /// Waits for the program's end, and gives its exit code: 128 and the number of the signal where one ended it.
    ///
    /// Ctrl-C and Ctrl-\ reach everything in the foreground of the terminal. What has reached the program in that way is not
    /// passed on to it a second time.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub async fn ended(&mut self) -> io::Result<u8> {
        loop {
            let arrived = tokio::select! {
                status = self.child.wait() => return status.map(code),
                arrived = next(&mut self.caught) => arrived,
            };
            let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
            let Some(id) = id else { continue };
            if !(matches!(arrived, Signal::INT | Signal::QUIT) && reaches_both(id)) {
                // It may have ended in this moment.
                let _ = kill_process(id, arrived);
            }
        }
    }
}

async fn next(caught: &mut [(Signal, Arriving)]) -> Signal {
    poll_fn(|context| {
        let mut polled = caught.iter_mut().map(|(signal, arriving)| arriving.poll_recv(context).map(|_| *signal));
        polled.find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

/// Whether the keys of the terminal reach this process and the program alike: both are in the group in its foreground. Where
/// the streams lead does not matter for that.
///
/// A signal that someone else sends to this process alone looks the same then, and is not passed on: the system tells them
/// apart, but not in a way that is open to safe code.
fn reaches_both(program: Pid) -> bool {
    let foreground = File::open("/dev/tty").ok().and_then(|terminal| tcgetpgrp(terminal).ok());
    let group = |process| getpgid(process).ok();
    foreground.is_some() && group(None) == foreground && group(Some(program)) == foreground
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| ENDED_BY_SIGNAL + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

//! Running one program to its end.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::process_group::ProcessGroup;
use crate::adapters::platform::SERVICE_MANAGER_VARIABLES;
use crate::domain::text::shown_safely;

/// What a program may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until it has ended; then it is killed, with everything that it started.
    pub time: Duration,
    /// Bytes of its output.
    pub output: usize,
}

/// Why a program gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CommandError {
    /// It is not installed, or not on the `PATH` of this process.
    #[error("it is not installed, or not on the PATH")]
    Missing,
    /// It could not be started.
    #[error("it cannot be started: {0}")]
    NotStarted(String),
    /// It ended with an error.
    #[error("it failed ({status}){}", if .message.is_empty() { String::new() } else { format!(": {message}") })]
    Failed {
        /// How it ended, in the system's words.
        status: String,
        /// The last line of what it said, safe to show.
        message: String,
    },
    /// It did not end in time.
    #[error("it gave no answer within {} seconds", .0.as_secs_f64())]
    TimedOut(Duration),
    /// It said more than anyone asked for.
    #[error("its answer is larger than {0} bytes")]
    TooLarge(usize),
}

impl Limits {
    /// For programs that answer from memory: 5 seconds, 16 MiB (a status of ten thousand peers).
    pub const QUERY: Self = Self { time: Duration::from_secs(5), output: 1 << 24 };
}

/// Bytes of an error message that are looked at.
const MAX_MESSAGE_BYTES: usize = 4096;

/// Runs `program`, found on the `PATH`, with `arguments` and nothing to read, and gives what it wrote to stdout.
///
/// # Errors
///
/// [`CommandError`].
pub async fn run(program: &str, arguments: &[&str], limits: Limits) -> Result<Vec<u8>, CommandError> {
    let mut command = Command::new(program);
    for name in SERVICE_MANAGER_VARIABLES {
        command.env_remove(name);
    }
    let spawned = command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own, so that a wrapper script and what it started end together.
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = spawned.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => CommandError::Missing,
        _ => CommandError::NotStarted(error.to_string()),
    })?;
    let group = ProcessGroup::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let ended = tokio::time::timeout(limits.time, async {
        tokio::try_join!(read(stdout, limits.output), message(stderr), async { Ok(child.wait().await) })
    });
    let (output, message, status) = ended.await.map_err(|_| CommandError::TimedOut(limits.time))??;
    drop(group);
    match status {
        Ok(status) if status.success() => Ok(output),
        Ok(status) => Err(CommandError::Failed { status: status.to_string(), message }),
        Err(error) => Err(CommandError::Failed { status: error.to_string(), message }),
    }
}

async fn read(pipe: Option<impl AsyncRead + Unpin>, at_most: usize) -> Result<Vec<u8>, CommandError> {
    let mut output = Vec::new();
    let Some(pipe) = pipe else { return Ok(output) };
    // A pipe that breaks has ended.
    let _ = pipe.take(at_most as u64 + 1).read_to_end(&mut output).await;
    if output.len() > at_most { Err(CommandError::TooLarge(at_most)) } else { Ok(output) }
}

/// The last line of what a program says of its failure. What goes beyond the limit is read and dropped, so that a program
/// that talks a lot is not held up.
async fn message(pipe: Option<impl AsyncRead + Unpin>) -> Result<String, CommandError> {
    let mut output = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = (&mut pipe).take(MAX_MESSAGE_BYTES as u64).read_to_end(&mut output).await;
        let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    }
    let text = String::from_utf8_lossy(&output);
    Ok(shown_safely(text.trim().lines().next_back().unwrap_or_default().trim()))
}

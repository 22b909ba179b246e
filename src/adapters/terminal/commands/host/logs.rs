//! `netclaw daemon logs`

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use crate::adapters::platform;
use crate::adapters::terminal::cli::host::LogsArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, journal};
use crate::ports::service_manager::ServiceManager;

/// Lines that are printed of what is there already.
const MAX_LINES: usize = 1000;

/// Bytes that are read for them, and at most at once when following.
const MAX_BYTES: u64 = 1 << 20;

/// How often `-f` looks for more.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(super) async fn run(
    args: &LogsArgs,
    path: &Path,
    service: &dyn ServiceManager,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let mut file = open(path, service)?;
    if let Some(scope) = service.installed() {
        console.hint(format_args!(
            "this is the log of daemons in the background; that of the service: {}",
            journal(scope)
        ));
    }
    let cannot_read = |error: &io::Error| failed("read", path, error);
    let size = file.metadata().map_err(|error| cannot_read(&error))?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(MAX_BYTES))).map_err(|error| cannot_read(&error))?;
    let mut partial = Vec::new();
    let lines = more_lines(&mut file, &mut partial).map_err(|error| cannot_read(&error))?;
    // When the reading began in the middle of the file, it began in the middle of a line.
    let cut = usize::from(size > MAX_BYTES);
    let first = lines.len().saturating_sub(MAX_LINES).max(cut);
    lines.iter().skip(first).try_for_each(|line| console.result(line))?;
    if args.follow { follow(file, partial, path, console).await } else { last_line(&partial, console) }
}

/// Prints what is added, until the command is ended. When the log is rotated, the rest of the old file comes first.
async fn follow(mut file: File, mut partial: Vec<u8>, path: &Path, console: &mut Console<'_>) -> Result<(), Failure> {
    loop {
        // Looked at before reading: what was written before a rotation is then read before the new file is opened.
        let newer = replaced(&file, path);
        let lines = more_lines(&mut file, &mut partial).map_err(|error| failed("read", path, &error))?;
        if lines.is_empty() {
            match newer {
                Some(newer) => {
                    last_line(&partial, console)?;
                    partial.clear();
                    file = newer;
                }
                None => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
        lines.iter().try_for_each(|line| console.result(line))?;
    }
}

/// The file that has taken the place of `file`, if one has; `file` itself from its beginning, if it was cut.
fn replaced(file: &File, path: &Path) -> Option<File> {
    let newer = File::open(path).ok()?;
    let (old, new) = (file.metadata().ok()?, newer.metadata().ok()?);
    let identity = |metadata: &Metadata| (metadata.dev(), metadata.ino());
    let position = (&*file).stream_position().ok()?;
    (identity(&old) != identity(&new) || new.len() < position).then_some(newer)
}

/// The complete lines that can be read now; what follows the last of them stays in `partial`.
fn more_lines(file: &mut File, partial: &mut Vec<u8>) -> io::Result<Vec<String>> {
    file.take(MAX_BYTES).read_to_end(partial)?;
    // A line without end is printed in pieces.
    let is_full = partial.len() as u64 >= MAX_BYTES;
    let whole = partial.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let whole = if whole == 0 && is_full { partial.len() } else { whole };
    let rest = partial.split_off(whole);
    let text = std::mem::replace(partial, rest);
    Ok(String::from_utf8_lossy(&text).lines().map(printable).collect())
}

fn last_line(partial: &[u8], console: &mut Console<'_>) -> Result<(), Failure> {
    if partial.is_empty() { Ok(()) } else { console.result(printable(&String::from_utf8_lossy(partial))) }
}

/// A log line that cannot play tricks on a terminal, whoever wrote it.
fn printable(line: &str) -> String {
    line.chars().map(|c| if c.is_control() && c != '\t' { '?' } else { c }).collect()
}

fn open(path: &Path, service: &dyn ServiceManager) -> Result<File, Failure> {
    File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(path, service),
        _ => failed("open", path, &error),
    })
}

fn missing(path: &Path, service: &dyn ServiceManager) -> Failure {
    let failure = Failure::new(Exit::Failed, format!("there is no log at {}", path.display()));
    match service.installed() {
        Some(scope) => failure.hint(format!("systemd keeps the log of the service: {}", journal(scope))),
        None => failure
            .hint("a daemon in the background writes one: netclaw daemon start")
            .hint("a daemon in the foreground or in a container logs to its own stderr"),
    }
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot {verb} {}: {error}", path.display()))
        .hint(format!("see whose it is, and run this command as that user: ls -l {}", platform::quoted(path)))
}

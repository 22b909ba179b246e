//! The daemon's log: to stderr in the foreground, to a file of limited size in the background.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use file_rotate::compression::Compression;
use file_rotate::suffix::AppendCount;
use file_rotate::{ContentLimit, FileRotate};
use tracing::error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::FormatTime;

use super::journal::{self, JournalLines};
use crate::adapters::platform::{self, colours};
use crate::adapters::wire::moment;
use crate::domain::text::shown_safely;
use crate::ports::clock::Clock;

/// The variable with the filter: `info`, `netclaw=debug`, …
pub const LOG_VARIABLE: &str = "NETCLAW_LOG";

/// Size at which the log file is rotated: a few months of a quiet daemon.
const MAX_LOG_BYTES: usize = 5 * 1024 * 1024;

/// Rotated files that are kept beside the current one: 20 MiB in all.
const KEPT_LOGS: usize = 3;

/// Where the log goes.
#[derive(Clone, Copy, Debug)]
pub enum Destination<'a> {
    /// The foreground: a person, a container's log, or the journal, which has time and priority of its own.
    Stderr,
    /// The background.
    File(&'a Path),
}

/// Sends everything that is logged from here on to `destination`.
///
/// # Errors
///
/// The system's error when the log's folder cannot be made; also when a log is set up already.
pub fn start<C: Clock + Clone + 'static>(destination: Destination<'_>, clock: C) -> io::Result<()> {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_timer(LogTime(clock)).with_target(false);
    let started = match destination {
        Destination::Stderr if journal::is_stderr() => {
            subscriber.event_format(JournalLines::default()).with_writer(io::stderr).try_init()
        }
        Destination::Stderr => {
            let colours = colours::are_wanted(io::stderr().is_terminal());
            subscriber.with_ansi(colours).with_writer(io::stderr).try_init()
        }
        Destination::File(path) => subscriber.with_ansi(false).with_writer(rotating(path)?).try_init(),
    };
    started.map_err(io::Error::other)?;
    log_panics();
    Ok(())
}

/// Sends panics to the log: nobody sees the stderr of a daemon in the background.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let words = shown_safely(panic.payload_as_str().unwrap_or("without a word"));
        error!(place, "a part of the daemon panicked: {words}");
    }));
}

fn rotating(path: &Path) -> io::Result<Arc<LogFile<impl Write + use<>>>> {
    if let Some(folder) = path.parent() {
        platform::create_private_folder(folder)?;
    }
    let limit = ContentLimit::BytesSurpassed(MAX_LOG_BYTES);
    let options = platform::private_append_options();
    // The crate opens lazily and drops errors: find out now whether it can be opened.
    options.open(path)?;
    let (suffixes, compression) = (AppendCount::new(KEPT_LOGS), Compression::None);
    Ok(Arc::new(LogFile(Mutex::new(FileRotate::new(path, suffixes, limit, compression, Some(options))))))
}

/// A file that threads write one after the other. A panic in it, which a rotation can have when someone takes files away,
/// costs that line and no other.
struct LogFile<W>(Mutex<W>);

thread_local! {
    /// Whether this thread has the file. The panic hook must not wait for what its own thread holds.
    static IS_WRITING: Cell<bool> = const { Cell::new(false) };
}

/// Sets [`IS_WRITING`] back, also when the write panics.
struct Writing;

impl Drop for Writing {
    fn drop(&mut self) {
        IS_WRITING.set(false);
    }
}

impl<W: Write> Write for &LogFile<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if IS_WRITING.replace(true) {
            return Ok(line.len());
        }
        let _writing = Writing;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        // A line is in the file when its write returns.
        Ok(())
    }
}

struct LogTime<C>(C);

impl<C: Clock> FormatTime for LogTime<C> {
    fn format_time(&self, writer: &mut tracing_subscriber::fmt::format::Writer<'_>) -> std::fmt::Result {
        writer.write_str(&moment::to_text(self.0.now().wall))
    }
}

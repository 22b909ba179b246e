//! The log as the journal of systemd takes it (sd-daemon(3)): the priority in front of each line, and no time, which the
//! journal notes itself.

use std::fmt;

use rustix::fs::fstat;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The variable that says which file is the journal: its device and inode numbers (systemd.exec(5)).
const JOURNAL_VARIABLE: &str = "JOURNAL_STREAM";

/// Whether this process's stderr is the journal. The variable alone does not say so: a child inherits it, but may write
/// elsewhere.
pub(super) fn is_stderr() -> bool {
    let Ok(journal) = std::env::var(JOURNAL_VARIABLE) else { return false };
    fstat(rustix::stdio::stderr()).is_ok_and(|stderr| journal == format!("{}:{}", stderr.st_dev, stderr.st_ino))
}

/// Events, one line each, as the journal wants them.
pub(super) struct JournalLines(Format<Full, ()>);

impl Default for JournalLines {
    fn default() -> Self {
        Self(Format::default().without_time().with_target(false).with_ansi(false))
    }
}

impl<S, N> FormatEvent<S, N> for JournalLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        write!(writer, "<{}>", priority(*event.metadata().level()))?;
        self.0.format_event(context, writer, event)
    }
}

/// The number that syslog(3) gives a level.
const fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

//! Spans of time as people write them.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// Reads a span: `45m`, `12h`, `30d`, `2w`. Days have 24 hours here and weeks seven days. A month or a year has no length of
/// its own. A negative span is as long as none.
pub(super) fn span(text: &str) -> Result<Duration, &'static str> {
    const SPELLING: &str = "it is no span of time; write it like 45m, 12h, 30d or 2w";
    let span: Span = text.trim().parse().map_err(|_| SPELLING)?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| SPELLING)?;
    Ok(Duration::try_from(span).unwrap_or_default())
}

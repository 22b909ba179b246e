//! Spans of time in words.

use std::time::Duration;

/// A span as a person says it, in the two largest units that matter: `4 minutes 5 seconds`. Rounded up to a second, so that
/// whoever waits that long has waited long enough.
pub fn in_words(span: Duration) -> String {
    let seconds = rounded_up(span);
    let units = [
        (seconds / 86_400, "day"),
        (seconds / 3600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let words: Vec<String> = units
        .iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(counted)
        .collect();
    if words.is_empty() { "0 seconds".to_owned() } else { words.join(" ") }
}

/// A countdown: `4:05`.
pub fn countdown(span: Duration) -> String {
    let seconds = rounded_up(span);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A count and its noun, in the plural where it takes one.
pub fn count(number: usize, noun: &str) -> String {
    counted(&(number as u64, noun))
}

/// Whole seconds, rounded up.
pub fn rounded_up(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

fn counted((count, noun): &(u64, &str)) -> String {
    let plural = if *count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

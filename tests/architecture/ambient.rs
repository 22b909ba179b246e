//! Time and randomness are ports: only the adapters that implement these may read them from the system.

use super::names::{Name, names};
use super::source::{Finding, Source};

/// Where they may be read.
const PLACES: &[&[&str]] = &[&["adapters", "system"], &["adapters", "platform"]];

const CLOCKS: &[&str] = &["SystemTime", "Instant", "Timestamp", "Zoned", "Local", "Utc", "OffsetDateTime"];

const RANDOM_PACKAGES: &[&str] = &["rand", "getrandom", "fastrand"];

const RANDOM_SOURCES: &[&str] = &["SystemRandom", "OsRng", "ThreadRng", "RandomState"];

/// Clocks and random sources that are read where they should be a port.
pub fn findings(source: &Source) -> Vec<Finding> {
    if PLACES.iter().any(|place| source.is_below(place)) {
        return Vec::new();
    }
    let fault = |name: &Name| {
        let what = if is_clock(name) {
            "the time comes through the Clock port"
        } else if is_random(name) {
            "random bytes come through the Rng port"
        } else {
            return None;
        };
        Some(source.finding(name.span, format!("ambient {}: {what}", name.text())))
    };
    names(source).iter().filter_map(fault).collect()
}

fn is_clock(name: &Name) -> bool {
    match name.segments.as_slice() {
        [.., clock, now] => CLOCKS.contains(&clock.as_str()) && matches!(now.as_str(), "now" | "now_utc" | "now_local"),
        _ => false,
    }
}

fn is_random(name: &Name) -> bool {
    let is_package = RANDOM_PACKAGES.contains(&name.segments[0].as_str()) || name.starts_with(&["uuid"]);
    is_package || name.segments.iter().any(|segment| RANDOM_SOURCES.contains(&segment.as_str()))
}

#[test]
fn reading_a_clock_or_a_random_source_is_found() {
    for text in [
        "fn f() { std::time::SystemTime::now() }",
        "use std::time::Instant; fn f() { Instant::now() }",
        "use std::time::Instant as Clock; fn f() { Clock::now() }",
        "use std::time; fn f() { let read = time::Instant::now; }",
        "fn f() { tokio::time::Instant::now() }",
        "use jiff::*; fn f() { Timestamp::now() }",
        "fn f() { jiff::Zoned::now() }",
        "fn f() { println!(\"{:?}\", std::time::SystemTime::now()) }",
        "use ring::rand::SystemRandom;",
        "fn f() { ring::rand::SystemRandom::new() }",
        "use rand::Rng;",
        "fn f() { getrandom::fill(b) }",
        "use std::hash::RandomState;",
    ] {
        for path in ["app/x.rs", "domain/x.rs", "adapters/http/x.rs", "adapters/systems.rs", "bin/wiring/x.rs"] {
            assert!(!findings(&Source::parse(path, text)).is_empty(), "{path}: {text}");
        }
        for path in ["adapters/system/clock.rs", "adapters/system.rs", "adapters/platform/unix.rs"] {
            assert!(findings(&Source::parse(path, text)).is_empty(), "{path}: {text}");
        }
    }
}

#[test]
fn other_uses_of_the_same_words_are_not_found() {
    let text =
        "use crate::ports::rng::Rng; use std::time::{Duration, Instant}; fn f(clock: &C) { clock.now(); Self::now() }";
    assert!(findings(&Source::parse("app/x.rs", text)).is_empty());
}

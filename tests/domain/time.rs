//! Moments and ends.

use std::time::Duration;

use netclaw::domain::time::{Expiry, MonotonicTime, WallTime};

const LIFE: Duration = Duration::from_secs(300);

#[test]
fn an_end_is_half_open() {
    let expiry = Expiry::after(MonotonicTime::from_millis(1_000), LIFE);
    assert_eq!(expiry.end(), MonotonicTime::from_millis(301_000));
    assert!(!expiry.has_passed(MonotonicTime::from_millis(300_999)));
    assert!(expiry.has_passed(MonotonicTime::from_millis(301_000)));
    assert!(expiry.has_passed(MonotonicTime::from_millis(301_001)));
}

#[test]
fn what_remains_reaches_zero_at_the_end_and_stays_there() {
    let expiry = Expiry::after(MonotonicTime::from_millis(1_000), LIFE);
    for (now, remaining) in [(1_000, 300_000), (300_999, 1), (301_000, 0), (301_001, 0), (u64::MAX, 0)] {
        assert_eq!(expiry.remaining(MonotonicTime::from_millis(now)), Duration::from_millis(remaining));
    }
}

#[test]
fn moments_saturate() {
    let last = MonotonicTime::from_millis(u64::MAX);
    assert_eq!(MonotonicTime::from_millis(u64::MAX - 1).plus(LIFE), last);
    assert_eq!(MonotonicTime::from_millis(0).plus(Duration::MAX), last);
    let last = WallTime::from_unix_millis(i64::MAX);
    assert_eq!(WallTime::from_unix_millis(i64::MAX - 1).plus(LIFE), last);
    assert_eq!(WallTime::from_unix_millis(i64::MAX).plus(Duration::MAX), last);
    assert_eq!(WallTime::from_unix_millis(-1).plus(LIFE), WallTime::from_unix_millis(299_999));
}

#[test]
fn spans_never_go_below_zero_or_overflow() {
    let (first, last) = (WallTime::from_unix_millis(i64::MIN), WallTime::from_unix_millis(i64::MAX));
    assert_eq!(first.since(last), Duration::ZERO);
    assert_eq!(last.since(first), Duration::from_millis(i64::MAX as u64));
    assert_eq!(WallTime::from_unix_millis(5).since(WallTime::from_unix_millis(-5)), Duration::from_millis(10));
    let (first, last) = (MonotonicTime::from_millis(0), MonotonicTime::from_millis(u64::MAX));
    assert_eq!(first.since(last), Duration::ZERO);
    assert_eq!(last.since(first), Duration::from_millis(u64::MAX));
}

#[test]
fn what_saturates_at_the_last_moment_is_over_there() {
    let last = MonotonicTime::from_millis(u64::MAX);
    assert!(Expiry::after(last, LIFE).has_passed(last));
}

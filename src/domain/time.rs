//! Moments and ends, on two clocks that must never be mixed up.

use core::time::Duration;

/// A moment of the wall clock, in milliseconds since the Unix epoch: for what is stored and shown.
///
/// It may jump in either direction when someone sets the clock, so no limit is ever measured with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(i64);

impl WallTime {
    /// The moment `milliseconds` after (or, when negative, before) 1970-01-01T00:00:00Z.
    pub const fn from_unix_millis(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since the Unix epoch; negative before it.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// This moment moved later by `span`, saturating at the last moment that can be represented.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to this moment, or zero when the clock was set back in between.
    pub fn since(self, earlier: WallTime) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// A moment of the monotonic clock, in milliseconds since the machine booted, time asleep included.
///
/// Code expiry, rate windows and lockouts are measured with it, so that setting the wall clock neither revives a code
/// nor lifts a block. It has no meaning after a restart of the machine and is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonotonicTime(u64);

impl MonotonicTime {
    /// The moment `milliseconds` after boot.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds)
    }

    /// This moment moved later by `span`, saturating at the last moment that can be represented.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }

    /// The time from `earlier` to this moment, or zero when `earlier` is later.
    pub fn since(self, earlier: MonotonicTime) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Both clocks, read once for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// What is stored and shown.
    pub wall: WallTime,
    /// What limits are measured with.
    pub monotonic: MonotonicTime,
}

/// The end of something: of a code, a block, a rate window or a device.
///
/// This type holds the only comparison that decides an expiry. It is half-open: at the end itself it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry<T>(T);

impl<T: Copy + Ord> Expiry<T> {
    /// An end at this very moment.
    pub const fn at(end: T) -> Self {
        Self(end)
    }

    /// The first moment at which it is over.
    pub const fn end(self) -> T {
        self.0
    }

    /// Whether it is over at `now`: true at the end and after it.
    pub fn has_passed(self, now: T) -> bool {
        now >= self.0
    }
}

impl Expiry<MonotonicTime> {
    /// The end of what began at `start` and lasts for `life`.
    pub fn after(start: MonotonicTime, life: Duration) -> Self {
        Self(start.plus(life))
    }

    /// How long it still lasts at `now`; zero once it is over.
    pub fn remaining(self, now: MonotonicTime) -> Duration {
        self.0.since(now)
    }
}

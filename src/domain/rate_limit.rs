//! How many attempts one address, or one device, may make.

use alloc::vec::Vec;
use core::time::Duration;

use super::time::{Expiry, MonotonicTime};

/// At most so many attempts in any sliding window, each with one file write or one guess.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    /// Attempts that any window may contain.
    pub attempts: usize,
    /// Length of the window. An attempt leaves it exactly this long after it was made.
    pub window: Duration,
}

impl RateLimit {
    /// 5 attempts a minute: more than a person needs, and a guess every 12 seconds for anyone else.
    pub const EXCHANGE: Self = Self { attempts: 5, window: Duration::from_secs(60) };

    /// 5 new secrets of one device in 10 minutes: enough for a person who loses answers, and an hour of a device that does
    /// nothing else rewrites the file of devices no more often than 60 times.
    pub const ROTATION: Self = Self { attempts: 5, window: Duration::from_secs(10 * 60) };

    /// Records an attempt at `now` unless the window is full.
    ///
    /// A refused attempt is not recorded: whoever waits for the returned time is admitted.
    ///
    /// # Errors
    ///
    /// The time until the oldest attempt leaves the window; never zero.
    pub(super) fn admit(self, past: &mut Vec<MonotonicTime>, now: MonotonicTime) -> Result<(), Duration> {
        forget_older(past, self.window, now);
        self.wait(past, now).map_or(Ok(()), Err)?;
        past.push(now);
        Ok(())
    }

    /// The time until the next attempt is admitted, if the window that ends at `now` is full.
    pub(super) fn wait(self, past: &[MonotonicTime], now: MonotonicTime) -> Option<Duration> {
        let oldest = past.first().filter(|_| past.len() >= self.attempts)?;
        Some(Expiry::after(*oldest, self.window).remaining(now))
    }
}

/// Drops the moments that have left a sliding window.
pub(super) fn forget_older(past: &mut Vec<MonotonicTime>, window: Duration, now: MonotonicTime) {
    past.retain(|moment| !Expiry::after(*moment, window).has_passed(now));
}

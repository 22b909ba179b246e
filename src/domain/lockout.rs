//! How many wrong codes one address may send before it is blocked.

use alloc::vec::Vec;
use core::time::Duration;

use super::rate_limit::forget_older;
use super::time::{Expiry, MonotonicTime};

/// So many failures in any sliding window block an address for a while.
#[derive(Clone, Copy, Debug)]
pub struct LockoutPolicy {
    /// The failure that starts the block.
    pub failures: usize,
    /// Length of the window. A failure leaves it exactly this long after it happened.
    pub window: Duration,
    /// Length of the block, from the last of the failures. Half-open: at its end the address is free.
    pub block: Duration,
}

impl LockoutPolicy {
    /// 10 failures in 15 minutes block for 15 minutes.
    pub const EXCHANGE: Self =
        Self { failures: 10, window: Duration::from_secs(15 * 60), block: Duration::from_secs(15 * 60) };
}

/// The failures of one address, and the block they led to.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures {
    recent: Vec<MonotonicTime>,
    blocked_until: Option<Expiry<MonotonicTime>>,
}

impl Failures {
    /// Time left of an active block.
    pub(super) fn blocked_for(&self, now: MonotonicTime) -> Option<Duration> {
        self.blocked_until.filter(|end| !end.has_passed(now)).map(|end| end.remaining(now))
    }

    /// Counts one failure, unless the address is blocked: attempts while blocked neither count nor extend the block.
    ///
    /// # Errors
    ///
    /// The time left of the block; never zero.
    pub(super) fn count(&mut self, policy: LockoutPolicy, now: MonotonicTime) -> Result<(), Duration> {
        if let Some(remaining) = self.blocked_for(now) {
            return Err(remaining);
        }
        forget_older(&mut self.recent, policy.window, now);
        self.recent.push(now);
        self.blocked_until = (self.recent.len() >= policy.failures).then(|| Expiry::after(now, policy.block));
        Ok(())
    }

    /// Takes back one failure counted at `at`, and the block if that failure started it.
    pub(super) fn take_back(&mut self, policy: LockoutPolicy, at: MonotonicTime) {
        if let Some(place) = self.recent.iter().rposition(|moment| *moment == at) {
            self.recent.remove(place);
            if self.recent.len() < policy.failures {
                self.blocked_until = None;
            }
        }
    }

    /// Whether nothing here matters any more at `now`.
    pub(super) fn is_idle(&self, policy: LockoutPolicy, now: MonotonicTime) -> bool {
        self.blocked_for(now).is_none()
            && self.recent.iter().all(|moment| Expiry::after(*moment, policy.window).has_passed(now))
    }
}

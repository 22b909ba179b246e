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

/// The failures of one address, oldest first: those in the window that ends with the last of them.
///
/// The block follows from them and is not kept beside them, so that a failure taken back takes its block with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures(Vec<MonotonicTime>);

impl Failures {
    /// Time left of an active block.
    pub(super) fn blocked_for(&self, policy: LockoutPolicy, now: MonotonicTime) -> Option<Duration> {
        let last = self.0.last().filter(|_| self.0.len() >= policy.failures)?;
        let end = Expiry::after(*last, policy.block);
        (!end.has_passed(now)).then(|| end.remaining(now))
    }

    /// Counts one failure of an address that is not blocked.
    pub(super) fn count(&mut self, policy: LockoutPolicy, now: MonotonicTime) {
        forget_older(&mut self.0, policy.window, now);
        self.0.push(now);
    }

    /// Takes back one failure counted at `at`: from here on it is as if it had never happened.
    pub(super) fn take_back(&mut self, at: MonotonicTime) {
        if let Some(place) = self.0.iter().rposition(|moment| *moment == at) {
            self.0.remove(place);
        }
    }

    /// Whether nothing here matters any more at `now`.
    pub(super) fn is_idle(&self, policy: LockoutPolicy, now: MonotonicTime) -> bool {
        self.blocked_for(policy, now).is_none()
            && self.0.iter().all(|moment| Expiry::after(*moment, policy.window).has_passed(now))
    }
}

//! The time.

use std::time::Duration;

use crate::domain::time::{MonotonicTime, Now};

/// Both clocks of the machine.
///
/// # Contract
///
/// * The monotonic clock never goes back, counts time asleep, and is not moved by setting the wall clock.
/// * One call reads both; a use case calls it once.
#[cfg_attr(test, mockall::automock)]
pub trait Clock: Send + Sync {
    /// The time on both clocks.
    fn now(&self) -> Now;

    /// The monotonic clock as finely as it goes, since any moment that stays the same: only to measure how long something
    /// took. One reading of one clock.
    fn fine(&self) -> Duration {
        self.now().monotonic.since(MonotonicTime::from_millis(0))
    }
}

//! The time.

use crate::domain::time::Now;

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
}

//! The machine's clocks.

use std::time::Duration;

use jiff::Timestamp;

use crate::adapters::platform;
use crate::domain::time::{MonotonicTime, Now, WallTime};
use crate::ports::clock::Clock;

/// The real time. The only place that reads it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that the ban points to")]
    fn now(&self) -> Now {
        Now {
            wall: WallTime::from_unix_millis(Timestamp::now().as_millisecond()),
            monotonic: MonotonicTime::from_millis(
                u64::try_from(platform::since_boot().as_millis()).unwrap_or(u64::MAX),
            ),
        }
    }

    fn fine(&self) -> Duration {
        platform::since_boot()
    }
}

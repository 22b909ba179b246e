//! Two clocks that stand still until they are moved.

use std::sync::Mutex;
use std::time::Duration;

use netclaw::domain::time::{Now, WallTime};
use netclaw::ports::clock::Clock;

use super::samples::NOW;

#[derive(Debug)]
pub struct FakeClock(Mutex<Now>);

impl Default for FakeClock {
    fn default() -> Self {
        Self(Mutex::new(NOW))
    }
}

impl FakeClock {
    /// Lets time go by on both clocks.
    pub fn advance(&self, span: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = Now { wall: now.wall.plus(span), monotonic: now.monotonic.plus(span) };
    }

    /// Sets the wall clock, forth or back, as a person or a time server does.
    pub fn set_wall(&self, wall: WallTime) {
        self.0.lock().unwrap().wall = wall;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Now {
        *self.0.lock().unwrap()
    }
}

#[test]
fn the_clocks_move_independently() {
    let clock = FakeClock::default();
    clock.advance(Duration::from_secs(1));
    clock.set_wall(WallTime::from_unix_millis(0));
    assert_eq!(clock.now(), Now { wall: WallTime::from_unix_millis(0), monotonic: super::samples::after(1_000) });
}

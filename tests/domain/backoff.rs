//! Waits between tries.

use std::time::Duration;

use netclaw::domain::backoff::{LONGEST_WAIT, wait};

#[test]
fn waits_grow_to_five_seconds_and_are_spread_over_their_upper_half() {
    let bounds = |attempt| (wait(attempt, [0, 0]), wait(attempt, [255, 255]));
    let milliseconds = Duration::from_millis;
    assert_eq!(bounds(0), (milliseconds(125), milliseconds(250)));
    assert_eq!(bounds(4), (milliseconds(2000), milliseconds(4000)));
    assert_eq!(bounds(5), (LONGEST_WAIT / 2, LONGEST_WAIT));
    assert_eq!(bounds(usize::MAX), bounds(5));
    assert!((0..9).all(|attempt| wait(attempt, [128, 0]) <= wait(attempt + 1, [128, 0])));
}

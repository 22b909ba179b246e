//! How long to wait before trying once more.

use core::time::Duration;

/// The longest wait, from the sixth try on.
pub const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The waits before that, in milliseconds: the first comes back from a short interruption before anyone has noticed it.
const FIRST_WAITS: [u64; 5] = [250, 500, 1000, 2000, 4000];

/// The wait before try number `attempt`, counted from zero: between half of its place in the schedule and all of it, as
/// `random` decides, so that devices that lost the same daemon do not come back all at once.
pub fn wait(attempt: usize, random: [u8; 2]) -> Duration {
    let longest = FIRST_WAITS.get(attempt).map_or(LONGEST_WAIT, |milliseconds| Duration::from_millis(*milliseconds));
    let half = longest / 2;
    half + half * u32::from(u16::from_be_bytes(random)) / u32::from(u16::MAX)
}

//! Beacons: the operator asks whether a URL leads here.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::DaemonPorts;
use crate::domain::beacon::{BEACON_BYTES, Beacon};
use crate::domain::time::{Expiry, MonotonicTime};
use crate::ports::rng::RandomUnavailable;

/// How long a beacon is recognised: longer than any request takes.
const BEACON_LIFE: Duration = Duration::from_secs(60);

/// Beacons that are recognised at once; an older one makes room. Commands that look at the same time do not disturb each other.
const MAX_BEACONS: usize = 8;

/// Makes and recognises beacons.
pub struct Beacons {
    ports: DaemonPorts,
    open: Mutex<Vec<(Beacon, Expiry<MonotonicTime>)>>,
}

impl Beacons {
    /// No beacons yet.
    pub const fn new(ports: DaemonPorts) -> Self {
        Self { ports, open: Mutex::new(Vec::new()) }
    }

    /// A new beacon.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`].
    pub fn open(&self) -> Result<Beacon, RandomUnavailable> {
        let mut random = [0; BEACON_BYTES];
        self.ports.rng.fill(&mut random)?;
        let beacon = Beacon::from_random(random);
        let now = self.ports.clock.now().monotonic;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(_, expiry)| !expiry.has_passed(now));
        if open.len() == MAX_BEACONS {
            open.remove(0);
        }
        open.push((beacon, Expiry::after(now, BEACON_LIFE)));
        Ok(beacon)
    }

    /// Whether a beacon is one of ours and its time is not over.
    pub fn recognises(&self, beacon: &Beacon) -> bool {
        let now = self.ports.clock.now().monotonic;
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter().any(|(ours, expiry)| ours.matches(beacon) && !expiry.has_passed(now))
    }
}

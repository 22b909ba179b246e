//! How often a device may ask for a new secret.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use super::device::DeviceId;
use super::rate_limit::{RateLimit, forget_older};
use super::time::MonotonicTime;

/// The recent requests of each device. No more devices are remembered than asked within the last window.
#[derive(Debug, Default)]
pub struct RotationTable(BTreeMap<DeviceId, Vec<MonotonicTime>>);

impl RotationTable {
    /// Records a request of `device` at `now`, within [`RateLimit::ROTATION`]. Each one makes the daemon write its file of
    /// devices anew, which takes longer than this look at everyone who asked lately.
    ///
    /// # Errors
    ///
    /// The time until the device may ask again; never zero.
    pub fn admit(&mut self, device: DeviceId, now: MonotonicTime) -> Result<(), Duration> {
        self.0.retain(|_, past| {
            forget_older(past, RateLimit::ROTATION.window, now);
            !past.is_empty()
        });
        RateLimit::ROTATION.admit(self.0.entry(device).or_default(), now)
    }
}

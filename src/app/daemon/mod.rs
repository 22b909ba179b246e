//! What the daemon does, whoever asks for it over whichever adapter.

pub mod authenticate;
pub mod beacons;
pub mod bootstrap;
pub mod chat;
pub mod devices;
pub mod enrol;
pub mod exchange;
pub mod housekeeping;
pub mod lockouts;
pub mod metrics;
pub mod open_pairing;
pub mod open_requests;
pub mod own_pins;
pub mod pair_v2;
pub mod pending_restart;
pub mod public_endpoint;
pub mod rotate;
pub mod start_up;
pub mod status;
pub mod tls_rotation;

use std::sync::Arc;

use self::open_requests::OpenRequests;
use crate::ports::activity_log::ActivityLog;
use crate::ports::attempt_log::AttemptLog;
use crate::ports::clock::Clock;
use crate::ports::device_store::DeviceStore;
use crate::ports::exposure::Exposure;
use crate::ports::metrics::Meter;
use crate::ports::pairing_slot::PairingSlot;
use crate::ports::rng::Rng;

/// Everything outside that the daemon's use cases stand on.
#[derive(Clone)]
pub struct DaemonPorts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// The paired devices.
    pub devices: Arc<dyn DeviceStore>,
    /// When they were last used.
    pub activity: Arc<dyn ActivityLog>,
    /// Where the pairing session waits.
    pub slot: Arc<dyn PairingSlot>,
    /// Who tried a code.
    pub attempts: Arc<dyn AttemptLog>,
    /// What stands between the daemon and its clients.
    pub exposure: Arc<dyn Exposure>,
    /// Counts what happens.
    pub meter: Arc<dyn Meter>,
    /// What devices have open. Not outside, but everyone who ends a credential needs it.
    pub open: Arc<OpenRequests>,
}

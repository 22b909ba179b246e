//! What the daemon says of itself.

use super::DaemonPorts;
use crate::domain::daemon_id::DaemonId;
use crate::domain::time::Now;
use crate::ports::daemon_api::DaemonReport;

/// Reports on the daemon.
pub struct Status {
    ports: DaemonPorts,
    id: DaemonId,
    started: Now,
}

impl Status {
    /// The use case of a daemon with this id that starts now.
    pub fn new(ports: DaemonPorts, id: DaemonId) -> Self {
        let started = ports.clock.now();
        Self { ports, id, started }
    }

    /// The daemon's id.
    pub const fn id(&self) -> &DaemonId {
        &self.id
    }

    /// What every paired device may know.
    pub fn report(&self) -> DaemonReport {
        let now = self.ports.clock.now();
        DaemonReport {
            id: self.id.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            exposure_mode: self.ports.exposure.mode().name().to_owned(),
            started_at: self.started.wall,
            uptime: now.monotonic.since(self.started.monotonic),
        }
    }
}

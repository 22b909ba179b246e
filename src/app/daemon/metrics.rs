//! The figures of the daemon.

use std::sync::Arc;

use super::DaemonPorts;
use super::status::Status;
use crate::ports::metrics::{Exposition, Levels};
use crate::ports::storage::StorageError;

/// Shows what was counted, and what is there now.
pub struct Metrics {
    ports: DaemonPorts,
    status: Arc<Status>,
}

impl Metrics {
    /// The use case over these ports, of the daemon with this status.
    pub const fn new(ports: DaemonPorts, status: Arc<Status>) -> Self {
        Self { ports, status }
    }

    /// All figures.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the device store cannot tell.
    pub async fn exposition(&self) -> Result<Exposition, StorageError> {
        let now = self.ports.clock.now().monotonic;
        let levels = Levels {
            devices: self.ports.devices.list().await?.len(),
            lockouts: self.ports.attempts.lockouts(now).await.len(),
            open_requests: self.ports.open.count(),
            started_at: self.status.started_at(),
        };
        Ok(self.ports.meter.exposition(levels))
    }
}

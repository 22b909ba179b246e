//! What the daemon does once a minute, and once more when it stops.

use std::time::Duration;

use tracing::warn;

use super::DaemonPorts;

/// Time between two rounds: activity is written at most this often.
pub const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(60);

/// Keeps soft state small and stored.
pub struct Housekeeping {
    ports: DaemonPorts,
}

impl Housekeeping {
    /// The use case over these ports.
    pub const fn new(ports: DaemonPorts) -> Self {
        Self { ports }
    }

    /// Stores when devices were last used, and forgets attempts that no longer matter. A failure is logged; the next
    /// round tries again.
    pub async fn round(&self) {
        self.ports.attempts.forget_idle(self.ports.clock.now().monotonic).await;
        if let Err(cause) = self.ports.activity.flush().await {
            warn!(%cause, "the last use of devices could not be stored");
        }
    }
}

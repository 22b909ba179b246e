//! What the daemon does once a minute, and once more when it stops.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::DaemonPorts;
use super::pair_v2::PairV2;
use super::pending_restart::PendingRestart;

/// Time between two rounds: activity is written at most this often.
pub const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(60);

/// Keeps soft state small and stored.
pub struct Housekeeping {
    ports: DaemonPorts,
    pair: Arc<PairV2>,
    pending_restart: Arc<PendingRestart>,
}

impl Housekeeping {
    /// The use case over these ports, and the handshakes in progress.
    pub const fn new(ports: DaemonPorts, pair: Arc<PairV2>, pending_restart: Arc<PendingRestart>) -> Self {
        Self { ports, pair, pending_restart }
    }

    /// Ends what devices have open within a second of the end of their credential. It never returns.
    pub async fn watch_expiry(&self) {
        self.ports.open.watch_expiry(self.ports.clock.as_ref()).await;
    }

    /// Stores when devices were last used, forgets attempts and handshakes that no longer matter, and looks whether the
    /// configuration has changed. A failure is logged; the next round tries again.
    pub async fn round(&self) {
        self.ports.attempts.forget_idle(self.ports.clock.now().monotonic).await;
        self.pair.forget_ended();
        self.pending_restart.look();
        if let Err(cause) = self.ports.activity.flush().await {
            warn!(%cause, "the last use of devices could not be stored");
        }
    }
}

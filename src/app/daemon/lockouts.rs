//! Who is blocked, and lifting it.

use tracing::info;

use super::DaemonPorts;
use crate::domain::attempts::Lockout;
use crate::domain::client_address::LimitKey;

/// Looks after blocked addresses.
pub struct Lockouts {
    ports: DaemonPorts,
}

impl Lockouts {
    /// The use case over these ports.
    pub const fn new(ports: DaemonPorts) -> Self {
        Self { ports }
    }

    /// Who is blocked now.
    pub async fn list(&self) -> Vec<Lockout> {
        self.ports.attempts.lockouts(self.ports.clock.now().monotonic).await
    }

    /// Lifts the block of `only`, or all blocks, and says how many there were.
    pub async fn clear(&self, only: Option<LimitKey>) -> usize {
        let lifted = self.ports.attempts.clear(only, self.ports.clock.now().monotonic).await;
        info!(lifted, "cleared lockouts");
        lifted
    }
}

//! What the daemon says of itself.

use std::sync::Arc;

use super::DaemonPorts;
use super::pending_restart::PendingRestart;
use crate::domain::daemon_id::DaemonId;
use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::ExposureMode;
use crate::domain::time::{Now, WallTime};
use crate::ports::control_channel::OperatorReport;
use crate::ports::daemon_api::DaemonReport;
use crate::ports::storage::StorageError;

/// What does not change while a daemon runs.
#[derive(Clone, Debug)]
pub struct DaemonFacts {
    /// Its id.
    pub id: DaemonId,
    /// Its process.
    pub pid: u32,
    /// Where it listens.
    pub listening: Endpoint,
    /// How it is exposed.
    pub mode: ExposureMode,
}

/// Reports on the daemon.
pub struct Status {
    ports: DaemonPorts,
    facts: DaemonFacts,
    pending_restart: Arc<PendingRestart>,
    started: Now,
}

impl Status {
    /// The use case of a daemon that starts now.
    pub fn new(ports: DaemonPorts, facts: DaemonFacts, pending_restart: Arc<PendingRestart>) -> Self {
        let started = ports.clock.now();
        Self { ports, facts, pending_restart, started }
    }

    /// The daemon's id.
    pub const fn id(&self) -> &DaemonId {
        &self.facts.id
    }

    /// How the daemon is exposed.
    pub const fn mode(&self) -> ExposureMode {
        self.facts.mode
    }

    /// When the daemon started.
    pub const fn started_at(&self) -> WallTime {
        self.started.wall
    }

    /// What every paired device may know.
    pub fn report(&self) -> DaemonReport {
        self.report_at(self.ports.clock.now())
    }

    /// What the operator may know.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the device store cannot tell.
    pub async fn operator_report(&self) -> Result<OperatorReport, StorageError> {
        let now = self.ports.clock.now();
        self.pending_restart.look();
        Ok(OperatorReport {
            daemon: self.report_at(now),
            pid: self.facts.pid,
            listening: self.facts.listening.clone(),
            devices: self.ports.devices.list().await?.len(),
            lockouts: self.ports.attempts.lockouts(now.monotonic).await.len(),
            pairing: self.ports.slot.current(now.monotonic).await.map(|(_, phase)| phase),
        })
    }

    fn report_at(&self, now: Now) -> DaemonReport {
        DaemonReport {
            id: self.facts.id.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            exposure_mode: self.facts.mode.name().to_owned(),
            started_at: self.started.wall,
            uptime: now.monotonic.since(self.started.monotonic),
            restart_pending: self.pending_restart.is_pending(),
        }
    }
}

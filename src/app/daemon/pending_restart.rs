//! Whether the configuration has changed since the daemon read it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{info, warn};

use crate::domain::settings::Settings;
use crate::ports::settings_store::SettingsStore;

/// Compares the stored configuration with the one in force. A change does nothing until a restart, and this says so.
pub struct PendingRestart {
    stored: Arc<dyn SettingsStore>,
    in_force: Settings,
    is_pending: AtomicBool,
}

impl PendingRestart {
    /// A daemon that runs with these settings.
    pub const fn new(stored: Arc<dyn SettingsStore>, in_force: Settings) -> Self {
        Self { stored, in_force, is_pending: AtomicBool::new(false) }
    }

    /// Looks at the stored configuration, and logs when it has become another one or the same again.
    pub fn look(&self) -> bool {
        let stored = self.stored.load();
        let is_pending = stored.as_ref().ok() != Some(&self.in_force);
        match (self.is_pending.swap(is_pending, Ordering::AcqRel), is_pending) {
            (false, true) => match stored {
                Ok(_) => warn!("the configuration has changed; for it to take effect: netclaw daemon restart"),
                Err(error) => warn!(%error, "the configuration has changed, and a restart would fail"),
            },
            (true, false) => info!("the configuration is the one in force again"),
            (true, true) | (false, false) => {}
        }
        is_pending
    }

    /// What the latest look saw.
    pub fn is_pending(&self) -> bool {
        self.is_pending.load(Ordering::Acquire)
    }
}

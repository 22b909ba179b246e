//! The last use of each device, with a storage that tests can look into and break.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use netclaw::domain::device::DeviceId;
use netclaw::ports::activity_log::{ActivityLog, LastUse};
use netclaw::ports::storage::StorageError;

use super::faults::Faults;

#[derive(Debug, Default)]
pub struct FakeActivityLog {
    memory: Mutex<BTreeMap<DeviceId, LastUse>>,
    /// What a restart leaves.
    storage: Mutex<BTreeMap<DeviceId, LastUse>>,
    pub faults: Faults,
}

impl FakeActivityLog {
    /// The log as it is after a restart: what was flushed.
    pub fn restarted(&self) -> Self {
        let stored = self.storage.lock().unwrap().clone();
        Self { memory: Mutex::new(stored.clone()), storage: Mutex::new(stored), faults: Faults::default() }
    }
}

#[async_trait]
impl ActivityLog for FakeActivityLog {
    fn record(&self, device: DeviceId, last_use: LastUse) {
        self.memory.lock().unwrap().insert(device, last_use);
    }

    fn last_use(&self, device: DeviceId) -> Option<LastUse> {
        self.memory.lock().unwrap().get(&device).copied()
    }

    fn forget(&self, device: DeviceId) {
        self.memory.lock().unwrap().remove(&device);
    }

    async fn flush(&self) -> Result<(), StorageError> {
        let (memory, mut storage) = (self.memory.lock().unwrap(), self.storage.lock().unwrap());
        if *memory != *storage {
            self.faults.check()?;
            *storage = memory.clone();
        }
        Ok(())
    }
}

//! Paired devices in memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use netclaw::domain::device::{Device, DeviceId};
use netclaw::domain::device_name::{DeviceName, NameKey};
use netclaw::domain::rotation::PendingSecret;
use netclaw::domain::token::{Salt, TokenHash};
use netclaw::ports::device_store::{DeviceStore, StoreNameError};
use netclaw::ports::storage::StorageError;

use super::faults::Faults;

/// A device store whose changes fail while `faults` says so.
#[derive(Debug, Default)]
pub struct FakeDeviceStore {
    devices: Mutex<Vec<Arc<Device>>>,
    has_stored: AtomicBool,
    pub faults: Faults,
}

impl FakeDeviceStore {
    /// A store with these devices in it.
    pub fn with(devices: impl IntoIterator<Item = Device>) -> Self {
        let devices = Mutex::new(devices.into_iter().map(Arc::new).collect());
        Self { devices, has_stored: AtomicBool::new(true), faults: Faults::default() }
    }

    fn matching(&self, wanted: impl Fn(&Device) -> bool) -> Option<Arc<Device>> {
        self.devices.lock().unwrap().iter().find(|device| wanted(device)).cloned()
    }

    /// Replaces the device at its place in the order, if `change` makes something of it.
    fn replace(&self, id: DeviceId, change: impl FnOnce(&Device) -> Option<Device>) -> Result<bool, StorageError> {
        let mut devices = self.devices.lock().unwrap();
        let Some(place) = devices.iter_mut().find(|device| device.id() == id) else { return Ok(false) };
        let Some(device) = change(place) else { return Ok(false) };
        self.faults.check()?;
        *place = Arc::new(device);
        Ok(true)
    }
}

#[async_trait]
impl DeviceStore for FakeDeviceStore {
    async fn insert(&self, device: Device) -> Result<(), StoreNameError> {
        let mut devices = self.devices.lock().unwrap();
        if devices.iter().any(|other| other.name().key() == device.name().key()) {
            return Err(StoreNameError::NameTaken);
        }
        self.faults.check()?;
        devices.push(Arc::new(device));
        self.has_stored.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn find(&self, id: DeviceId) -> Result<Option<Arc<Device>>, StorageError> {
        Ok(self.matching(|device| device.id() == id))
    }

    async fn find_named(&self, name: &NameKey) -> Result<Option<Arc<Device>>, StorageError> {
        Ok(self.matching(|device| device.name().key() == *name))
    }

    async fn remove(&self, id: DeviceId) -> Result<Option<Arc<Device>>, StorageError> {
        let mut devices = self.devices.lock().unwrap();
        let Some(place) = devices.iter().position(|device| device.id() == id) else { return Ok(None) };
        self.faults.check()?;
        Ok(Some(devices.remove(place)))
    }

    async fn rename(&self, id: DeviceId, name: DeviceName) -> Result<(), StoreNameError> {
        let holder = self.matching(|device| device.name().key() == name.key());
        if self.matching(|device| device.id() == id).is_none() {
            return Err(StoreNameError::NoSuchDevice);
        }
        if holder.is_some_and(|holder| holder.id() != id) {
            return Err(StoreNameError::NameTaken);
        }
        self.replace(id, |device| Some(device.renamed(name)))?;
        Ok(())
    }

    async fn replace_secret(&self, id: DeviceId, salt: Salt, token_hash: TokenHash) -> Result<bool, StorageError> {
        self.replace(id, |device| Some(device.with_secret(salt, token_hash)))
    }

    async fn stage_secret(
        &self,
        id: DeviceId,
        current: TokenHash,
        pending: PendingSecret,
    ) -> Result<bool, StorageError> {
        self.replace(id, |device| device.staging(&current, pending))
    }

    async fn confirm_secret(&self, id: DeviceId, confirmed: TokenHash) -> Result<bool, StorageError> {
        self.replace(id, |device| device.confirming(&confirmed))
    }

    async fn is_untouched(&self) -> Result<bool, StorageError> {
        Ok(!self.has_stored.load(Ordering::SeqCst))
    }

    async fn list(&self) -> Result<Vec<Arc<Device>>, StorageError> {
        Ok(self.devices.lock().unwrap().clone())
    }
}

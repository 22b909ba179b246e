//! The device store of a single daemon: `config/devices.json`, and all of it in memory.
//!
//! The file is read once, at the start. A change writes the whole new set, makes it durable, and only then shows it in
//! memory; so memory never knows a device that a power loss could take away, nor the other way round.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use dashmap::DashMap;

use super::device_form::{self, DeviceSet, FormError};
use super::open_error::OpenError;
use super::private_file;
use crate::adapters::platform;
use crate::domain::device::{Device, DeviceId};
use crate::domain::device_name::{DeviceName, NameKey};
use crate::domain::rotation::PendingSecret;
use crate::domain::token::{Salt, TokenHash};
use crate::ports::device_store::{DeviceStore, StoreNameError};
use crate::ports::storage::StorageError;

/// Largest file that is read: room for two million devices.
const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;

/// A [`DeviceStore`] in one file. This process must be its only writer: the daemon's lock sees to that.
#[derive(Clone)]
pub struct FileDeviceStore(Arc<Store>);

struct Store {
    path: PathBuf,
    /// What `find` reads. Sharded, so that token checks do not wait for each other or for a change.
    by_id: DashMap<DeviceId, Arc<Device>>,
    /// What changes work on, one at a time, over the write of the file.
    set: Mutex<Set>,
}

/// The devices in the order they were paired.
#[derive(Default)]
struct Set {
    /// Whether there is a file.
    is_stored: bool,
    devices: Vec<Arc<Device>>,
    by_name: HashMap<NameKey, DeviceId>,
}

impl FileDeviceStore {
    /// Reads the devices of `path`; a missing file is an empty set.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the file is damaged, unreadable or not private. It is never taken for an empty set.
    pub fn open(path: PathBuf) -> Result<Self, OpenError> {
        let stored = read(&path, platform::user_id())?;
        let leftovers = private_file::remove_leftovers(&path);
        leftovers.map_err(|error| OpenError::unreadable(&path, &error.into(), &repair(&path)))?;
        let is_stored = stored.is_some();
        let devices: Vec<Arc<Device>> = stored.into_iter().flatten().map(Arc::new).collect();
        let by_id = devices.iter().map(|device| (device.id(), Arc::clone(device))).collect();
        let by_name = devices.iter().map(|device| (device.name().key(), device.id())).collect();
        let set = Mutex::new(Set { is_stored, devices, by_name });
        Ok(Self(Arc::new(Store { path, by_id, set })))
    }

    /// Whether a device has this id, without waiting.
    pub fn knows(&self, id: DeviceId) -> bool {
        self.0.by_id.contains_key(&id)
    }

    /// Runs a change to its end on a thread that may block, even if the caller goes away.
    async fn change<T: Send + 'static, E: From<StorageError> + Send + 'static>(
        &self,
        change: impl FnOnce(&Store, &mut Set) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let store = Arc::clone(&self.0);
        let run = move || {
            let mut set = store.set.lock().unwrap_or_else(PoisonError::into_inner);
            change(&store, &mut set)
        };
        let ended = tokio::task::spawn_blocking(run).await;
        ended.unwrap_or_else(|error| Err(StorageError(format!("the device store failed: {error}")).into()))
    }
}

/// Reads the devices of `path`, a file of `owner`, and does nothing else; `None` when there is no file.
///
/// # Errors
///
/// As for [`FileDeviceStore::open`].
pub(super) fn read(path: &Path, owner: u32) -> Result<Option<Vec<Device>>, OpenError> {
    let content = private_file::read_of(path, MAX_FILE_BYTES, owner);
    let Some(content) = content.map_err(|error| OpenError::unreadable(path, &error, &repair(path)))? else {
        return Ok(None);
    };
    let damaged = |what: String| OpenError::damaged(path, &what, &repair(path));
    let devices = device_form::read(&content).map_err(|error| match error {
        FormError::Version(found) => OpenError::unknown_version(path, found, device_form::VERSION),
        FormError::Damaged(what) => damaged(what),
    })?;
    let (mut ids, mut names) = (HashSet::with_capacity(devices.len()), HashSet::with_capacity(devices.len()));
    match devices.iter().find(|device| !(names.insert(device.name().key()) && ids.insert(device.id()))) {
        Some(device) => Err(damaged(format!("device {} or its name is there twice", device.id()))),
        None => Ok(Some(devices)),
    }
}

/// What to do about a damaged file.
fn repair(path: &Path) -> String {
    let give_up = platform::move_away_command(path, ".damaged");
    format!("restore it from a backup, or give up all paired devices with: {give_up}")
}

impl Store {
    /// Makes `next` durable and then current.
    fn commit(&self, set: &mut Set, next: Vec<Arc<Device>>) -> Result<(), StorageError> {
        if let Err(error) = self.write(&next) {
            // The write may have failed after the rename. Writing the old set again makes sure that no restart brings
            // back what was reported as failed; where nothing was renamed it changes nothing.
            let restored = self.write(&set.devices);
            let note = restored.err().map(|error| format!(", nor could the old set be written again: {error}"));
            return Err(StorageError(format!("{}: {error}{}", self.path.display(), note.unwrap_or_default())));
        }
        set.devices = next;
        set.is_stored = true;
        Ok(())
    }

    fn write(&self, devices: &[Arc<Device>]) -> std::io::Result<()> {
        private_file::write(&self.path, |file| Ok(serde_json::to_writer(file, &DeviceSet(devices))?))
    }

    /// Replaces one device by what `change` makes of it; `false` when that is nothing, or there is no such device.
    fn replace(
        &self,
        set: &mut Set,
        id: DeviceId,
        change: impl FnOnce(&Device) -> Option<Device>,
    ) -> Result<bool, StorageError> {
        let mut next = set.devices.clone();
        let Some(place) = next.iter_mut().find(|device| device.id() == id) else { return Ok(false) };
        let old_name = place.name().key();
        let Some(device) = change(place).map(Arc::new) else { return Ok(false) };
        *place = Arc::clone(&device);
        self.commit(set, next)?;
        set.by_name.remove(&old_name);
        set.by_name.insert(device.name().key(), id);
        self.by_id.insert(id, device);
        Ok(true)
    }
}

#[async_trait]
impl DeviceStore for FileDeviceStore {
    async fn insert(&self, device: Device) -> Result<(), StoreNameError> {
        self.change(move |store, set| {
            let (id, name, device) = (device.id(), device.name().key(), Arc::new(device));
            if set.by_name.contains_key(&name) {
                return Err(StoreNameError::NameTaken);
            }
            let mut next = set.devices.clone();
            next.push(Arc::clone(&device));
            store.commit(set, next)?;
            set.by_name.insert(name, id);
            store.by_id.insert(id, device);
            Ok(())
        })
        .await
    }

    async fn find(&self, id: DeviceId) -> Result<Option<Arc<Device>>, StorageError> {
        Ok(self.0.by_id.get(&id).map(|device| Arc::clone(&device)))
    }

    async fn find_named(&self, name: &NameKey) -> Result<Option<Arc<Device>>, StorageError> {
        let name = name.clone();
        self.change(move |store, set| {
            let id = set.by_name.get(&name);
            Ok(id.and_then(|id| store.by_id.get(id)).map(|device| Arc::clone(&device)))
        })
        .await
    }

    async fn remove(&self, id: DeviceId) -> Result<Option<Arc<Device>>, StorageError> {
        self.change(move |store, set| {
            let mut next = set.devices.clone();
            let Some(place) = next.iter().position(|device| device.id() == id) else { return Ok(None) };
            let device = next.remove(place);
            store.commit(set, next)?;
            set.by_name.remove(&device.name().key());
            store.by_id.remove(&id);
            Ok(Some(device))
        })
        .await
    }

    async fn rename(&self, id: DeviceId, name: DeviceName) -> Result<(), StoreNameError> {
        self.change(move |store, set| {
            if set.by_name.get(&name.key()).is_some_and(|holder| *holder != id) {
                return Err(StoreNameError::NameTaken);
            }
            let renamed = store.replace(set, id, |device| Some(device.renamed(name)))?;
            if renamed { Ok(()) } else { Err(StoreNameError::NoSuchDevice) }
        })
        .await
    }

    async fn replace_secret(&self, id: DeviceId, salt: Salt, token_hash: TokenHash) -> Result<bool, StorageError> {
        self.change(move |store, set| store.replace(set, id, |device| Some(device.with_secret(salt, token_hash)))).await
    }

    async fn stage_secret(
        &self,
        id: DeviceId,
        current: TokenHash,
        pending: PendingSecret,
    ) -> Result<bool, StorageError> {
        self.change(move |store, set| store.replace(set, id, |device| device.staging(&current, pending))).await
    }

    async fn confirm_secret(&self, id: DeviceId, confirmed: TokenHash) -> Result<bool, StorageError> {
        self.change(move |store, set| store.replace(set, id, |device| device.confirming(&confirmed))).await
    }

    async fn is_untouched(&self) -> Result<bool, StorageError> {
        self.change(|_, set| Ok(!set.is_stored)).await
    }

    async fn list(&self) -> Result<Vec<Arc<Device>>, StorageError> {
        self.change(|_, set| Ok(set.devices.clone())).await
    }
}

//! When devices were last used: `state/activity.json`. Losing it loses nothing else.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use dashmap::DashMap;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::private_file;
use crate::adapters::wire::moment;
use crate::domain::device::DeviceId;
use crate::domain::time::WallTime;
use crate::ports::activity_log::{ActivityLog, LastUse};
use crate::ports::storage::StorageError;

const VERSION: u64 = 1;

/// Largest file that is read.
const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;

/// An [`ActivityLog`] in memory, stored on `flush`.
pub struct FileActivityLog(Arc<Log>);

struct Log {
    path: PathBuf,
    last_uses: DashMap<DeviceId, LastUse>,
    changed: AtomicBool,
    /// Held over a write, so that an older one never lands on a newer one.
    writing: Mutex<()>,
}

#[derive(Serialize, Deserialize)]
struct File<'a> {
    version: u64,
    #[serde(borrow)]
    devices: BTreeMap<Cow<'a, str>, Record>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(with = "moment")]
    last_used_at: WallTime,
    last_address: String,
}

impl FileActivityLog {
    /// Reads what `path` says of the devices that `is_known` knows. A file that cannot be used is logged and left out.
    pub fn open(path: PathBuf, is_known: impl Fn(DeviceId) -> bool) -> Self {
        let mut last_uses = DashMap::new();
        let read = private_file::read(&path, MAX_FILE_BYTES).map_err(|error| error.to_string());
        let parsed = read.and_then(|content| content.map_or_else(|| Ok(Vec::new()), |content| parse(&content)));
        match parsed {
            Ok(parsed) => last_uses.extend(parsed.into_iter().filter(|(id, _)| is_known(*id))),
            Err(cause) => {
                warn!(path = %path.display(), cause, "the last use of devices is unknown: its file cannot be used");
            }
        }
        if let Err(error) = private_file::remove_leftovers(&path) {
            warn!(path = %path.display(), %error, "leftovers of an interrupted write stay");
        }
        Self(Arc::new(Log { path, last_uses, changed: AtomicBool::new(false), writing: Mutex::new(()) }))
    }
}

fn parse(content: &[u8]) -> Result<Vec<(DeviceId, LastUse)>, String> {
    let file = serde_json::from_slice::<File<'_>>(content).map_err(|error| error.to_string())?;
    if file.version != VERSION {
        return Err(format!("it has version {}", file.version));
    }
    let last_use = |(id, record): (Cow<'_, str>, Record)| {
        let last_use = LastUse { at: record.last_used_at, address: record.last_address.parse().ok()? };
        Some((DeviceId::parse(&id)?, last_use))
    };
    Ok(file.devices.into_iter().filter_map(last_use).collect())
}

impl Log {
    fn store(&self) -> Result<(), StorageError> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.changed.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let record =
            |last_use: &LastUse| Record { last_used_at: last_use.at, last_address: last_use.address.to_string() };
        let devices = self.last_uses.iter().map(|entry| (entry.key().to_string().into(), record(entry.value())));
        let file = File { version: VERSION, devices: devices.collect() };
        private_file::write(&self.path, |writer| Ok(serde_json::to_writer(writer, &file)?)).map_err(|error| {
            self.changed.store(true, Ordering::Release);
            StorageError(format!("{}: {error}", self.path.display()))
        })
    }
}

#[async_trait]
impl ActivityLog for FileActivityLog {
    fn record(&self, device: DeviceId, last_use: LastUse) {
        self.0.last_uses.insert(device, last_use);
        self.0.changed.store(true, Ordering::Release);
    }

    fn last_use(&self, device: DeviceId) -> Option<LastUse> {
        self.0.last_uses.get(&device).map(|last_use| *last_use)
    }

    fn forget(&self, device: DeviceId) {
        if self.0.last_uses.remove(&device).is_some() {
            self.0.changed.store(true, Ordering::Release);
        }
    }

    async fn flush(&self) -> Result<(), StorageError> {
        let log = Arc::clone(&self.0);
        let ended = tokio::task::spawn_blocking(move || log.store()).await;
        ended.unwrap_or_else(|error| Err(StorageError(format!("the activity log failed: {error}"))))
    }
}

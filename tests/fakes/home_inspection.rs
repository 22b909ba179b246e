//! A home that is a value, and repairs that are only noted.

use std::path::PathBuf;
use std::sync::Mutex;

use async_trait::async_trait;
use netclaw::ports::home_inspection::{Entry, HomeFacts, HomeInspection, Kind, Stored};
use netclaw::ports::home_repair::{HomeRepair, Repair};
use netclaw::ports::storage::StorageError;

/// The user that everything in the home belongs to.
pub const USER: u32 = 1000;

#[derive(Debug)]
pub struct FakeHome(pub HomeFacts);

impl Default for FakeHome {
    /// A home in order, without any store.
    fn default() -> Self {
        Self(HomeFacts {
            root: PathBuf::from("/home"),
            user: USER,
            owner: USER,
            folders: vec![entry("/home", Kind::Folder, 0o700)],
            private_files: Vec::new(),
            control_socket: None,
            devices: Stored::Absent,
            identity: Stored::Absent,
            tls_keys: Stored::Absent,
            credentials: Stored::Absent,
            leftovers: Vec::new(),
            is_client_writing: false,
            room: Ok(()),
        })
    }
}

/// Something of the user's own.
pub fn entry(path: &str, kind: Kind, mode: u32) -> Entry {
    Entry { path: PathBuf::from(path), kind, is_linked: kind == Kind::Symlink, owner: USER, mode }
}

impl HomeInspection for FakeHome {
    fn inspect(&self) -> HomeFacts {
        self.0.clone()
    }
}

/// Notes what it is asked to mend.
#[derive(Debug, Default)]
pub struct FakeHomeRepair {
    /// Whether a daemon runs.
    pub is_busy: bool,
    pub done: Mutex<Vec<Repair>>,
}

#[async_trait]
impl HomeRepair for FakeHomeRepair {
    fn quiet(&self) -> Result<Box<dyn Send>, StorageError> {
        if self.is_busy { Err(StorageError("a daemon runs".to_owned())) } else { Ok(Box::new(())) }
    }

    async fn repair(&self, repair: &Repair) -> Result<(), StorageError> {
        self.done.lock().unwrap().push(repair.clone());
        Ok(())
    }
}

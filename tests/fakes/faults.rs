//! Storage that fails when it is told to.

use std::sync::atomic::{AtomicBool, Ordering};

use netclaw::ports::storage::StorageError;

/// A switch that breaks a fake's storage.
#[derive(Debug, Default)]
pub struct Faults(AtomicBool);

impl Faults {
    /// From here on, or no longer, the storage fails.
    pub fn set(&self, broken: bool) {
        self.0.store(broken, Ordering::SeqCst);
    }

    /// What an access to the storage gives.
    pub fn check(&self) -> Result<(), StorageError> {
        if self.0.load(Ordering::SeqCst) { Err(StorageError("the disk is full".to_owned())) } else { Ok(()) }
    }
}

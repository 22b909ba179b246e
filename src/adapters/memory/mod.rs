//! State that is meant to end with the process: a restart ends pairing sessions and forgets attempts.

mod attempt_log;
mod pairing_slot;

pub use attempt_log::MemoryAttemptLog;
pub use pairing_slot::MemoryPairingSlot;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The content of a mutex. A panic while it was held cannot have left it half-changed, because what is in it is
/// replaced as a whole or changed by code that does not panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The attempt log of a single daemon.

use std::sync::Mutex;

use async_trait::async_trait;

use super::locked;
use crate::domain::attempts::{AttemptTable, Charge, Lockout, MAX_TRACKED_ADDRESSES};
use crate::domain::client_address::LimitKey;
use crate::domain::lockout::LockoutPolicy;
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::MonotonicTime;
use crate::ports::attempt_log::{AdmitError, AttemptLog};

/// An [`AttemptLog`] in memory. One lock serves all addresses: only pairing passes here, never a token check.
pub struct MemoryAttemptLog(Mutex<AttemptTable>);

impl Default for MemoryAttemptLog {
    fn default() -> Self {
        Self(Mutex::new(AttemptTable::new(RateLimit::EXCHANGE, LockoutPolicy::EXCHANGE, MAX_TRACKED_ADDRESSES)))
    }
}

#[async_trait]
impl AttemptLog for MemoryAttemptLog {
    async fn admit(&self, key: LimitKey, now: MonotonicTime) -> Result<Charge, AdmitError> {
        Ok(locked(&self.0).admit(key, now)?)
    }

    async fn count_guess(&self, key: LimitKey, now: MonotonicTime) -> Result<Charge, AdmitError> {
        Ok(locked(&self.0).count_guess(key, now)?)
    }

    async fn take_back(&self, charge: Charge) {
        locked(&self.0).take_back(charge);
    }

    async fn lockouts(&self, now: MonotonicTime) -> Vec<Lockout> {
        locked(&self.0).lockouts(now)
    }

    async fn clear(&self, only: Option<LimitKey>, now: MonotonicTime) -> usize {
        locked(&self.0).clear(only, now)
    }

    async fn forget_idle(&self, now: MonotonicTime) {
        locked(&self.0).forget_idle(now);
    }
}

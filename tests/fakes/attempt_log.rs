//! The attempts of every address, in memory.

use std::sync::Mutex;

use async_trait::async_trait;
use netclaw::domain::attempts::{AttemptTable, Charge, Lockout, MAX_TRACKED_ADDRESSES};
use netclaw::domain::client_address::LimitKey;
use netclaw::domain::lockout::LockoutPolicy;
use netclaw::domain::rate_limit::RateLimit;
use netclaw::domain::time::MonotonicTime;
use netclaw::ports::attempt_log::{AdmitError, AttemptLog};

use super::faults::Faults;

/// A log that is out of reach while `faults` says so.
#[derive(Debug)]
pub struct FakeAttemptLog {
    table: Mutex<AttemptTable>,
    pub faults: Faults,
}

impl Default for FakeAttemptLog {
    fn default() -> Self {
        let table = AttemptTable::new(RateLimit::EXCHANGE, LockoutPolicy::EXCHANGE, MAX_TRACKED_ADDRESSES);
        Self { table: Mutex::new(table), faults: Faults::default() }
    }
}

#[async_trait]
impl AttemptLog for FakeAttemptLog {
    async fn admit(&self, key: LimitKey, now: MonotonicTime) -> Result<Charge, AdmitError> {
        self.faults.check()?;
        Ok(self.table.lock().unwrap().admit(key, now)?)
    }

    async fn count_guess(&self, key: LimitKey, now: MonotonicTime) -> Result<Charge, AdmitError> {
        self.faults.check()?;
        Ok(self.table.lock().unwrap().count_guess(key, now)?)
    }

    async fn take_back(&self, charge: Charge) {
        self.table.lock().unwrap().take_back(charge);
    }

    async fn lockouts(&self, now: MonotonicTime) -> Vec<Lockout> {
        self.table.lock().unwrap().lockouts(now)
    }

    async fn clear(&self, only: Option<LimitKey>, now: MonotonicTime) -> usize {
        self.table.lock().unwrap().clear(only, now)
    }

    async fn forget_idle(&self, now: MonotonicTime) {
        self.table.lock().unwrap().forget_idle(now);
    }
}

//! The attempts to exchange a code, of every address.

use async_trait::async_trait;
use thiserror::Error;

use super::storage::StorageError;
use crate::domain::attempts::{Charge, Lockout, Refusal};
use crate::domain::client_address::LimitKey;
use crate::domain::time::MonotonicTime;

/// Why an attempt is not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AdmitError {
    /// The rules refuse it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The log is out of reach: nothing is admitted uncounted.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Decides who may try a code, and remembers who did.
///
/// # Contract
///
/// * `admit` and `count_guess` each decide and record in one atomic step, so that parallel attempts cannot overshoot a limit.
/// * The rules are [`AttemptTable`](crate::domain::attempts::AttemptTable)'s; an implementer decides nothing.
/// * Memory is bounded whatever number of addresses tries, and an active block is never forgotten.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait AttemptLog: Send + Sync {
    /// Admits and counts one attempt of `key`, as a failure in advance.
    ///
    /// # Errors
    ///
    /// [`AdmitError::Refused`] when a limit is reached, [`AdmitError::Storage`] when the log is out of reach.
    async fn admit(&self, key: LimitKey, now: MonotonicTime) -> Result<Charge, AdmitError>;

    /// Counts the guess in which an attempt ends that was admitted and taken back before, as a failure in advance.
    ///
    /// # Errors
    ///
    /// As those of `admit`, but not for the number of attempts.
    async fn count_guess(&self, key: LimitKey, now: MonotonicTime) -> Result<Charge, AdmitError>;

    /// Takes back the failure of an admitted attempt that presented no wrong code.
    async fn take_back(&self, charge: Charge);

    /// Who is blocked at `now`.
    async fn lockouts(&self, now: MonotonicTime) -> Vec<Lockout>;

    /// Lifts the block of `only`, or all blocks, and says how many there were.
    async fn clear(&self, only: Option<LimitKey>, now: MonotonicTime) -> usize;

    /// Drops what no longer matters at `now`.
    async fn forget_idle(&self, now: MonotonicTime);
}

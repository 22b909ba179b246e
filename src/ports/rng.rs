//! Randomness.

use thiserror::Error;

/// The system's random source failed. There is no fallback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the system's random source failed")]
pub struct RandomUnavailable;

/// A source of random bytes for codes, ids, secrets and salts.
///
/// # Contract
///
/// * Bytes are cryptographically secure and independent of each other.
/// * On failure `bytes` must be treated as unusable; an implementer never falls back to a weaker source.
#[cfg_attr(test, mockall::automock)]
pub trait Rng: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`] when the source fails.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable>;
}

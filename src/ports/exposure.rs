//! What stands between the daemon and its clients, asked for its state.

use async_trait::async_trait;
use thiserror::Error;

use crate::domain::endpoint::Endpoint;

/// Why clients do not get through to the daemon, as far as what stands in front of it can tell.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what}")]
pub struct ExposureFault {
    /// Which part is at fault.
    pub kind: FaultKind,
    /// What is wrong, as a clause that begins with a lower-case letter; foreign text in it is safe to show.
    pub what: String,
    /// How to mend it, as a command or an instruction.
    pub fix: String,
}

impl ExposureFault {
    /// A fault in these words.
    pub fn new(kind: FaultKind, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { kind, what: what.into(), fix: fix.into() }
    }
}

/// Which part is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The program is not installed, does not run, or is not logged in.
    NotRunning,
    /// It runs, but does not pass anything on to this daemon yet.
    NotSetUp,
    /// It could not be asked, or its answer makes no sense.
    Unclear,
}

/// The daemon's way to the outside.
///
/// # Contract
///
/// * An answer comes within 15 seconds and is never a guess: what cannot be determined is a fault with its own words.
/// * The endpoint is one that remote devices can use: never a wildcard address, and a loopback one only where clients are
///   on the daemon's own machine.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Exposure: Send + Sync {
    /// Where clients reach the daemon, or `None` when everything is set up but does not say where it leads.
    ///
    /// # Errors
    ///
    /// [`ExposureFault`].
    async fn inspect(&self) -> Result<Option<Endpoint>, ExposureFault>;
}

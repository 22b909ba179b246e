//! The daemon of this home as a process.

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

/// Why the daemon did not start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// It started and ended again.
    #[error("{error}")]
    Ended {
        /// Its own error line.
        error: String,
        /// Its own hints.
        hints: Vec<String>,
        /// The last lines of its log from this start.
        log: Vec<String>,
    },
    /// It runs but did not become ready in time.
    #[error("the daemon did not become ready within {} seconds", .0.as_secs())]
    NotReady(Duration),
    /// The process could not be made.
    #[error("{0}")]
    Spawn(String),
}

/// What a start does about the host's own credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostCredential {
    /// It must be there where the mode needs it; only the first start makes one.
    AsFound,
    /// It is made anew, in the place of one that was lost.
    Renewed,
}

/// Starts the daemon in the background and watches it go.
///
/// # Contract
///
/// * `start` returns when the daemon answers or has ended, without polling by the clock alone.
/// * The daemon outlives the command and its terminal.
/// * Whether it runs is read from the lock that it holds, never from a pid alone.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait DaemonProcess: Send + Sync {
    /// Starts it in the background and waits until it is ready.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    async fn start(&self, credential: HostCredential) -> Result<(), StartError>;

    /// The process that holds this home's lock, or 0 for one that cannot be told.
    fn running(&self) -> Option<u32>;

    /// Waits until the daemon is gone, and says whether it is.
    async fn wait_until_gone(&self, at_most: Duration) -> bool;
}

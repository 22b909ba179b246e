//! Mending what is safe to mend in the home folder.

use std::path::PathBuf;

use async_trait::async_trait;

use super::home_inspection::Writer;
use super::storage::StorageError;
use crate::domain::daemon_id::DaemonId;

/// One repair: it takes nothing away that anyone could miss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Others lose their access to a file or folder.
    Protect {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits now.
        from: u32,
        /// Its permission bits then.
        to: u32,
    },
    /// The temporary file of a killed write goes.
    RemoveLeftover {
        /// The file.
        path: PathBuf,
        /// Whose write it was.
        writer: Writer,
    },
    /// The socket of a daemon that is gone goes.
    RemoveSocket {
        /// The socket.
        path: PathBuf,
    },
    /// A token that no pairing refers to goes.
    DropToken {
        /// Whose token it is.
        daemon: DaemonId,
    },
    /// The host gets a new credential of its own, in the place of one that was lost.
    RenewHostCredential,
}

impl Repair {
    /// Whether it is only safe while no daemon runs.
    pub const fn needs_quiet(&self) -> bool {
        match self {
            Self::RemoveLeftover { writer: Writer::Daemon, .. }
            | Self::RemoveSocket { .. }
            | Self::RenewHostCredential => true,
            Self::RemoveLeftover { writer: Writer::Client, .. } | Self::Protect { .. } | Self::DropToken { .. } => {
                false
            }
        }
    }
}

/// Mends the home folder.
///
/// # Contract
///
/// * `quiet` keeps every daemon off the home until its value is dropped, and fails while one runs.
/// * `repair` looks again before it changes something, so that what has changed in between is left alone: it follows no
///   symbolic link, removes nothing but what the repair names, and takes the writers' lock for a client's files.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait HomeRepair: Send + Sync {
    /// Keeps daemons off.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when a daemon runs, or the lock cannot be had.
    fn quiet(&self) -> Result<Box<dyn Send>, StorageError>;

    /// Does one repair. One that needs quiet is done under it only.
    ///
    /// # Errors
    ///
    /// [`StorageError`] with what stands in the way.
    async fn repair(&self, repair: &Repair) -> Result<(), StorageError>;
}

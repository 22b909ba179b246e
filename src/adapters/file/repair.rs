//! Mending what can be mended in the home folder, one thing at a time.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;

use super::credentials::FileCredentialStore;
use super::home::Home;
use super::inspection::is_leftover;
use super::private_file;
use crate::adapters::platform;
use crate::domain::daemon_id::DaemonId;
use crate::ports::home_inspection::Writer;
use crate::ports::storage::StorageError;

/// Takes the access of others to a file or folder away, if it still has the mode `from`.
///
/// # Errors
///
/// [`StorageError`] when it has changed, or the system refuses.
pub fn protect(path: &Path, from: u32, to: u32) -> Result<(), StorageError> {
    let change = || {
        // Opened first and changed through the handle, so that nothing can take its place in between.
        let file = platform::open_without_following(path)?;
        if file.metadata()?.mode() & 0o7777 != from {
            return Err(has_changed());
        }
        file.set_permissions(Permissions::from_mode(to))
    };
    change().map_err(|error| failed(path, &error))
}

/// Removes the temporary file of a killed write. For a daemon's file, no daemon may run.
///
/// # Errors
///
/// [`StorageError`] when it is none, or the system refuses.
pub fn remove_leftover(home: &Home, path: &Path, writer: Writer) -> Result<(), StorageError> {
    let remove = || {
        let _lock = match writer {
            Writer::Daemon => None,
            Writer::Client => Some(private_file::lock(&home.client_lock_file())?),
        };
        if !is_leftover(path) || !path.symlink_metadata()?.is_file() {
            return Err(has_changed());
        }
        std::fs::remove_file(path)
    };
    remove().map_err(|error| failed(path, &error))
}

/// Removes a socket. No daemon may run.
///
/// # Errors
///
/// [`StorageError`] when it is none, or the system refuses.
pub fn remove_socket(path: &Path) -> Result<(), StorageError> {
    let remove = || {
        if path.symlink_metadata()?.file_type().is_socket() { std::fs::remove_file(path) } else { Err(has_changed()) }
    };
    remove().map_err(|error| failed(path, &error))
}

/// Drops the token of a daemon, if no pairing refers to it.
///
/// # Errors
///
/// [`StorageError`] when the files cannot be used.
pub fn drop_token(home: &Home, daemon: &DaemonId) -> Result<(), StorageError> {
    let dropped = FileCredentialStore::new(home.clone()).drop_orphan(daemon);
    dropped.map_err(|error| StorageError(error.to_string()))
}

fn has_changed() -> io::Error {
    io::Error::other("it has changed since it was looked at")
}

fn failed(path: &Path, error: &io::Error) -> StorageError {
    StorageError(format!("{}: {error}", path.display()))
}

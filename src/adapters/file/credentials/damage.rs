//! What is wrong with a file, and how to mend it.

use std::io;
use std::path::Path;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::VERSION;
use crate::adapters::file::private_file::{self, ReadError};
use crate::adapters::platform::{NotPrivate, make_private_command, move_away_command};
use crate::ports::credential_store::{CredentialStoreError, Pairing};
use crate::ports::storage::StorageError;

/// Largest file that is read, in bytes: thousands of pairings.
const MAX_FILE_BYTES: u64 = 1 << 20;

#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// The content of a file of `owner` whose version is ours, or `None` when there is no file.
///
/// # Errors
///
/// [`CredentialStoreError`] for a file that is not private, not readable, no JSON or of another version.
pub(super) fn read(path: &Path, owner: u32) -> Result<Option<Zeroizing<Vec<u8>>>, CredentialStoreError> {
    let content = match private_file::read_of(path, MAX_FILE_BYTES, owner) {
        Ok(None) => return Ok(None),
        Ok(Some(content)) => content,
        Err(error) => return Err(unreadable(path, &error)),
    };
    let found = serde_json::from_slice::<Versioned>(&content).map_err(|_| malformed(path, "it is not valid"))?;
    if found.version == VERSION {
        return Ok(Some(content));
    }
    let what = format!("its version is {}, and this netclaw knows version {VERSION} only", found.version);
    Err(damaged(path, &what, format!("use the newer netclaw that wrote it, or {}", move_away_command(path, ".old"))))
}

/// The file is not what it should be.
pub(super) fn malformed(path: &Path, what: &str) -> CredentialStoreError {
    damaged(
        path,
        what,
        format!("put a good copy in its place, or pair again after: {}", move_away_command(path, ".old")),
    )
}

/// A pairing is listed, but its token is gone.
pub(super) fn missing_token(path: &Path, pairing: &Pairing) -> CredentialStoreError {
    let what = format!("it has no token for the daemon at {}", pairing.endpoint);
    damaged(path, &what, format!("pair again: netclaw pair {}", pairing.endpoint))
}

/// The system did not let us.
pub(super) fn storage(verb: &str, path: &Path, error: &io::Error) -> CredentialStoreError {
    CredentialStoreError::Storage(StorageError(format!("cannot {verb} {}: {error}", path.display())))
}

fn unreadable(path: &Path, error: &ReadError) -> CredentialStoreError {
    let repair = match error {
        ReadError::Io(error) => return storage("read", path, error),
        ReadError::NotPrivate(NotPrivate::Mode { .. }) => make_private_command(path),
        ReadError::NotPrivate(NotPrivate::Owner { .. }) => "run netclaw as the user that paired this device".to_owned(),
        ReadError::NotPrivate(NotPrivate::NotAFile) | ReadError::Symlink => {
            format!("put the file itself in its place: {}", path.display())
        }
        ReadError::TooLarge { .. } => move_away_command(path, ".old"),
    };
    damaged(path, &error.to_string(), repair)
}

fn damaged(path: &Path, what: &str, repair: String) -> CredentialStoreError {
    CredentialStoreError::Damaged { cause: format!("cannot use {}: {what}", path.display()), repair }
}

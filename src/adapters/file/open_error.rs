//! A file that stops the start, and what to do about it.

use std::path::Path;

use thiserror::Error;

use super::private_file::ReadError;
use crate::adapters::platform::{self, NotPrivate};

/// A file cannot be used. It was left as it is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{cause}")]
pub struct OpenError {
    /// Which file, and what is wrong with it.
    pub cause: String,
    /// What to do, one instruction or command each.
    pub hints: Vec<String>,
}

impl OpenError {
    /// `path` could not be read; `repair` mends damaged content.
    pub(super) fn unreadable(path: &Path, error: &ReadError, repair: &str) -> Self {
        let hint = match error {
            ReadError::NotPrivate(NotPrivate::Mode { .. }) => {
                format!("make it private with: {}", platform::make_private_command(path))
            }
            ReadError::NotPrivate(NotPrivate::Owner { .. }) => {
                format!("run netclaw as that user, or change the owner of {}", path.display())
            }
            ReadError::NotPrivate(NotPrivate::NotAFile) | ReadError::Symlink => {
                format!("move it away and put the regular file back at {}", path.display())
            }
            ReadError::TooLarge { .. } => repair.to_owned(),
            ReadError::Io(_) => format!("make {} readable for this user", path.display()),
        };
        Self { cause: format!("{} cannot be trusted: {error}", path.display()), hints: vec![hint] }
    }

    /// The content of `path` is not what it should be.
    pub(super) fn damaged(path: &Path, what: &str, repair: &str) -> Self {
        Self { cause: format!("{} is damaged: {what}", path.display()), hints: vec![repair.to_owned()] }
    }

    /// `path` was written by a version of netclaw that this one does not know.
    pub(super) fn unknown_version(path: &Path, found: u64, known: u64) -> Self {
        let cause = format!("{} has version {found}, but this netclaw knows version {known}", path.display());
        Self { cause, hints: vec!["run the newer netclaw that wrote it".to_owned()] }
    }
}

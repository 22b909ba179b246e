//! Everything that differs between operating systems, in one place.
//!
//! `unix.rs` serves Linux and macOS, host and client. `other.rs` serves a client on Windows, where files inherit the
//! user profile's access list. Both offer the same functions; code elsewhere asks for no operating system, apart from
//! the host's own adapters, which only exist on Unix. [`colours`] is the same everywhere: what the environment says to all.

pub mod colours;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::*;

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub use other::*;

use std::path::Path;

use thiserror::Error;

/// Why a file is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotPrivate {
    /// Others may read or write it.
    #[error("it is accessible by others (mode {mode:04o})")]
    Mode {
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to another user.
    #[error("it belongs to another user (uid {uid})")]
    Owner {
        /// The user.
        uid: u32,
    },
    /// It is a folder, a device or the like.
    #[error("it is not a regular file")]
    NotAFile,
}

/// Why what is in a folder is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UnsafeFolder {
    /// It is a file or the like.
    #[error("it is not a folder")]
    NotAFolder,
    /// It belongs to another user, who can put anything in it.
    #[error("it belongs to another user (uid {uid})")]
    Owner {
        /// The user.
        uid: u32,
    },
    /// Others may put anything in it.
    #[error("others may write to it (mode {mode:04o})")]
    Writable {
        /// Its permission bits.
        mode: u32,
    },
}

/// The command that moves a file out of the way, to its own name with `suffix`, for a hint.
pub fn move_away_command(path: &Path, suffix: &str) -> String {
    let mut away = path.as_os_str().to_owned();
    away.push(suffix);
    format!("mv {} {}", quoted(path), quoted(Path::new(&away)))
}

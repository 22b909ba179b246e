//! The lock that keeps a second daemon off a home.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use thiserror::Error;

use crate::adapters::platform;

/// How long a held lock is asked again: commands that only look whether a daemon runs hold it for an instant.
const PATIENCE: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(20);

/// Held for the life of the daemon; the system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub struct DaemonLock {
    _file: File,
}

/// Why the lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another daemon holds it.
    #[error("a daemon already runs on this home{}", .pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default())]
    Held {
        /// The other daemon, as far as the file says.
        pid: Option<u32>,
    },
    /// The system's error.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl DaemonLock {
    /// Takes the lock and writes this process's id into its file.
    ///
    /// # Errors
    ///
    /// [`LockError`].
    pub fn take(path: &Path) -> Result<Self, LockError> {
        if let Some(folder) = path.parent() {
            platform::create_private_folder(folder)?;
        }
        let mut file = platform::open_lock_file(path)?;
        let mut patience = PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(error.into()),
                Err(TryLockError::WouldBlock) if patience.is_zero() => {
                    return Err(LockError::Held { pid: pid_in(&mut file) });
                }
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep(PAUSE);
                    patience = patience.saturating_sub(PAUSE);
                }
            }
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self { _file: file })
    }

    /// The daemon that holds the lock, or `None` when nobody does. It is 0 when the file does not say; a daemon writes its
    /// id right after it has taken the lock, which is waited for.
    pub fn holder(path: &Path) -> Option<u32> {
        let mut file = platform::open_without_following(path).ok()?;
        let mut patience = PATIENCE;
        loop {
            match file.try_lock_shared() {
                Ok(()) | Err(TryLockError::Error(_)) => return None,
                Err(TryLockError::WouldBlock) => match pid_in(&mut file) {
                    Some(pid) => return Some(pid),
                    None if patience.is_zero() => return Some(0),
                    None => {}
                },
            }
            std::thread::sleep(PAUSE);
            patience = patience.saturating_sub(PAUSE);
        }
    }

    /// Waits until nobody holds the lock.
    ///
    /// # Errors
    ///
    /// The system's error.
    pub fn wait_until_free(path: &Path) -> io::Result<()> {
        match platform::open_without_following(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            file => file?.lock_shared(),
        }
    }
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(20).read_to_string(&mut text).ok()?;
    text.strip_suffix('\n')?.parse().ok()
}

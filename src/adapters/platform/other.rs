//! A client on Windows: access is governed by the access list of the user's profile folder.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::{NotPrivate, UnsafeFolder};
use crate::ports::interrupts::Interrupt;

/// The number of every user.
pub const ROOT: u32 = 0;

/// Time since the process first asked.
#[expect(clippy::disallowed_methods, reason = "this is where the Clock adapter reads it")]
pub fn since_boot() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// Connections are left as they are: what runs here ends with its answer.
///
/// # Errors
///
/// None.
pub fn keep_alive<S>(_socket: S) -> io::Result<()> {
    Ok(())
}

/// Handles are not limited here: as many as are wanted.
pub const fn allow_open_files(wanted: u64) -> u64 {
    wanted
}

/// Makes a folder and those above it. An existing folder stays as it is.
///
/// # Errors
///
/// What the system says.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)
}

/// Opens a file for reading, refusing a symbolic link at its name.
///
/// # Errors
///
/// What the system says.
pub fn open_without_following(path: &Path) -> io::Result<File> {
    if path.symlink_metadata()?.is_symlink() {
        return Err(io::Error::other("it is a symbolic link"));
    }
    File::open(path)
}

/// Opens a file that holds a lock, creating it if needed.
///
/// # Errors
///
/// What the system says.
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// Whether a file is a regular one.
///
/// # Errors
///
/// [`NotPrivate::NotAFile`].
pub fn check_private(metadata: &Metadata, _owner: u32) -> Result<(), NotPrivate> {
    if metadata.is_file() { Ok(()) } else { Err(NotPrivate::NotAFile) }
}

/// Whether a folder is one.
///
/// # Errors
///
/// [`UnsafeFolder::NotAFolder`].
pub fn check_folder(metadata: &Metadata, _owner: u32) -> Result<(), UnsafeFolder> {
    if metadata.is_dir() { Ok(()) } else { Err(UnsafeFolder::NotAFolder) }
}

/// Users have no numbers here, so that all are one.
pub fn owner_of(_metadata: &Metadata) -> u32 {
    ROOT
}

/// The signals that interrupt a command: here only Ctrl-C.
#[derive(Debug)]
pub struct Signals;

impl Signals {
    /// Catches it from the first wait on.
    pub fn catch() -> Self {
        Self
    }

    /// The next one. Can be given up and called again.
    pub async fn next(&mut self) -> Interrupt {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Interrupt::Stop,
            Err(_) => std::future::pending().await,
        }
    }
}

/// The console puts its own modes back.
#[derive(Debug)]
pub struct TerminalModes;

impl TerminalModes {
    /// As it is now.
    pub fn of_stdin() -> Self {
        Self
    }

    /// Puts it back.
    pub fn restore(&self) {}
}

/// Users have no numbers here, so that all are one.
pub fn user_id() -> u32 {
    ROOT
}

/// Windows makes a rename durable with the file system's own journal; there is nothing to call.
///
/// # Errors
///
/// None.
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// The command that makes a file private, for a hint.
pub fn make_private_command(path: &Path) -> String {
    format!("icacls {} /inheritance:r /grant:r \"%USERNAME%:F\"", quoted(path))
}

/// A path as a shell reads it, for a command in a hint. No path here has a quotation mark in it.
pub fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

/// The command that says which program listens on a TCP port of this machine, for a hint.
pub fn who_listens_command(port: u16) -> String {
    format!("netstat -ano -p tcp | findstr :{port}")
}

/// The commands of a host, which ask such questions, are not here.
pub const fn forget_typed_ahead() {}

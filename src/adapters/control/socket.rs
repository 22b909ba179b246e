//! Where the control socket is, how the daemon makes it, and how a forwarder makes one of its own.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::umask;
use thiserror::Error;

use crate::adapters::platform::{self, MAX_SOCKET_PATH_BYTES, UnsafeFolder};

/// The variable with the user's private folder for sockets (XDG Base Directory Specification).
pub const RUNTIME_VARIABLE: &str = "XDG_RUNTIME_DIR";

/// Permission bits of everyone but the owner.
const OTHERS: u32 = 0o077;

/// Why there is no usable socket.
#[derive(Debug, Error)]
pub enum SocketError {
    /// The path is longer than the system allows, and there is no other place.
    #[error("the path of the socket, {0}, is longer than {MAX_SOCKET_PATH_BYTES} bytes")]
    TooLong(PathBuf),
    /// Something that is no socket has its name.
    #[error("{0} is in the way: it is not a socket")]
    Occupied(PathBuf),
    /// Others could put a socket of their own in its place.
    #[error("{folder} cannot be trusted: {error}")]
    Folder {
        /// The folder of the socket.
        folder: PathBuf,
        /// Why.
        error: UnsafeFolder,
    },
    /// The system's error.
    #[error("{path}: {error}")]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// Why there is no socket at a path that a person has chosen.
#[derive(Debug, Error)]
pub enum UnlockedError {
    /// Another process has it.
    #[error("{0} is in use by another process")]
    InUse(PathBuf),
    /// Others could come near it.
    #[error("{folder} is not private: others may enter it, or it is another user's")]
    NotPrivate {
        /// The folder of the socket.
        folder: PathBuf,
    },
    /// It cannot be made.
    #[error(transparent)]
    Socket(#[from] SocketError),
}

/// The path at which daemon and commands meet: `preferred`, or, where that is too long for the system, a folder named after
/// it below `runtime_folder`, the value of [`RUNTIME_VARIABLE`].
///
/// # Errors
///
/// [`SocketError::TooLong`] when neither fits.
pub fn path(preferred: PathBuf, runtime_folder: Option<OsString>) -> Result<PathBuf, SocketError> {
    let fits = |path: &Path| path.as_os_str().len() <= MAX_SOCKET_PATH_BYTES;
    if fits(&preferred) {
        return Ok(preferred);
    }
    let name = HEXLOWER.encode(digest(&SHA256, preferred.as_os_str().as_encoded_bytes()).as_ref());
    let folder = runtime_folder.filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let fallback = folder.map(|folder| folder.join(format!("netclaw-{:.16}", name)).join("control.sock"));
    fallback.filter(|path| fits(path) && path.is_absolute()).ok_or(SocketError::TooLong(preferred))
}

/// Makes the socket, for its owner only, in the place of one that a dead daemon left.
///
/// The caller holds the daemon's lock, so a socket that is there belongs to nobody.
///
/// # Errors
///
/// [`SocketError`].
pub fn bind(path: &Path) -> Result<UnixListener, SocketError> {
    let failed = |error| SocketError::Io { path: path.to_owned(), error };
    match path.symlink_metadata() {
        Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path).map_err(failed)?,
        Ok(_) => return Err(SocketError::Occupied(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    if let Some(folder) = path.parent() {
        platform::create_private_folder(folder).map_err(failed)?;
        let metadata = folder.metadata().map_err(failed)?;
        platform::check_folder(&metadata, platform::user_id())
            .map_err(|error| SocketError::Folder { folder: folder.to_owned(), error })?;
    }
    // The mask makes the socket 0600 from its first moment. It belongs to the whole process, which makes no other file
    // while it starts.
    let usual = umask(Mode::from_raw_mode(0o177));
    let bound = UnixListener::bind(path).and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    umask(usual);
    bound.map_err(failed)
}

/// The place of a socket that is one process's own: its lock is held, and the socket is removed when this is dropped, unless
/// another one has come in its place. To be dropped before the listener, or the system may give its number to another file.
#[derive(Debug)]
pub struct OwnPlace {
    path: PathBuf,
    /// Device and number of the file, which no other one has while it is there.
    identity: (u64, u64),
    _lock: File,
}

impl Drop for OwnPlace {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            // Without it nobody is in its way: the next one takes the place of a socket that has no listener.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes a socket like [`bind`] where no daemon's lock says whose it is, in a folder that nobody else can enter: an existing
/// one that is, or a new one. A lock file beside it, which stays, keeps two processes from doing so at once.
///
/// # Errors
///
/// [`UnlockedError`].
pub fn bind_unlocked(path: &Path) -> Result<(UnixListener, OwnPlace), UnlockedError> {
    let failed = |error| SocketError::Io { path: path.to_owned(), error };
    if path.as_os_str().len() > MAX_SOCKET_PATH_BYTES {
        return Err(SocketError::TooLong(path.to_owned()).into());
    }
    if let Some(folder) = path.parent() {
        platform::create_private_folder(folder).map_err(failed)?;
        let metadata = folder.metadata().map_err(failed)?;
        if metadata.uid() != platform::user_id() || metadata.mode() & OTHERS != 0 {
            return Err(UnlockedError::NotPrivate { folder: folder.to_owned() });
        }
    }
    let lock = lock_beside(path)?;
    match UnixStream::connect(path) {
        // Nobody has it, or nobody has it any more. What is no socket is refused in the next step.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {}
        Err(error) if error.raw_os_error() == Some(Errno::NOTSOCK.raw_os_error()) => {}
        // Its datagrams are somebody's as well.
        Err(error) if error.raw_os_error() != Some(Errno::PROTOTYPE.raw_os_error()) => return Err(failed(error).into()),
        Ok(_) | Err(_) => return Err(UnlockedError::InUse(path.to_owned())),
    }
    let listener = bind(path)?;
    let identity = identity(path).map_err(failed)?;
    Ok((listener, OwnPlace { path: path.to_owned(), identity, _lock: lock }))
}

/// Takes the lock of a socket, for as long as the file is open.
fn lock_beside(path: &Path) -> Result<File, UnlockedError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let failed = |error| SocketError::Io { path: name.clone(), error };
    let lock = platform::open_lock_file(&name).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(UnlockedError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error).into()),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    path.symlink_metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}

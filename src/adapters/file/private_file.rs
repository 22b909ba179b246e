//! Reading and writing files that only their owner may see.
//!
//! A write goes to a temporary file in the same folder, which is synced, renamed over the target, and made durable by
//! syncing the folder: at every moment the target is either the old file or the new one, whole.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write, WriterPanicked};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use tempfile::NamedTempFile;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::adapters::platform::{self, NotPrivate};
use crate::domain::time::WallTime;

const TEMPORARY_SUFFIX: &str = ".tmp";

/// Why a private file could not be read. It was left as it is.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It is not safe to trust.
    #[error("{0}")]
    NotPrivate(#[from] NotPrivate),
    /// There is a symbolic link in its place.
    #[error("it is a symbolic link")]
    Symlink,
    /// It is larger than anything that we write.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The system's error.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// The content of a private file of this process's user, wiped on drop, or `None` when there is no file.
///
/// # Errors
///
/// [`ReadError`].
pub fn read(path: &Path, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
    read_of(path, limit, platform::user_id())
}

/// The same for a private file of `owner`, as root may look at it.
///
/// # Errors
///
/// [`ReadError`].
pub fn read_of(path: &Path, limit: u64, owner: u32) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
    let file = match platform::open_without_following(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(_) if path.is_symlink() => return Err(ReadError::Symlink),
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    platform::check_private(&metadata, owner)?;
    // Large enough from the start, so that no copy of a secret is left behind by growing.
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len().min(limit)).unwrap_or(0)));
    file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(ReadError::TooLarge { limit });
    }
    Ok(Some(content))
}

/// Replaces a private file, or creates it and its folder.
///
/// # Errors
///
/// The system's error; the file is as it was. A symbolic link in its place is refused.
pub fn write(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let (temporary, folder) = written_beside(path, content)?;
    temporary.persist(path)?;
    platform::sync_folder(folder)
}

/// Creates a private file that must not exist yet.
///
/// # Errors
///
/// The system's error; [`io::ErrorKind::AlreadyExists`] when something has this name.
pub fn create(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let (temporary, folder) = written_beside(path, content)?;
    temporary.persist_noclobber(path)?;
    platform::sync_folder(folder)
}

/// Puts the file `other` of the same folder in the place of `path`, whose content is gone for good.
///
/// # Errors
///
/// The system's error; both files are as they were.
pub fn replace_with(path: &Path, other: &Path) -> io::Result<()> {
    std::fs::rename(other, path)?;
    platform::sync_folder(folder_of(path)?)
}

/// When a file was written, by the wall clock of that time.
///
/// # Errors
///
/// The system's error.
pub fn modified_at(path: &Path) -> io::Result<WallTime> {
    let modified = std::fs::symlink_metadata(path)?.modified()?;
    let since_epoch = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(WallTime::from_unix_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)))
}

/// Makes sure that `path` could be written now with about `bytes` of content, without touching it.
///
/// # Errors
///
/// The error that a write would have.
pub fn rehearse(path: &Path, bytes: usize) -> io::Result<()> {
    written_beside(path, |file| file.write_all(&vec![b' '; bytes])).map(drop)
}

/// Takes the lock of `path` for this process, waiting for it. It is let go when the file is dropped.
///
/// # Errors
///
/// The system's error.
pub fn lock(path: &Path) -> io::Result<File> {
    platform::create_private_folder(folder_of(path)?)?;
    let file = platform::open_lock_file(path)?;
    file.lock()?;
    Ok(file)
}

/// Takes the lock of `path` together with other readers, waiting for a writer; `None` when nobody has ever taken it.
///
/// # Errors
///
/// The system's error.
pub fn lock_shared(path: &Path) -> io::Result<Option<File>> {
    match platform::open_without_following(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        file => {
            let file = file?;
            file.lock_shared()?;
            Ok(Some(file))
        }
    }
}

/// Removes what a write of `path` left behind when it was killed. Only for whoever is the file's one writer.
///
/// # Errors
///
/// The system's error.
pub fn remove_leftovers(path: &Path) -> io::Result<()> {
    leftovers(path)?.iter().try_for_each(std::fs::remove_file)
}

/// The temporary files of writes of `path`: of one that goes on, and of those that were killed.
///
/// # Errors
///
/// The system's error.
pub fn leftovers(path: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder_of(path)?) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let prefix = temporary_prefix(path);
    let is_ours =
        |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with(&prefix) && name.ends_with(TEMPORARY_SUFFIX));
    let mut leftovers = Vec::new();
    for entry in entries {
        let entry = entry?;
        if is_ours(&entry.file_name()) {
            leftovers.push(entry.path());
        }
    }
    Ok(leftovers)
}

fn temporary_prefix(path: &Path) -> String {
    format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy())
}

fn written_beside(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<(NamedTempFile, &Path)> {
    let folder = folder_of(path)?;
    platform::create_private_folder(folder)?;
    if path.is_symlink() {
        return Err(io::Error::other(format!("{} is a symbolic link", path.display())));
    }
    let prefix = temporary_prefix(path);
    // Created with mode 0600 by the crate.
    let mut temporary = tempfile::Builder::new().prefix(&prefix).suffix(TEMPORARY_SUFFIX).tempfile_in(folder)?;
    let mut buffered = BufWriter::new(temporary.as_file_mut());
    let written = content(&mut buffered).and_then(|()| buffered.flush());
    let (_, buffer) = buffered.into_parts();
    // What went through it may have been a secret.
    drop(Zeroizing::new(buffer.unwrap_or_else(WriterPanicked::into_inner)));
    written?;
    temporary.as_file().sync_all()?;
    Ok((temporary, folder))
}

fn folder_of(path: &Path) -> io::Result<&Path> {
    path.parent().ok_or_else(|| io::Error::other("a file needs a folder"))
}

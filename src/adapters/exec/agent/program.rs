//! Where a program is, the way the system looks for it (execvp(3)).

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// The file that would be run as `program` in `folder`, with this `PATH`.
///
/// # Errors
///
/// [`io::ErrorKind::NotFound`] and [`io::ErrorKind::PermissionDenied`].
pub(super) fn find(program: &str, folder: &Path, path: Option<&OsStr>) -> io::Result<PathBuf> {
    if program.contains('/') {
        return runnable(folder.join(program));
    }
    let mut reason = io::Error::from(io::ErrorKind::NotFound);
    for place in std::env::split_paths(path.unwrap_or_default()) {
        match runnable(folder.join(place).join(program)) {
            Ok(found) => return Ok(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => reason = error,
        }
    }
    Err(reason)
}

fn runnable(file: PathBuf) -> io::Result<PathBuf> {
    let is_file = std::fs::metadata(&file)?.is_file();
    if !is_file || access(&file, Access::EXEC_OK).is_err() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(file)
}

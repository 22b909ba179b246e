//! The unit as a file. Anyone may read it: it names a program and a folder, and systemd shows it to everyone anyway.

use std::fs::Permissions;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::unit;
use crate::adapters::platform;
use crate::ports::service_manager::ServiceError;

/// Bytes of a unit that are read: ours has two thousand.
const MAX_BYTES: u64 = 64 * 1024;

const MODE: u32 = 0o644;

/// What has the name of our unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A unit that netclaw wrote.
    Ours(String),
    /// Something else: another unit, or a link, which somebody made for a reason.
    Foreign,
}

/// Looks at what is there.
///
/// # Errors
///
/// [`ServiceError::File`].
pub fn look(path: &Path) -> Result<Found, ServiceError> {
    let failed = |error| failed("read", path, &error);
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if !metadata.is_file() => return Ok(Found::Foreign),
        Ok(_) => {}
    }
    let mut content = Vec::new();
    let file = platform::open_without_following(path).map_err(failed)?;
    file.take(MAX_BYTES).read_to_end(&mut content).map_err(failed)?;
    Ok(String::from_utf8(content).ok().filter(|text| unit::is_ours(text)).map_or(Found::Foreign, Found::Ours))
}

/// Writes the unit, so that there is the old one or the new one at every moment.
///
/// # Errors
///
/// [`ServiceError::File`].
pub fn write(path: &Path, text: &str) -> Result<(), ServiceError> {
    let write = || -> io::Result<()> {
        let folder = path.parent().ok_or_else(|| io::Error::other("a file needs a folder"))?;
        platform::create_private_folder(folder)?;
        let mut temporary = tempfile::Builder::new().prefix(".netclaw.").tempfile_in(folder)?;
        temporary.write_all(text.as_bytes())?;
        temporary.as_file().set_permissions(Permissions::from_mode(MODE))?;
        temporary.as_file().sync_all()?;
        temporary.persist(path)?;
        platform::sync_folder(folder)
    };
    write().map_err(|error| failed("write", path, &error))
}

/// Removes the unit.
///
/// # Errors
///
/// [`ServiceError::File`].
pub fn remove(path: &Path) -> Result<(), ServiceError> {
    std::fs::remove_file(path).map_err(|error| failed("remove", path, &error))
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> ServiceError {
    ServiceError::File(format!("cannot {verb} {}: {error}", path.display()))
}

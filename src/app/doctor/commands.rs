//! Commands for the shell, to be copied.

use std::path::Path;

use crate::domain::daemon_id::DaemonId;

/// Characters that a shell takes as they are.
const PLAIN: &str = "_-./:@%+,=";

/// Takes the access of others to a folder away.
pub(super) fn protect_folder(path: &Path) -> String {
    format!("chmod 700 {}", quoted(path))
}

/// Takes the access of others to a file away.
pub(super) fn protect_file(path: &Path) -> String {
    format!("chmod 600 {}", quoted(path))
}

/// Moves something out of the way.
pub(super) fn move_away(path: &Path) -> String {
    let mut away = path.as_os_str().to_owned();
    away.push(".old");
    format!("mv {} {}", quoted(path), quoted(Path::new(&away)))
}

/// Gives something to this user.
pub(super) fn own(path: &Path, user: u32) -> String {
    format!("sudo chown {user} {}", quoted(path))
}

/// Ends a rotation of this device's credential that was interrupted: any command that asks this daemon does.
pub(super) fn settle(daemon: &DaemonId) -> String {
    format!("netclaw status --daemon {daemon}")
}

/// A path as a shell reads it: in quotes where it has anything unusual in it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || PLAIN.contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

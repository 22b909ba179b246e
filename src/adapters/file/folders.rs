//! Whether the folders of a home are safe: nobody else can put files or a socket of their own in the place of ours.
//!
//! Folders are made private, but a home may be a volume or a folder that someone made before. Others may look into such a
//! one; what is secret in it is private by itself.

use std::fs;
use std::path::Path;

use super::home::Home;
use super::open_error::OpenError;
use crate::adapters::platform::{self, ROOT, UnsafeFolder};

/// The folders of a home, those of the host and those of the client.
const FOLDERS: [&str; 8] = ["config", "client", "state", "state/sessions", "keys", "run", "logs", "agent"];

/// Checks the home of this process's own user.
///
/// # Errors
///
/// [`OpenError`] for the first folder that another user owns or may write to.
pub fn check(home: &Home) -> Result<(), OpenError> {
    check_owned(home, platform::user_id())
}

/// Checks the home of the user whose daemon this process operates, which is not its own user's when that is root.
///
/// # Errors
///
/// As for [`check`].
pub fn check_operated(home: &Home) -> Result<(), OpenError> {
    check_owned(home, operated_user(home))
}

/// The user whose daemon this process operates: its own, but for root whoever owns the home.
pub fn operated_user(home: &Home) -> u32 {
    match platform::user_id() {
        ROOT => fs::metadata(home.root()).map_or(ROOT, |folder| platform::owner_of(&folder)),
        user => user,
    }
}

fn check_owned(home: &Home, owner: u32) -> Result<(), OpenError> {
    let below = FOLDERS.iter().map(|folder| home.root().join(folder));
    [home.root().to_owned()].into_iter().chain(below).try_for_each(|folder| check_folder(&folder, owner))
}

/// A folder that is not there will be made private; one that cannot be looked at cannot be used either.
fn check_folder(folder: &Path, owner: u32) -> Result<(), OpenError> {
    let Ok(metadata) = fs::metadata(folder) else { return Ok(()) };
    platform::check_folder(&metadata, owner).map_err(|error| {
        let hint = match error {
            UnsafeFolder::NotAFolder => {
                format!("move it away with: {}", platform::move_away_command(folder, ".old"))
            }
            UnsafeFolder::Owner { .. } => {
                let give = format!("chown -R {owner} {}", platform::quoted(folder));
                format!("run netclaw as that user, or let root give the folder to this one: {give}")
            }
            UnsafeFolder::Writable { .. } => {
                format!("take that right from them with: chmod go-w {}", platform::quoted(folder))
            }
        };
        OpenError { cause: format!("{} cannot be trusted: {error}", folder.display()), hints: vec![hint] }
    })
}

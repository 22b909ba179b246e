//! Users, as the host's name service knows them: `/etc/passwd` is only one of its sources.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::adapters::exec::command::{self, CommandError, Limits};
use crate::adapters::platform;
use crate::domain::text::shown_safely;
use crate::ports::service_manager::ServiceError;

/// The mode of a home: its user alone can enter.
const PRIVATE: u32 = 0o700;

/// A user who a service can act as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name, or the number of a user without one.
    pub name: String,
    /// The number.
    pub id: u32,
}

impl Account {
    /// The user with this name or number.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub async fn named(name: &str) -> Result<Self, ServiceError> {
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
        let no_such_user = || ServiceError::NoSuchUser(shown_safely(name));
        if name.starts_with('-') || name.is_empty() || !name.chars().all(is_plain) {
            return Err(no_such_user());
        }
        let id = match id("-u", name).await {
            Err(CommandError::Failed { .. }) => return Err(no_such_user()),
            answer => answer.map_err(refused)?,
        };
        Ok(Self { name: name.to_owned(), id: id.parse().map_err(|_| no_such_user())? })
    }

    /// The user with this number.
    pub async fn numbered(number: u32) -> Self {
        let name = id("-un", &number.to_string()).await;
        Self { name: name.unwrap_or_else(|_| number.to_string()), id: number }
    }

    /// The owner of a home, or of the nearest folder above one that does not exist.
    ///
    /// # Errors
    ///
    /// [`ServiceError::File`] when it cannot be seen.
    pub async fn owner_of(home: &Path) -> Result<Self, ServiceError> {
        for folder in home.ancestors() {
            match folder.metadata() {
                Ok(metadata) => return Ok(Self::numbered(metadata.uid()).await),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(unusable(home, &error)),
            }
        }
        Err(unusable(home, &io::ErrorKind::NotFound.into()))
    }

    /// Makes sure that this user has the home: makes one that does not exist, and leaves one that does as it is.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub async fn occupy(&self, home: &Path) -> Result<(), ServiceError> {
        match home.metadata() {
            Ok(metadata) if metadata.uid() == self.id => Ok(()),
            Ok(metadata) => {
                let owner = Self::numbered(metadata.uid()).await.name;
                Err(ServiceError::NotTheirHome { home: home.to_owned(), owner, user: self.name.clone() })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let group = id("-g", &self.name).await.map_err(refused)?.parse().ok();
                make(home, self.id, group).map_err(|error| unusable(home, &error))
            }
            Err(error) => Err(unusable(home, &error)),
        }
    }
}

/// Makes a home that only its user can enter, below folders that everyone can pass.
fn make(home: &Path, user: u32, group: Option<u32>) -> io::Result<()> {
    if let Some(parent) = home.parent() {
        std::fs::create_dir_all(parent)?;
    }
    platform::create_private_folder(home)?;
    hand_over(home, user, group)
}

/// Gives a folder that this process has just made to its user. Whoever may write to the folder above can put something else
/// in its place in between: so it is opened without following a link, and what was opened is looked at and given away.
///
/// # Errors
///
/// The system's error; one for anything but a folder of this process's own user.
pub fn hand_over(folder: &Path, user: u32, group: Option<u32>) -> io::Result<()> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = File::from(rustix::fs::open(folder, flags, Mode::empty())?);
    if opened.metadata()?.uid() != platform::user_id() {
        return Err(io::Error::other("another user has put a folder in its place"));
    }
    opened.set_permissions(Permissions::from_mode(PRIVATE))?;
    fchown(&opened, Some(user), group)
}

async fn id(what: &str, user: &str) -> Result<String, CommandError> {
    let output = command::run("id", &[what, "--", user], Limits::QUERY).await?;
    Ok(String::from_utf8_lossy(&output).trim().to_owned())
}

fn refused(error: CommandError) -> ServiceError {
    ServiceError::Refused(format!("id: {error}"))
}

fn unusable(home: &Path, error: &io::Error) -> ServiceError {
    ServiceError::File(format!("the home {} cannot be used: {error}", home.display()))
}

//! What lies in the home folder, looked at without touching it.

use std::fs::{Metadata, TryLockError};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::credentials::FileCredentialStore;
use super::home::Home;
use super::open_error::OpenError;
use super::{device_file, folders, identity_file, private_file, tls_key_files};
use crate::adapters::platform;
use crate::ports::credential_store::CredentialStoreError;
use crate::ports::home_inspection::{Entry, HomeFacts, HomeInspection, Kind, Leftover, Stored, Writer};

/// Folders of a home.
const FOLDERS: &[&str] = &["config", "client", "state", "state/sessions", "keys", "run", "logs", "agent"];

/// Bytes that are written to find out whether there is room: one block of most file systems.
const TRIED_BYTES: usize = 4096;

/// Looks at one home.
pub struct FileHomeInspection {
    home: Home,
    control_socket: Option<PathBuf>,
}

impl FileHomeInspection {
    /// The home, and where its control socket is, if there is a place for one.
    pub const fn new(home: Home, control_socket: Option<PathBuf>) -> Self {
        Self { home, control_socket }
    }

    fn folders(&self) -> Vec<Entry> {
        let below = FOLDERS.iter().map(|name| self.home.root().join(name));
        let folders = std::iter::once(self.home.root().to_owned()).chain(below);
        // A folder may be a link to one: what counts is who can look into the folder that is used.
        let followed = |path: PathBuf| {
            let metadata = path.metadata().ok()?;
            Some(Entry { is_linked: path.is_symlink(), ..entry(path, &metadata) })
        };
        folders.filter_map(followed).collect()
    }

    fn private_files(&self) -> Vec<Entry> {
        let home = &self.home;
        let files = [
            home.devices_file(),
            home.identity_file(),
            home.tls_key_file(),
            home.next_tls_key_file(),
            home.secrets_file(),
            home.client_file(),
            home.activity_file(),
        ];
        files.into_iter().filter_map(seen).collect()
    }

    fn leftovers(&self) -> Vec<Leftover> {
        let home = &self.home;
        let of = |path: PathBuf, writer| {
            let found = private_file::leftovers(&path).unwrap_or_default();
            found.into_iter().map(move |path| Leftover { path, writer })
        };
        let keys = [home.identity_file(), home.tls_key_file(), home.next_tls_key_file()];
        let daemon = [home.devices_file(), home.activity_file()].into_iter().chain(keys);
        let client = [home.secrets_file(), home.client_file()];
        let daemon = daemon.flat_map(|path| of(path, Writer::Daemon));
        daemon.chain(client.into_iter().flat_map(|path| of(path, Writer::Client))).collect()
    }

    fn is_client_writing(&self) -> bool {
        let lock = platform::open_without_following(&self.home.client_lock_file());
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    fn room(&self) -> Result<(), String> {
        let config = self.home.root().join("config");
        let folder = [config.as_path(), self.home.root()].into_iter().find(|folder| folder.is_dir());
        let Some(folder) = folder else { return Ok(()) };
        let tried = private_file::rehearse(&folder.join("doctor"), TRIED_BYTES);
        tried.map_err(|error| format!("{}: {error}", folder.display()))
    }
}

impl HomeInspection for FileHomeInspection {
    fn inspect(&self) -> HomeFacts {
        let owner = folders::operated_user(&self.home);
        HomeFacts {
            root: self.home.root().to_owned(),
            user: platform::user_id(),
            owner,
            folders: self.folders(),
            private_files: self.private_files(),
            control_socket: self.control_socket.clone().and_then(seen),
            devices: opened(device_file::read(&self.home.devices_file(), owner)),
            identity: opened(identity_file::load(&self.home.identity_file(), owner).map(|key| key.map(|key| key.id()))),
            tls_keys: opened(tls_key_files::look(&self.home, owner)),
            credentials: match FileCredentialStore::of(self.home.clone(), owner).look() {
                Ok(credentials) => credentials.map_or(Stored::Absent, Stored::Whole),
                Err(error) => refused(error),
            },
            leftovers: self.leftovers(),
            is_client_writing: self.is_client_writing(),
            room: self.room(),
        }
    }
}

/// What is at `path`, links not followed.
fn seen(path: PathBuf) -> Option<Entry> {
    let metadata = path.symlink_metadata().ok()?;
    Some(entry(path, &metadata))
}

fn entry(path: PathBuf, metadata: &Metadata) -> Entry {
    let kind = match metadata.file_type() {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Folder,
        kind if kind.is_symlink() => Kind::Symlink,
        kind if kind.is_socket() => Kind::Socket,
        _ => Kind::Other,
    };
    Entry { path, kind, is_linked: kind == Kind::Symlink, owner: metadata.uid(), mode: metadata.mode() & 0o7777 }
}

fn opened<T>(read: Result<Option<T>, OpenError>) -> Stored<T> {
    match read {
        Ok(read) => read.map_or(Stored::Absent, Stored::Whole),
        Err(OpenError { cause, hints }) => Stored::Refused { cause, repair: hints.join("; or ") },
    }
}

fn refused<T>(error: CredentialStoreError) -> Stored<T> {
    match error {
        CredentialStoreError::Damaged { cause, repair } => Stored::Refused { cause, repair },
        CredentialStoreError::Storage(error) => {
            Stored::Refused { cause: error.to_string(), repair: "make the file readable for this user".to_owned() }
        }
    }
}

/// Whether `path` has the name of a temporary file.
pub(super) fn is_leftover(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with('.') && name.ends_with(".tmp")
}

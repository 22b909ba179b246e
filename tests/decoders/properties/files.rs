//! The files of a home. One that is read is written the same; one that is refused is left as it is.

use std::cell::RefCell;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use netclaw::adapters::file::activity_file::FileActivityLog;
use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::file::device_file::FileDeviceStore;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::file::identity_file;
use netclaw::adapters::file::tls_key_files::TlsKeyFiles;
use netclaw::adapters::system::rng::SystemRng;
use netclaw::domain::device::{Device, DeviceId, DeviceRecord};
use netclaw::domain::time::WallTime;
use netclaw::ports::activity_log::{ActivityLog, LastUse};
use netclaw::ports::credential_store::CredentialStore;
use netclaw::ports::device_store::DeviceStore;
use netclaw::ports::tls_keys::TlsKeyStore;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The pairing that the seeds of the client's two files are about.
const CONFIG: &str = include_str!("../../../fuzz/seeds/client_file/paired");
const SECRETS: &str = include_str!("../../../fuzz/seeds/secrets_file/one");

thread_local! {
    static FOLDER: TempDir = tempfile::tempdir().unwrap();
    static RUNTIME: RefCell<Runtime> = RefCell::new(Builder::new_current_thread().enable_all().build().unwrap());
}

/// Does `work` with an empty home that is this thread's own.
pub fn scratch(work: impl FnOnce(&Home)) {
    FOLDER.with(|folder| {
        let home = Home::at(folder.path().join("home"));
        for below in ["config", "client", "state", "keys"] {
            let folder = home.root().join(below);
            let _ = std::fs::remove_dir_all(&folder);
            make_private(&folder);
        }
        work(&home);
    });
}

/// Waits for `work` on this thread's runtime.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.with_borrow(|runtime| runtime.block_on(work))
}

/// Makes a folder that is the user's own.
pub fn make_private(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
}

/// Writes a file that is the user's own.
pub fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Whether an error shows a part of a token.
fn shows_a_token(error: impl std::fmt::Display + std::fmt::Debug) -> bool {
    format!("{error} {error:?}").contains("nct_")
}

/// `config/devices.json`.
pub fn device_file(bytes: &[u8]) {
    scratch(|home| {
        let path = home.devices_file();
        write(&path, bytes);
        let Ok(store) = FileDeviceStore::open(path.clone()) else {
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
            return;
        };
        let before = listed(&store);
        let Some(first) = before.first() else { return };
        // Any change writes all devices.
        wait(store.rename(first.id(), first.name().clone())).unwrap();
        let again = FileDeviceStore::open(path).unwrap();
        assert_eq!(parts(&listed(&again)), parts(&before));
        wait(again.remove(first.id())).unwrap().unwrap();
        assert_eq!(parts(&listed(&again)), parts(&before)[1..]);
    });
}

fn listed(store: &FileDeviceStore) -> Vec<Device> {
    wait(store.list()).unwrap().iter().map(|device| Device::clone(device)).collect()
}

/// Everything that is stored of devices, to be compared.
fn parts(devices: &[Device]) -> Vec<impl PartialEq + std::fmt::Debug> {
    let part = |device: &Device| {
        let DeviceRecord { id, name, salt, token_hash, pending, created_at, expires_at, bootstrap } =
            device.record().clone();
        let pending = pending.map(|pending| (pending.salt, pending.token_hash.0, pending.confirm_before));
        (id, name, salt, token_hash.0, pending, created_at, expires_at, bootstrap)
    };
    devices.iter().map(part).collect()
}

/// `client/config.json`, beside a good `config/secrets.json`.
pub fn client_file(bytes: &[u8]) {
    scratch(|home| {
        write(&home.secrets_file(), SECRETS.as_bytes());
        write(&home.client_file(), bytes);
        check_credentials(home, &home.client_file(), bytes);
    });
}

/// `config/secrets.json`, beside a good `client/config.json`.
pub fn secrets_file(bytes: &[u8]) {
    scratch(|home| {
        write(&home.client_file(), CONFIG.as_bytes());
        write(&home.secrets_file(), bytes);
        check_credentials(home, &home.secrets_file(), bytes);
    });
}

fn check_credentials(home: &Home, path: &Path, bytes: &[u8]) {
    let store = FileCredentialStore::new(home.clone());
    let pairings = match store.all() {
        Ok(pairings) => pairings,
        Err(error) => {
            assert!(!shows_a_token(error));
            assert_eq!(std::fs::read(path).unwrap(), bytes);
            return;
        }
    };
    let current = store.current().unwrap();
    for pairing in &pairings {
        let found = match store.credential_of(&pairing.daemon_id) {
            Ok(found) => found,
            Err(error) => {
                assert!(!shows_a_token(error));
                assert_eq!(std::fs::read(path).unwrap(), bytes);
                return;
            }
        };
        let Some((known, token)) = found else {
            assert!(store.paired_at(&pairing.endpoint).is_err() || pairings.len() > 1);
            continue;
        };
        assert_eq!(known.as_ref(), Some(pairing));
        // Writing the same again, with both files, changes nothing.
        store.make_current(&pairing.daemon_id).unwrap();
        store.remember(&pairing.daemon_id, &pairing.known).unwrap();
        let (again, same) = store.credential_of(&pairing.daemon_id).unwrap().unwrap();
        assert!(again.as_ref() == Some(pairing) && same.is_same(&token));
        assert_eq!(store.current().unwrap().as_ref(), Some(pairing));
    }
    assert!(current.is_none_or(|current| pairings.contains(&current)));
    assert_eq!(store.all().unwrap(), pairings);
}

/// `state/activity.json`: what is known of a device is known after the next write too.
pub fn activity_file(bytes: &[u8]) {
    scratch(|home| {
        let path = home.activity_file();
        write(&path, bytes);
        let log = FileActivityLog::open(path.clone(), |_| true);
        let document: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        let named = document["devices"].as_object().into_iter().flatten();
        let known: Vec<(DeviceId, LastUse)> =
            named.filter_map(|(id, _)| DeviceId::parse(id)).filter_map(|id| Some((id, log.last_use(id)?))).collect();
        let another = DeviceId::from_random([0; 10]);
        let now = LastUse { at: WallTime::from_unix_millis(1), address: "10.0.0.1".parse().unwrap() };
        log.record(another, now);
        wait(log.flush()).unwrap();
        let again = FileActivityLog::open(path, |_| true);
        assert_eq!(again.last_use(another), Some(now));
        for (id, last_use) in known.into_iter().filter(|(id, _)| *id != another) {
            assert_eq!(again.last_use(id), Some(last_use));
        }
    });
}

/// `keys/identity.key`: the same key every time, or refused and left as it is.
pub fn identity_file(bytes: &[u8]) {
    scratch(|home| {
        let path = home.identity_file();
        write(&path, bytes);
        let load = || identity_file::load_or_create(&path, &SystemRng::default());
        if let Ok(key) = load() {
            assert_eq!(load().unwrap().public_key(), key.public_key());
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    });
}

/// `keys/tls.key`, likewise.
pub fn tls_key_file(bytes: &[u8]) {
    scratch(|home| {
        let path = home.tls_key_file();
        write(&path, bytes);
        let open = || TlsKeyFiles::open(home, Box::new(SystemRng::default()));
        if let Ok(keys) = open() {
            assert_eq!(open().unwrap().keys().current.pin, keys.keys().current.pin);
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    });
}

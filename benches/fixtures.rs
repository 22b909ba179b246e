//! Homes with many devices, and the daemon's use cases on them.

use std::fmt::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use netclaw::adapters::exposure::ListenerExposure;
use netclaw::adapters::file::activity_file::FileActivityLog;
use netclaw::adapters::file::device_file::FileDeviceStore;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::memory::{MemoryAttemptLog, MemoryPairingSlot};
use netclaw::adapters::metrics::PrometheusMeter;
use netclaw::adapters::system::clock::SystemClock;
use netclaw::adapters::system::rng::SystemRng;
use netclaw::app::daemon::DaemonPorts;
use netclaw::app::daemon::open_requests::OpenRequests;
use netclaw::domain::device::{Device, DeviceId, DeviceRecord};
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::settings::Settings;
use netclaw::domain::time::WallTime;
use netclaw::domain::token::{BearerToken, Salt};
use tempfile::TempDir;

/// A home whose device file was written before the daemon started.
pub struct ManyDevices {
    pub folder: TempDir,
    pub home: Home,
}

impl ManyDevices {
    pub fn new(devices: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = Home::at(folder.path().to_owned());
        write_devices(&home.devices_file(), devices);
        Self { folder, home }
    }

    pub fn store(&self) -> FileDeviceStore {
        FileDeviceStore::open(self.home.devices_file()).expect("a good device file")
    }

    pub fn ports(&self) -> DaemonPorts {
        let devices = self.store();
        let activity = FileActivityLog::open(self.home.activity_file(), |id| devices.knows(id));
        DaemonPorts {
            clock: Arc::new(SystemClock),
            rng: Arc::new(SystemRng::default()),
            devices: Arc::new(devices),
            activity: Arc::new(activity),
            slot: Arc::new(MemoryPairingSlot::default()),
            attempts: Arc::new(MemoryAttemptLog::default()),
            exposure: Arc::new(ListenerExposure::new(Settings::default().listen_address())),
            meter: Arc::new(PrometheusMeter::new("0.0.0")),
            open: Arc::new(OpenRequests::new(128)),
        }
    }
}

/// The device with this number, and its token.
pub fn device(number: u64) -> (Device, BearerToken) {
    let mut id = [0; 10];
    id[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    let mut secret = [7; 32];
    secret[..8].copy_from_slice(&number.to_be_bytes());
    let (id, salt) = (DeviceId::from_random(id), Salt([9; 16]));
    let token = BearerToken::issue(id, &secret);
    let record = DeviceRecord {
        id,
        name: DeviceName::parse(&format!("device-{number}")).expect("a good name"),
        salt,
        token_hash: token.hash(&salt),
        pending: None,
        created_at: WallTime::from_unix_millis(1_700_000_000_000),
        expires_at: None,
        bootstrap: false,
    };
    (Device::restore(record), token)
}

fn write_devices(path: &Path, devices: u64) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let mut text = String::from(r#"{"version":1,"devices":["#);
    for number in 0..devices {
        let (device, _) = device(number);
        let record = device.record();
        let separator = if number == 0 { "" } else { "," };
        write!(
            text,
            r#"{separator}{{"id":"{}","name":"{}","salt":"{}","tokenHash":"{}","createdAt":"2023-11-14T22:13:20.000Z","expiresAt":null}}"#,
            record.id,
            record.name,
            hex(&record.salt.0),
            hex(&record.token_hash.0),
        )
        .expect("text grows");
    }
    text.push_str("]}");
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).expect("a new file");
    std::io::Write::write_all(&mut file, text.as_bytes()).expect("room on the disk");
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

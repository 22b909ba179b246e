//! A home with one device, and a daemon with the upstream behind it.

use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use netclaw::adapters::file::home::Home;
use netclaw::domain::device::{Device, DeviceId, DeviceRecord};
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::time::WallTime;
use netclaw::domain::token::{BearerToken, Salt};
use serde_json::json;
use tempfile::TempDir;

use crate::job::Credential;

/// The home of a host whose one device has [`credential`].
pub fn home(upstream: SocketAddr) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let device = device().0;
    let record = device.record();
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let devices = json!({"version": 1, "devices": [{
        "id": record.id.to_string(),
        "name": record.name.to_string(),
        "salt": hex(&record.salt.0),
        "tokenHash": hex(&record.token_hash.0),
        "createdAt": "2023-11-14T22:13:20.000Z",
        "expiresAt": null,
    }]});
    let settings = json!({
        "configVersion": 1,
        "Agent": {"Kind": "openai", "BaseUrl": format!("http://{upstream}/v1"), "Model": "small"},
        "Gateway": {"RequestsPerDevice": 4096},
    });
    let files = Home::at(folder.path().to_owned());
    write(&files.devices_file(), &devices.to_string());
    write(&files.settings_file(), &settings.to_string());
    folder
}

/// The token that every server is asked with.
pub fn credential() -> Credential {
    Credential(device().1.reveal().to_owned())
}

fn device() -> (Device, BearerToken) {
    let (id, salt) = (DeviceId::from_random([3; 10]), Salt([9; 16]));
    let token = BearerToken::issue(id, &[7; 32]);
    let record = DeviceRecord {
        id,
        name: DeviceName::parse("bench").expect("a good name"),
        salt,
        token_hash: token.hash(&salt),
        pending: None,
        created_at: WallTime::from_unix_millis(1_700_000_000_000),
        expires_at: None,
        bootstrap: false,
    };
    (Device::restore(record), token)
}

fn write(path: &Path, content: &str) {
    let folder = path.parent().expect("a folder");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).expect("a folder");
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).expect("a new file");
    std::io::Write::write_all(&mut file, content.as_bytes()).expect("room on the disk");
}

//! The format of `config/devices.json`.

use std::borrow::Cow;
use std::sync::Arc;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::hex;
use crate::adapters::wire::moment;
use crate::domain::device::{Device, DeviceId, DeviceRecord};
use crate::domain::device_name::DeviceName;
use crate::domain::rotation::PendingSecret;
use crate::domain::time::WallTime;
use crate::domain::token::{Salt, TokenHash};

/// The version of the format that this netclaw writes, and the only one it reads.
pub(super) const VERSION: u64 = 1;

/// The whole file, for writing.
pub(super) struct DeviceSet<'a>(pub(super) &'a [Arc<Device>]);

/// The whole file, as it was read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    version: u64,
    #[serde(borrow)]
    devices: Vec<Record<'a>>,
}

/// The part of the file that every version has.
#[derive(Deserialize)]
struct AnyVersion {
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(with = "hex")]
    salt: [u8; 16],
    #[serde(with = "hex")]
    token_hash: [u8; 32],
    /// Written only while there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending: Option<Pending>,
    #[serde(with = "moment")]
    created_at: WallTime,
    #[serde(with = "moment::optional")]
    expires_at: Option<WallTime>,
    /// Written only where it is true, which is at most once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    bootstrap: bool,
}

/// A secret that waits to be confirmed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Pending {
    #[serde(with = "hex")]
    salt: [u8; 16],
    #[serde(with = "hex")]
    token_hash: [u8; 32],
    #[serde(with = "moment")]
    confirm_before: WallTime,
}

/// Why a file is not a set of devices.
pub(super) enum FormError {
    /// Another version wrote it.
    Version(u64),
    /// It is damaged.
    Damaged(String),
}

impl Serialize for DeviceSet<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Records<'a>(&'a [Arc<Device>]);
        impl Serialize for Records<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.iter().map(|device| Record::of(device)))
            }
        }
        let mut file = serializer.serialize_struct("DeviceSet", 2)?;
        file.serialize_field("version", &VERSION)?;
        file.serialize_field("devices", &Records(self.0))?;
        file.end()
    }
}

/// Reads the devices of a file, in its order.
pub(super) fn read(content: &[u8]) -> Result<Vec<Device>, FormError> {
    let file = serde_json::from_slice::<File<'_>>(content).map_err(|error| {
        // Another version may look different in any other way, so its number is looked for first.
        match serde_json::from_slice::<AnyVersion>(content) {
            Ok(AnyVersion { version }) if version != VERSION => FormError::Version(version),
            _ => FormError::Damaged(error.to_string()),
        }
    })?;
    if file.version != VERSION {
        return Err(FormError::Version(file.version));
    }
    file.devices.into_iter().map(Record::into_device).collect()
}

impl<'a> Record<'a> {
    fn of(device: &'a Device) -> Self {
        let record = device.record();
        Self {
            id: record.id.as_str().into(),
            name: record.name.as_str().into(),
            salt: record.salt.0,
            token_hash: record.token_hash.0,
            pending: record.pending.map(Pending::of),
            created_at: record.created_at,
            expires_at: record.expires_at,
            bootstrap: record.bootstrap,
        }
    }

    fn into_device(self) -> Result<Device, FormError> {
        let damaged = |what: String| FormError::Damaged(what);
        let id = DeviceId::parse(&self.id).ok_or_else(|| damaged(format!("{:?} is no device id", self.id)))?;
        let name = DeviceName::parse(&self.name).map_err(|why| damaged(format!("device {id}: {why}")))?;
        Ok(Device::restore(DeviceRecord {
            id,
            name,
            salt: Salt(self.salt),
            token_hash: TokenHash(self.token_hash),
            pending: self.pending.map(Pending::into_secret),
            created_at: self.created_at,
            expires_at: self.expires_at,
            bootstrap: self.bootstrap,
        }))
    }
}

impl Pending {
    const fn of(pending: PendingSecret) -> Self {
        let PendingSecret { salt, token_hash, confirm_before } = pending;
        Self { salt: salt.0, token_hash: token_hash.0, confirm_before }
    }

    const fn into_secret(self) -> PendingSecret {
        let Self { salt, token_hash, confirm_before } = self;
        PendingSecret { salt: Salt(salt), token_hash: TokenHash(token_hash), confirm_before }
    }
}

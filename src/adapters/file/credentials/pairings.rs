//! `client/config.json`: the pairings, and which one is the current.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::VERSION;
use super::damage::{malformed, read};
use crate::adapters::file::private_file;
use crate::adapters::wire::moment;
use crate::domain::acquaintance::Acquaintance;
use crate::domain::daemon_id::DaemonId;
use crate::domain::device_name::DeviceName;
use crate::domain::endpoint::Endpoint;
use crate::domain::identity::IdentityPublicKey;
use crate::domain::link::Pins;
use crate::domain::time::WallTime;
use crate::ports::credential_store::{CredentialStoreError, Pairing};

/// All pairings. At most one for each daemon, and at most one for each endpoint.
#[derive(Clone, Default)]
pub(super) struct Pairings {
    current: Option<DaemonId>,
    all: Vec<Pairing>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u64,
    current: Option<String>,
    daemons: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    endpoint: String,
    device_name: String,
    #[serde(with = "moment")]
    paired_at: WallTime,
    #[serde(flatten)]
    known: KnownForm,
}

/// What older versions do not write. A field that is missing is not known.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KnownForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_pin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_key: Option<String>,
}

impl Pairings {
    /// Reads the file of `owner`; no file is no pairings.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    pub(super) fn read(path: &Path, owner: u32) -> Result<Self, CredentialStoreError> {
        let Some(content) = read(path, owner)? else { return Ok(Self::default()) };
        let document: Document = serde_json::from_slice(&content).map_err(|_| malformed(path, "it is not valid"))?;
        let all: Option<Vec<Pairing>> = document.daemons.into_iter().map(pairing).collect();
        let all = all.ok_or_else(|| malformed(path, "an entry in it is not valid"))?;
        let current = document.current.map(|id| DaemonId::parse(&id).filter(|id| find(&all, id).is_some()));
        match current {
            Some(None) => Err(malformed(path, "its current daemon is not one of its daemons")),
            Some(Some(id)) => Ok(Self { current: Some(id), all }),
            None => Ok(Self { current: None, all }),
        }
    }

    /// Replaces the file.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let current = self.current.as_ref().map(ToString::to_string);
        let document = Document { version: VERSION, current, daemons: self.all.iter().map(entry).collect() };
        private_file::write(path, |file| {
            serde_json::to_writer_pretty(&mut *file, &document)?;
            file.write_all(b"\n")
        })
    }

    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn into_all(self) -> Vec<Pairing> {
        self.all
    }

    pub(super) fn current(&self) -> Option<&Pairing> {
        self.with(self.current.as_ref()?)
    }

    pub(super) fn with(&self, daemon: &DaemonId) -> Option<&Pairing> {
        find(&self.all, daemon)
    }

    pub(super) fn at(&self, endpoint: &Endpoint) -> Option<&Pairing> {
        self.all.iter().find(|pairing| pairing.endpoint == *endpoint)
    }

    /// With one more, which is the current one; without those that it replaces.
    pub(super) fn saved(mut self, pairing: Pairing) -> Self {
        self.current = None;
        self.saved_beside(pairing)
    }

    /// With one more, which is the current one only if no other is; without those that it replaces.
    pub(super) fn saved_beside(mut self, pairing: Pairing) -> Self {
        self.all.retain(|other| other.daemon_id != pairing.daemon_id && other.endpoint != pairing.endpoint);
        let new = pairing.daemon_id.clone();
        self.all.push(pairing);
        if self.current().is_none() {
            self.current = Some(new);
        }
        self
    }

    /// With this one as the current one, if it is there.
    pub(super) fn chosen(mut self, daemon: &DaemonId) -> Self {
        if let Some(pairing) = self.with(daemon) {
            self.current = Some(pairing.daemon_id.clone());
        }
        self
    }

    /// With this knowledge of a daemon, if it is there.
    pub(super) fn acquainted(mut self, daemon: &DaemonId, known: &Acquaintance) -> Self {
        for pairing in self.all.iter_mut().filter(|pairing| pairing.daemon_id == *daemon) {
            pairing.known = known.clone();
        }
        self
    }

    /// Without this one. If it was the current one, the latest of the others is from now on.
    pub(super) fn forgotten(mut self, daemon: &DaemonId) -> Self {
        self.all.retain(|pairing| pairing.daemon_id != *daemon);
        if self.current().is_none() {
            let latest = self.all.iter().max_by_key(|pairing| pairing.paired_at);
            self.current = latest.map(|pairing| pairing.daemon_id.clone());
        }
        self
    }
}

impl From<&Acquaintance> for KnownForm {
    fn from(known: &Acquaintance) -> Self {
        Self {
            name: known.name.as_ref().map(ToString::to_string),
            pin: known.pins.map(|pins| pins.current.to_string()),
            next_pin: known.pins.and_then(|pins| pins.next).map(|pin| pin.to_string()),
            identity_key: known.identity.map(|identity| BASE64.encode(identity.as_bytes())),
        }
    }
}

impl KnownForm {
    /// What is known, unless a field is not what it should be.
    fn read(self) -> Option<Acquaintance> {
        let Self { name, pin, next_pin, identity_key } = self;
        let (current, next) = (present(pin, |text| text.parse().ok())?, present(next_pin, |text| text.parse().ok())?);
        let pins = match (current, next) {
            (Some(current), next) => Some(Pins { current, next }),
            (None, None) => None,
            (None, Some(_)) => return None,
        };
        let key = |text: &str| BASE64.decode(text.as_bytes()).ok()?.try_into().ok().map(IdentityPublicKey::from_bytes);
        Some(Acquaintance {
            name: present(name, |text| DeviceName::parse(text).ok())?,
            identity: present(identity_key, key)?,
            pins,
        })
    }
}

/// A field that may be missing, but must make sense if it is there.
fn present<T>(field: Option<String>, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    field.map_or(Some(None), |text| read(&text).map(Some))
}

fn find<'a>(all: &'a [Pairing], daemon: &DaemonId) -> Option<&'a Pairing> {
    all.iter().find(|pairing| pairing.daemon_id == *daemon)
}

fn pairing((id, entry): (String, Entry)) -> Option<Pairing> {
    let daemon_id = DaemonId::parse(&id)?;
    let known = entry.known.read()?;
    // A pin is only as good as the identity that signs the next one.
    if known.identity.is_some_and(|identity| identity.id() != daemon_id) {
        return None;
    }
    Some(Pairing {
        daemon_id,
        known,
        endpoint: Endpoint::parse(&entry.endpoint).ok()?,
        device_name: DeviceName::parse(&entry.device_name).ok()?,
        paired_at: entry.paired_at,
    })
}

fn entry(pairing: &Pairing) -> (String, Entry) {
    let entry = Entry {
        endpoint: pairing.endpoint.to_string(),
        device_name: pairing.device_name.to_string(),
        paired_at: pairing.paired_at,
        known: (&pairing.known).into(),
    };
    (pairing.daemon_id.to_string(), entry)
}

//! A paired device.

use core::fmt;

use zeroize::Zeroizing;

use super::device_name::DeviceName;
pub use super::encoding::{ID_BYTES, ID_CHARS};
use super::encoding::{id_text, read_id};
use super::rotation::PendingSecret;
use super::session::RedeemedCode;
use super::time::{Expiry, WallTime};
use super::token::{BearerToken, SALT_BYTES, SECRET_BYTES, Salt, TokenHash};

/// Random bytes that make a device: its id, the token's secret, the salt.
pub const DEVICE_RANDOM_BYTES: usize = ID_BYTES + SECRET_BYTES + SALT_BYTES;

/// Names a device for ever, through every change of its name and secret. Not secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId([u8; ID_CHARS]);

impl DeviceId {
    /// The id made of these random bytes.
    pub fn from_random(bytes: [u8; ID_BYTES]) -> Self {
        Self(id_text(bytes))
    }

    /// Reads an id as it is stored and sent: 16 lower-case base32 characters.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_bytes(text.as_bytes())
    }

    /// Like [`DeviceId::parse`], from bytes that may not be text.
    pub(super) fn parse_bytes(text: &[u8]) -> Option<Self> {
        read_id(text).map(Self)
    }

    /// The id as it is stored and sent.
    pub fn as_str(&self) -> &str {
        // Both constructors fill the text from an ASCII alphabet.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({self})")
    }
}

/// What a device record consists of, as a store keeps it.
#[derive(Clone, Debug)]
pub struct DeviceRecord {
    /// Its id.
    pub id: DeviceId,
    /// Its name, unique without regard to case.
    pub name: DeviceName,
    /// Salt of the token hash.
    pub salt: Salt,
    /// Hash of the token; the token itself is never stored.
    pub token_hash: TokenHash,
    /// The secret that will replace this one once it is confirmed.
    pub pending: Option<PendingSecret>,
    /// When it was paired.
    pub created_at: WallTime,
    /// When its credential ends, if it does.
    pub expires_at: Option<WallTime>,
    /// Whether it is the daemon's own host, which was not paired with a code.
    pub bootstrap: bool,
}

/// A paired device: made from a redeemed code, or restored from the record of one that was.
#[derive(Clone, Debug)]
pub struct Device(DeviceRecord);

impl Device {
    /// Makes the device that a redeemed code entitles to, and its token, which is not kept. Its credential ends when the terms
    /// of the pairing say so.
    pub fn enrol(
        proof: RedeemedCode,
        name: DeviceName,
        random: &[u8; DEVICE_RANDOM_BYTES],
        now: WallTime,
    ) -> (Self, BearerToken) {
        let (Self(record), token) = Self::new(name, random, now, false);
        let expires_at = proof.terms().life.map(|life| life.from(now));
        (Self(DeviceRecord { expires_at, ..record }), token)
    }

    /// Makes the device that the daemon's own host is, and its token, which is not kept here.
    pub fn bootstrap(name: DeviceName, random: &[u8; DEVICE_RANDOM_BYTES], now: WallTime) -> (Self, BearerToken) {
        Self::new(name, random, now, true)
    }

    /// A new token for this device with its salt, to replace the old one in the store. The random bytes that would have
    /// made an id are not used.
    pub fn renewed_secret(&self, random: &[u8; DEVICE_RANDOM_BYTES]) -> (Salt, BearerToken) {
        let (_, secret, salt) = split(random);
        (salt, BearerToken::issue(self.id(), &secret))
    }

    fn new(
        name: DeviceName,
        random: &[u8; DEVICE_RANDOM_BYTES],
        now: WallTime,
        bootstrap: bool,
    ) -> (Self, BearerToken) {
        let (id, secret, salt) = split(random);
        let id = DeviceId::from_random(id);
        let token = BearerToken::issue(id, &secret);
        let token_hash = token.hash(&salt);
        let (pending, expires_at) = (None, None);
        (Self(DeviceRecord { id, name, salt, token_hash, pending, created_at: now, expires_at, bootstrap }), token)
    }

    /// Brings a device back from a store.
    ///
    /// # Security
    ///
    /// The record is trusted: whoever can write it can make devices. Stores check their file's owner and mode.
    pub const fn restore(record: DeviceRecord) -> Self {
        Self(record)
    }

    /// What a store keeps.
    pub const fn record(&self) -> &DeviceRecord {
        &self.0
    }

    /// Its id.
    pub const fn id(&self) -> DeviceId {
        self.0.id
    }

    /// Its name.
    pub const fn name(&self) -> &DeviceName {
        &self.0.name
    }

    /// Whether its credential has ended at `now`. It stays a device, with its name, until it is revoked.
    pub fn has_expired(&self, now: WallTime) -> bool {
        self.0.expires_at.is_some_and(|end| Expiry::at(end).has_passed(now))
    }

    /// The same device under another name.
    pub fn renamed(&self, name: DeviceName) -> Self {
        Self(DeviceRecord { name, ..self.0.clone() })
    }
}

/// The parts of the random bytes that make a device.
fn split(random: &[u8; DEVICE_RANDOM_BYTES]) -> ([u8; ID_BYTES], Zeroizing<[u8; SECRET_BYTES]>, Salt) {
    let mut id = [0; ID_BYTES];
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    let mut salt = [0; SALT_BYTES];
    id.copy_from_slice(&random[..ID_BYTES]);
    secret.copy_from_slice(&random[ID_BYTES..ID_BYTES + SECRET_BYTES]);
    salt.copy_from_slice(&random[ID_BYTES + SECRET_BYTES..]);
    (id, secret, Salt(salt))
}

/// Whether `token` is the live credential of `device`, which a look-up by the token's own id found or did not find. A pending
/// secret is none yet.
///
/// # Security
///
/// An unknown id costs one hash too, and the comparison takes constant time, so the time of the answer does not tell
/// which ids exist.
pub fn is_authentic(token: &BearerToken, device: Option<&Device>, now: WallTime) -> bool {
    const NOBODY: (Salt, TokenHash) = (Salt([0; SALT_BYTES]), TokenHash([0; 32]));
    let (salt, expected) = device.map_or(NOBODY, |device| (device.0.salt, device.0.token_hash));
    let matches = token.hash(&salt).matches(&expected);
    matches && device.is_some_and(|device| !device.has_expired(now))
}

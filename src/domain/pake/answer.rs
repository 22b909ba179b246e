//! What the daemon answers to a name, and its form inside of the sealed message.

use alloc::boxed::Box;
use alloc::vec::Vec;

use thiserror::Error;

use super::super::device::DeviceId;
use super::super::device_name::DeviceName;
use super::super::endpoint::Endpoint;
use super::super::identity::SIGNATURE_BYTES;
use super::super::pin::Pin;
use super::super::token::BearerToken;
use super::fields::{Fields, Writer};
use super::handshake::MAX_NAMES;
use super::sealed::{ANSWER_CONTENT_BYTES, Unopened};

/// Endpoints that are told at most. With them a content is full to three quarters: everything always fits.
pub const MAX_ENDPOINTS: usize = 4;

/// Bytes of an endpoint that is told, enough for an origin with a short path; a longer one is left out.
pub const MAX_ENDPOINT_BYTES: usize = 280;

/// The tags of the fields.
mod tag {
    pub(super) const STATUS: u8 = 1;
    pub(super) const SIGNATURE: u8 = 2;
    pub(super) const TOKEN: u8 = 3;
    pub(super) const DEVICE_ID: u8 = 4;
    pub(super) const DEVICE_NAME: u8 = 5;
    pub(super) const DAEMON_NAME: u8 = 6;
    pub(super) const PIN_NOW: u8 = 7;
    pub(super) const PIN_NEXT: u8 = 8;
    pub(super) const ENDPOINT: u8 = 9;
    pub(super) const NAME_IS_FIXED: u8 = 10;
}

const PAIRED: u8 = 0;

/// What became of a request for a name.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The device is paired.
    Paired(Box<Grant>),
    /// It is not.
    NotPaired(NotPaired),
}

/// What a device is given.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The credential, shown this once.
    pub token: BearerToken,
    /// The new device.
    pub device: DeviceId,
    /// Its name, as it is stored.
    pub device_name: DeviceName,
    /// What the daemon's machine calls itself, if that is a name.
    pub daemon_name: Option<DeviceName>,
    /// The TLS key that is in use.
    pub pin_now: Option<Pin>,
    /// The TLS key that comes next.
    pub pin_next: Option<Pin>,
    /// Where the daemon is reached from outside.
    pub endpoints: Vec<Endpoint>,
}

/// Why a device whose code was right is not paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotPaired {
    /// The name is not allowed.
    #[error("the device name is not allowed")]
    InvalidDeviceName,
    /// Another device has the name.
    #[error("another device has this name")]
    NameTaken,
    /// Another device has the name that the host has decided on: no name that the client could ask for helps.
    #[error("the host has decided what this device is called, and another device has that name")]
    FixedNameTaken,
    /// The device could not be stored.
    #[error("the device could not be stored")]
    StorageUnavailable,
    /// The client's link does not lead to the daemon: someone may be in between.
    #[error("the link does not end at the daemon: someone may be in between")]
    UnknownLink,
    /// The code has ended in the meantime.
    #[error("no pairing code is active")]
    NoPairingCode,
    /// The operator was asked, and said no.
    #[error("the operator has refused this device")]
    Refused,
    /// The operator was asked, and said nothing in time.
    #[error("nobody on the host has confirmed this device in time")]
    Unanswered,
}

impl NotPaired {
    /// Those that their number alone tells.
    const NUMBERED: [Self; 7] = [
        Self::InvalidDeviceName,
        Self::NameTaken,
        Self::StorageUnavailable,
        Self::UnknownLink,
        Self::NoPairingCode,
        Self::Refused,
        Self::Unanswered,
    ];

    /// Its number in the message.
    const fn status(self) -> u8 {
        match self {
            Self::InvalidDeviceName => 1,
            // A client that knows only the number asks in vain, and is not led astray.
            Self::NameTaken | Self::FixedNameTaken => 2,
            Self::StorageUnavailable => 3,
            Self::UnknownLink => 4,
            Self::NoPairingCode => 5,
            Self::Refused => 6,
            Self::Unanswered => 7,
        }
    }

    /// Whether the same handshake bears another request after this answer to request number `sequence`.
    pub const fn allows_another(self, sequence: u8) -> bool {
        match self {
            Self::InvalidDeviceName | Self::NameTaken | Self::StorageUnavailable => {
                sequence.saturating_add(1) < MAX_NAMES
            }
            Self::FixedNameTaken | Self::UnknownLink | Self::NoPairingCode | Self::Refused | Self::Unanswered => false,
        }
    }
}

impl Answer {
    /// Writes an answer, signed.
    pub(super) fn write(&self, signature: &[u8; SIGNATURE_BYTES]) -> Writer<ANSWER_CONTENT_BYTES> {
        let mut fields = Writer::new();
        let status = match self {
            Self::Paired(_) => PAIRED,
            Self::NotPaired(why) => why.status(),
        };
        fields.push(tag::STATUS, &[status]);
        fields.push(tag::SIGNATURE, signature);
        match self {
            Self::Paired(grant) => grant.write(&mut fields),
            Self::NotPaired(NotPaired::FixedNameTaken) => {
                fields.push(tag::NAME_IS_FIXED, &[]);
            }
            Self::NotPaired(_) => {}
        }
        fields
    }

    /// Reads an answer, and the signature that it came with.
    pub(super) fn read<'a>(fields: &Fields<'a>) -> Result<(Self, &'a [u8]), Unopened> {
        let required = |tag| fields.one(tag).ok().flatten().ok_or(Unopened);
        let answer = match required(tag::STATUS)? {
            [PAIRED] => Self::Paired(Box::new(Grant::read(fields)?)),
            [status] => {
                let why = NotPaired::NUMBERED.into_iter().find(|why| why.status() == *status).ok_or(Unopened)?;
                let is_fixed = fields.one(tag::NAME_IS_FIXED).map_err(|_| Unopened)?.is_some();
                Self::NotPaired(match why {
                    NotPaired::NameTaken if is_fixed => NotPaired::FixedNameTaken,
                    why => why,
                })
            }
            _ => return Err(Unopened),
        };
        Ok((answer, required(tag::SIGNATURE)?))
    }
}

impl Grant {
    fn write(&self, fields: &mut Writer<ANSWER_CONTENT_BYTES>) {
        fields.push(tag::TOKEN, self.token.reveal().as_bytes());
        fields.push(tag::DEVICE_ID, self.device.as_str().as_bytes());
        fields.push(tag::DEVICE_NAME, self.device_name.as_str().as_bytes());
        if let Some(name) = &self.daemon_name {
            fields.push(tag::DAEMON_NAME, name.as_str().as_bytes());
        }
        for (tag, pin) in [(tag::PIN_NOW, self.pin_now), (tag::PIN_NEXT, self.pin_next)] {
            if let Some(pin) = pin {
                fields.push(tag, pin.as_bytes());
            }
        }
        let told = self.endpoints.iter().map(alloc::string::ToString::to_string);
        for endpoint in told.filter(|text| text.len() <= MAX_ENDPOINT_BYTES).take(MAX_ENDPOINTS) {
            fields.push(tag::ENDPOINT, endpoint.as_bytes());
        }
    }

    fn read(fields: &Fields<'_>) -> Result<Self, Unopened> {
        let token = required(fields, tag::TOKEN, |text| BearerToken::parse(text).ok())?;
        let device = required(fields, tag::DEVICE_ID, DeviceId::parse)?;
        let endpoints = fields.all(tag::ENDPOINT).take(MAX_ENDPOINTS);
        let endpoints = endpoints.map(|value| core::str::from_utf8(value).ok().and_then(|t| Endpoint::parse(t).ok()));
        let grant = Self {
            token,
            device,
            device_name: required(fields, tag::DEVICE_NAME, name)?,
            daemon_name: optional(fields, tag::DAEMON_NAME, |value| core::str::from_utf8(value).ok().and_then(name))?,
            pin_now: optional(fields, tag::PIN_NOW, pin)?,
            pin_next: optional(fields, tag::PIN_NEXT, pin)?,
            endpoints: endpoints.collect::<Option<_>>().ok_or(Unopened)?,
        };
        if grant.token.device() == grant.device { Ok(grant) } else { Err(Unopened) }
    }
}

/// A field that must be there and make sense as text.
fn required<T>(fields: &Fields<'_>, tag: u8, read: impl Fn(&str) -> Option<T>) -> Result<T, Unopened> {
    optional(fields, tag, |value| core::str::from_utf8(value).ok().and_then(&read))?.ok_or(Unopened)
}

/// A field that may be missing, but must make sense if it is there.
fn optional<T>(fields: &Fields<'_>, tag: u8, read: impl Fn(&[u8]) -> Option<T>) -> Result<Option<T>, Unopened> {
    let value = fields.one(tag).map_err(|_| Unopened)?;
    value.map(|value| read(value).ok_or(Unopened)).transpose()
}

fn name(text: &str) -> Option<DeviceName> {
    // The daemon stores and tells the canonical spelling only.
    DeviceName::parse(text).ok().filter(|name| name.as_str() == text)
}

fn pin(value: &[u8]) -> Option<Pin> {
    value.try_into().ok().map(Pin::from_bytes)
}

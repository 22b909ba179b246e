//! Bindings: what a client says of the link that it pairs over, and what the daemon knows of the links that lead to it.
//!
//! Someone in between who passes every message on ends the client's link and opens one of their own. The client names the
//! link that *it* sees, as a part of what both sides confirm with the code; the daemon compares that with its own.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ring::digest::{SHA256, digest};
use thiserror::Error;

use super::endpoint::Endpoint;

/// Bytes of a pin: a SHA-256.
pub const PIN_BYTES: usize = 32;

/// Characters of an origin: the scheme, the longest host name (253), a port, and what stands between them.
pub const MAX_ORIGIN_CHARS: usize = 270;

/// The SHA-256 of a TLS public key, as SubjectPublicKeyInfo in DER (RFC 7469 section 2.4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin([u8; PIN_BYTES]);

/// Where a client went, `scheme://host[:port]` as browsers spell it: on the way there a publicly valid certificate protects
/// it, or it does not leave the machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(String);

/// Why an endpoint cannot be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OriginError {
    /// Not spelled as browsers spell an origin.
    #[error("it is not an origin, like https://agent.example.org")]
    Malformed,
    /// `http` to another machine: nothing tells that link from any other.
    #[error("a link to another machine is protected by https only")]
    Unprotected,
}

/// What a client sees of its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// A direct link: the public key that ended TLS.
    Spki(Pin),
    /// A publicly valid certificate ended TLS, in front of the daemon perhaps: where the client went.
    Origin(Origin),
}

/// The links that lead to a daemon.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// The daemon's own TLS keys: the one in use, then the next one if there is one.
    pub pins: Vec<Pin>,
    /// Where clients outside reach it.
    pub endpoints: Vec<Endpoint>,
    /// Whether loopback without TLS is one of them, at whatever port a tunnel of the client's own begins.
    pub plain_loopback: bool,
}

impl Pin {
    /// The pin of a public key, in its SubjectPublicKeyInfo form.
    pub fn of_spki(spki: &[u8]) -> Self {
        let mut hash = [0; PIN_BYTES];
        hash.copy_from_slice(digest(&SHA256, spki).as_ref());
        Self(hash)
    }

    /// The pin with these bytes.
    pub const fn from_bytes(bytes: [u8; PIN_BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; PIN_BYTES] {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

impl Origin {
    /// The origin of an endpoint.
    ///
    /// # Errors
    ///
    /// [`OriginError::Unprotected`] for `http` to another machine.
    pub fn of(endpoint: &Endpoint) -> Result<Self, OriginError> {
        if !endpoint.is_https() && !endpoint.is_loopback() {
            return Err(OriginError::Unprotected);
        }
        let scheme = if endpoint.is_https() { "https" } else { "http" };
        Ok(Self(alloc::format!("{scheme}://{}", endpoint.authority())))
    }

    /// Reads an origin as it is sent.
    ///
    /// # Errors
    ///
    /// [`OriginError`].
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        if text.len() > MAX_ORIGIN_CHARS {
            return Err(OriginError::Malformed);
        }
        let origin = Self::of(&Endpoint::parse(text).map_err(|_| OriginError::Malformed)?)?;
        // Whatever has another spelling, a path for instance, is none: both sides must hash the same bytes.
        if origin.0 == text { Ok(origin) } else { Err(OriginError::Malformed) }
    }

    /// The origin as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_plain(&self) -> bool {
        self.0.starts_with("http:")
    }
}

impl Binding {
    /// Which of both it is, as it is sent.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Spki(_) => "spki",
            Self::Origin(_) => "origin",
        }
    }

    /// What is seen, as bytes: 32 of a pin, or the text of an origin.
    pub fn value(&self) -> &[u8] {
        match self {
            Self::Spki(pin) => pin.as_bytes(),
            Self::Origin(origin) => origin.as_str().as_bytes(),
        }
    }
}

impl Links {
    /// Whether what a client sees is one of these links. If not, someone may be in between.
    pub fn know(&self, binding: &Binding) -> bool {
        match binding {
            Binding::Spki(pin) => self.pins.contains(pin),
            // Only loopback can be plain by now, and loopback has nothing in between that a name could tell apart.
            Binding::Origin(origin) if origin.is_plain() => self.plain_loopback,
            Binding::Origin(origin) => {
                self.endpoints.iter().any(|endpoint| Origin::of(endpoint).as_ref() == Ok(origin))
            }
        }
    }

    /// The endpoints that are of use on another machine.
    pub fn external(&self) -> Vec<Endpoint> {
        self.endpoints.iter().filter(|endpoint| !endpoint.is_loopback()).cloned().collect()
    }
}

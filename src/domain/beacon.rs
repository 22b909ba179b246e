//! Beacons: finding out whether a URL leads to this very daemon, and what the daemon sees of a request that takes that way.

use core::fmt;

use subtle::ConstantTimeEq;

use super::client_address::ClientAddress;
use super::encoding::BASE32_LOWER;

/// Random bytes of a beacon: nobody else can ask with it.
pub const BEACON_BYTES: usize = 20;

/// Characters of a beacon.
const BEACON_CHARS: usize = 32;

/// A number that the operator gets on the host, sends along a way from outside, and only this daemon recognises.
#[derive(Clone, Copy)]
pub struct Beacon([u8; BEACON_CHARS]);

/// What the daemon saw of a request with a beacon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The other end of the connection.
    pub peer: ClientAddress,
    /// Whom the request is counted for.
    pub client: ClientAddress,
    /// Whether the peer is a trusted hop.
    pub is_trusted: bool,
    /// Whether the mode's header with the client's address was there.
    pub has_header: bool,
}

impl Beacon {
    /// The probe made of these random bytes.
    pub fn from_random(bytes: [u8; BEACON_BYTES]) -> Self {
        let mut text = [0; BEACON_CHARS];
        BASE32_LOWER.encode_mut(&bytes, &mut text);
        Self(text)
    }

    /// Reads a beacon as it is sent.
    pub fn parse(text: &str) -> Option<Self> {
        let text: [u8; BEACON_CHARS] = text.as_bytes().try_into().ok()?;
        let mut bytes = [0; BEACON_BYTES];
        BASE32_LOWER.decode_mut(&text, &mut bytes).ok().map(|_| Self(text))
    }

    /// The probe as it is sent.
    pub fn as_str(&self) -> &str {
        // Both constructors fill the text from an ASCII alphabet.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether both are the same, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Beacon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beacon(…)")
    }
}

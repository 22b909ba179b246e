//! Pins: what a client knows the daemon's own TLS key by.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use data_encoding::BASE64;
use ring::digest::{SHA256, digest};
use thiserror::Error;

use super::encoding::BASE32_LOWER;

/// Bytes of a pin: a SHA-256.
pub const PIN_BYTES: usize = 32;

/// What the text of a pin begins with, as `curl --pinnedpubkey` has it.
const PREFIX: &str = "sha256//";

/// Groups of a fingerprint, of four characters each: 80 bits, to be compared by eye. A key that shares it with another one
/// would have to be searched for among 2^80.
const FINGERPRINT_GROUPS: usize = 4;

/// The SHA-256 of a TLS public key, as SubjectPublicKeyInfo in DER (RFC 7469 section 2.4).
///
/// Only the key is pinned: the certificate around it may be made anew at any time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin([u8; PIN_BYTES]);

/// The text is not a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a pin like sha256//…")]
pub struct NotAPin;

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

    /// Reads what [`Pin::text`] gives. Every pin has exactly one spelling.
    ///
    /// # Errors
    ///
    /// [`NotAPin`].
    pub fn parse_text(text: &str) -> Result<Self, NotAPin> {
        let bytes = BASE32_LOWER.decode(text.as_bytes()).map_err(|_| NotAPin)?;
        bytes.try_into().map(Self).map_err(|_| NotAPin)
    }

    /// The whole pin in the letters of its fingerprint, without the dashes: 52 characters that need no escaping in a URL.
    pub fn text(&self) -> String {
        BASE32_LOWER.encode(&self.0)
    }

    /// A short form for people to compare: `abcd-efgh-ijkl-mnop`, the beginning of the lower-case base32.
    pub fn fingerprint(&self) -> String {
        let text = self.text();
        let symbols = text.chars().take(FINGERPRINT_GROUPS * 4).enumerate();
        symbols.fold(String::new(), |mut shown, (place, symbol)| {
            if place > 0 && place % 4 == 0 {
                shown.push('-');
            }
            shown.push(symbol);
            shown
        })
    }
}

impl FromStr for Pin {
    type Err = NotAPin;

    /// Reads what [`Display`](fmt::Display) shows. Every pin has exactly one spelling.
    fn from_str(text: &str) -> Result<Self, NotAPin> {
        let encoded = text.strip_prefix(PREFIX).ok_or(NotAPin)?;
        let bytes = BASE64.decode(encoded.as_bytes()).map_err(|_| NotAPin)?;
        let bytes: [u8; PIN_BYTES] = bytes.try_into().map_err(|_| NotAPin)?;
        // The decoder also takes several encodings, each with its padding, one after the other.
        if BASE64.encode(&bytes) == encoded { Ok(Self(bytes)) } else { Err(NotAPin) }
    }
}

impl fmt::Display for Pin {
    /// `sha256//` and the base64 of the hash, as `curl --pinnedpubkey` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        BASE64.encode_display(&self.0).fmt(f)
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

//! The secret of a pairing link: what a device is given in place of a typed code.

use core::fmt;

use ring::hkdf::{HKDF_SHA256, Salt};
use subtle::ConstantTimeEq;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::encoding::BASE32_LOWER;

/// Bytes of a link's secret. Nobody guesses 128 random bits, so guesses need not be counted.
pub const LINK_SECRET_BYTES: usize = 16;

/// Characters of the secret as text.
pub const LINK_SECRET_CHARS: usize = 26;

/// Bytes of a link's id.
pub const LINK_ID_BYTES: usize = 32;

/// 128 random bits.
///
/// # Security
///
/// `Debug` is redacted, there is no `Display`, and the memory is wiped on drop.
#[derive(Clone, ZeroizeOnDrop)]
pub struct LinkSecret([u8; LINK_SECRET_BYTES]);

/// Names a link to the daemon that made it. It is derived from the secret, which cannot be computed from it, so whoever
/// knows the id has or had the link in front of them, or saw it used.
///
/// Equality takes constant time.
#[derive(Clone, Copy)]
pub struct LinkId([u8; LINK_ID_BYTES]);

impl LinkSecret {
    /// The secret made of these random bytes.
    pub const fn from_random(bytes: [u8; LINK_SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads the text of a secret. Every secret has exactly one spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE32_LOWER.decode(text.as_bytes()).ok()?);
        bytes.as_slice().try_into().ok().map(Self)
    }

    /// The text: lower-case base32. It is also the password of the key exchange.
    pub fn text(&self) -> Zeroizing<[u8; LINK_SECRET_CHARS]> {
        let mut text = Zeroizing::new([0; LINK_SECRET_CHARS]);
        BASE32_LOWER.encode_mut(&self.0, text.as_mut_slice());
        text
    }

    /// What the daemon recognises the link by, before anything is computed for whoever says to have it.
    pub fn id(&self) -> LinkId {
        let mut id = [0; LINK_ID_BYTES];
        let root = Salt::new(HKDF_SHA256, b"").extract(&self.0);
        #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8160 bytes, and these are 32")]
        root.expand(&[b"netclaw pair v2 link id"], HKDF_SHA256)
            .and_then(|material| material.fill(&mut id))
            .expect("one block of HKDF");
        LinkId(id)
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(redacted)")
    }
}

impl LinkId {
    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; LINK_ID_BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; LINK_ID_BYTES] {
        &self.0
    }
}

impl PartialEq for LinkId {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for LinkId {}

impl fmt::Debug for LinkId {
    /// Whoever knows an id can make the daemon compute.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkId(redacted)")
    }
}

//! What a device and the daemon share before they pair: a typed code, or the secret of a link.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::code::PairingCode;
use super::link_secret::{LinkId, LinkSecret};

/// The secret of a pairing. Each has a password of its own length, so neither can be taken for the other.
#[derive(Clone, Debug)]
pub enum PairingSecret {
    /// 40 bits that a person types. Guesses are counted.
    Code(PairingCode),
    /// 128 bits that nobody guesses.
    Link(LinkSecret),
}

/// A borrowed [`PairingSecret`].
#[derive(Clone, Copy, Debug)]
pub enum Shared<'a> {
    /// A typed code.
    Code(&'a PairingCode),
    /// The secret of a link.
    Link(&'a LinkSecret),
}

impl PairingSecret {
    /// Whether a first message that names `link`, or none, is about this secret.
    pub fn is_meant_by(&self, link: Option<&LinkId>) -> bool {
        Shared::from(self).link_id().as_ref() == link
    }
}

impl Shared<'_> {
    /// The link that is named in the first message; none for a code.
    pub fn link_id(self) -> Option<LinkId> {
        match self {
            Self::Code(_) => None,
            Self::Link(secret) => Some(secret.id()),
        }
    }

    /// The password of the key exchange.
    pub(super) fn password(self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Code(code) => code.password().to_vec(),
            Self::Link(secret) => secret.text().to_vec(),
        })
    }
}

impl<'a> From<&'a PairingCode> for Shared<'a> {
    fn from(code: &'a PairingCode) -> Self {
        Self::Code(code)
    }
}

impl<'a> From<&'a LinkSecret> for Shared<'a> {
    fn from(secret: &'a LinkSecret) -> Self {
        Self::Link(secret)
    }
}

impl<'a> From<&'a PairingSecret> for Shared<'a> {
    fn from(secret: &'a PairingSecret) -> Self {
        match secret {
            PairingSecret::Code(code) => Self::Code(code),
            PairingSecret::Link(secret) => Self::Link(secret),
        }
    }
}

//! What a device knows its daemon by, and how that follows the daemon when its TLS key changes.

use super::device_name::DeviceName;
use super::identity::{IdentityPublicKey, SIGNATURE_BYTES};
use super::key_rotation::Announcement;
use super::link::Pins;
use super::pin::Pin;

/// What a pairing told about the daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acquaintance {
    /// What the daemon is called on this device.
    pub name: Option<DeviceName>,
    /// Its identity; unknown where it was paired with an older protocol.
    pub identity: Option<IdentityPublicKey>,
    /// Its own TLS keys, where they are what protects the link. A proxy's are never kept: it may change them at any time.
    pub pins: Option<Pins>,
}

impl Acquaintance {
    /// What is known after the daemon has told, over the pinned link, which key it uses and which one comes next; `None`
    /// when that is nothing new.
    ///
    /// # Security
    ///
    /// The key in use is believed only if it is one of the known keys, and the next one only if the identity has signed that
    /// it follows that key. A next key that is not mentioned any more is kept until it would be the second to come.
    #[must_use]
    pub fn told(&self, current: Pin, next: Option<(Pin, [u8; SIGNATURE_BYTES])>) -> Option<Self> {
        let (identity, pins) = (self.identity?, self.pins.filter(|pins| pins.accept(&current))?);
        let is_announced = |(next, signature): &(Pin, [u8; SIGNATURE_BYTES])| {
            let announcement = Announcement { daemon: identity.id(), current, next: *next };
            announcement.verify(&identity, signature).is_ok()
        };
        let announced = next.filter(is_announced).map(|(next, _)| next);
        let kept = pins.next.filter(|_| current == pins.current);
        let learnt = Pins { current, next: announced.or(kept) };
        (learnt != pins).then(|| Self { pins: Some(learnt), ..self.clone() })
    }
}

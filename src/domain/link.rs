//! Links: how a client reaches a daemon, and what protects what it sends there.
//!
//! A code in its own letters and a token go only over a link that someone in between can neither read nor end. A handshake
//! shows neither, so it may begin over TLS with any key, as long as that key is a part of what both sides confirm.

use alloc::string::String;

use thiserror::Error;

use super::binding::{Binding, Origin};
use super::endpoint::Endpoint;
use super::pairing_link::PairingLink;
use super::pin::Pin;

/// The TLS keys that a client knows a daemon by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pins {
    /// The one in use, as far as the client knows.
    pub current: Pin,
    /// The one that is announced to follow it.
    pub next: Option<Pin>,
}

/// What a client found at an endpoint, before it sent anything that is worth protecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// TLS with a certificate that is valid for the endpoint's name, in the usual way.
    PublicCertificate,
    /// TLS with this key, and a certificate that nobody vouches for.
    Key(Pin),
    /// HTTP without TLS.
    Plain,
}

/// A way to a daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    endpoint: Endpoint,
    guard: Guard,
}

/// What protects a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// TLS with a publicly valid certificate.
    PublicCertificate,
    /// TLS with one of these keys, whatever the certificate and the endpoint's scheme say.
    Pinned(Pins),
    /// It does not leave this machine.
    Machine,
    /// Nothing.
    Nothing,
}

/// How a client pairs with what it met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approach {
    /// The link of every message of the handshake.
    pub link: Link,
    /// What both sides confirm of it.
    pub binding: Binding,
    /// Whether the code itself may be sent to a daemon that knows no handshakes.
    pub may_show_code: bool,
}

/// Why a pairing link does not lead to the daemon that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Misled {
    /// What ends TLS there is not what the link pins.
    #[error("it has the key {}, and not {}", found.fingerprint(), expected.fingerprint())]
    OtherKey {
        /// What the link says.
        expected: Pin,
        /// What is there.
        found: Pin,
    },
    /// Nothing protects the way.
    #[error(transparent)]
    Unprotected(#[from] Unprotected),
}

/// Nothing protects the way to another machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("nothing protects what is sent there")]
pub struct Unprotected;

impl Pins {
    /// What a device stores that was paired over a direct link: the keys that it was told of, which the key of the link is
    /// one of.
    pub fn of_pairing(link: Pin, current: Option<Pin>, next: Option<Pin>) -> Self {
        let told = Self { current: current.unwrap_or(link), next };
        if told.accept(&link) { told } else { Self { current: link, next: None } }
    }

    /// Whether this is one of the keys.
    pub fn accept(&self, pin: &Pin) -> bool {
        self.current == *pin || self.next == Some(*pin)
    }
}

impl Link {
    /// The link that the endpoint itself describes.
    pub fn of_endpoint(endpoint: &Endpoint) -> Self {
        let guard = match (endpoint.is_https(), endpoint.is_loopback()) {
            (true, _) => Guard::PublicCertificate,
            (false, true) => Guard::Machine,
            (false, false) => Guard::Nothing,
        };
        Self { endpoint: endpoint.clone(), guard }
    }

    /// The link to a daemon that was paired at this endpoint and is known by these keys, if by any.
    pub fn of_pairing(endpoint: &Endpoint, pins: Option<Pins>) -> Self {
        let link = Self::of_endpoint(endpoint);
        pins.map(|pins| Self { guard: Guard::Pinned(pins), ..link.clone() }).unwrap_or(link)
    }

    /// What protects it.
    pub const fn guard(&self) -> Guard {
        self.guard
    }

    /// Where it leads.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Checks that a code or a token may be sent over it.
    ///
    /// # Errors
    ///
    /// [`Unprotected`] when it may not.
    pub const fn check(&self) -> Result<(), Unprotected> {
        match self.guard {
            Guard::PublicCertificate | Guard::Pinned(_) | Guard::Machine => Ok(()),
            Guard::Nothing => Err(Unprotected),
        }
    }

    /// The endpoint as it is spoken to: over TLS where the link is pinned, whatever its scheme says.
    pub fn place(&self) -> Endpoint {
        match self.guard {
            Guard::Pinned(_) => self.endpoint.over_tls(),
            Guard::PublicCertificate | Guard::Machine | Guard::Nothing => self.endpoint.clone(),
        }
    }

    /// The URL of `path` below the endpoint; `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        self.place().join(path)
    }
}

impl Approach {
    /// How to pair over a pairing link with what is at its endpoint. A pinned link is good for the pinned key only, on
    /// loopback too. The secret of a link is never shown.
    ///
    /// # Errors
    ///
    /// [`Misled`].
    pub fn of_link(link: &PairingLink, meeting: Meeting) -> Result<Self, Misled> {
        match (link.pin(), meeting) {
            (Some(expected), Meeting::Key(found)) if expected != found => Err(Misled::OtherKey { expected, found }),
            (Some(_), Meeting::Plain | Meeting::PublicCertificate) => Err(Unprotected.into()),
            (Some(_), Meeting::Key(_)) | (None, _) => {
                Ok(Self { may_show_code: false, ..Self::of(link.endpoint(), meeting)? })
            }
        }
    }

    /// How to pair with what is at an endpoint.
    ///
    /// A key that nobody vouches for is good enough for a handshake, because the handshake tells whether it is the daemon's
    /// own. It is not good enough for a code.
    ///
    /// # Errors
    ///
    /// [`Unprotected`] where HTTP without TLS leads to another machine: whoever took TLS away from the daemon's port could
    /// be in between.
    pub fn of(endpoint: &Endpoint, meeting: Meeting) -> Result<Self, Unprotected> {
        let by_origin = || {
            let origin = Origin::of(endpoint).map_err(|_| Unprotected)?;
            let link = Link::of_endpoint(endpoint);
            Ok(Self { link, binding: Binding::Origin(origin), may_show_code: true })
        };
        match meeting {
            Meeting::PublicCertificate if endpoint.is_https() => by_origin(),
            Meeting::Plain if !endpoint.is_https() => by_origin(),
            Meeting::PublicCertificate | Meeting::Plain => Err(Unprotected),
            Meeting::Key(pin) => Ok(Self {
                link: Link::of_pairing(endpoint, Some(Pins { current: pin, next: None })),
                binding: Binding::Spki(pin),
                may_show_code: false,
            }),
        }
    }
}

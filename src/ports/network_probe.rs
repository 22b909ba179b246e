//! The way to an endpoint, one step at a time, so that it shows which one fails.

use std::net::{IpAddr, SocketAddr};

use async_trait::async_trait;
use thiserror::Error;

use crate::domain::endpoint::Endpoint;
use crate::domain::link::{Link, Pins};
use crate::domain::pin::Pin;
use crate::domain::time::WallTime;

/// A step failed, for this reason: a clause that is safe to show.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct StepError(pub String);

/// What a server proved to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The one that its certificate names, which the platform trusts.
    Certificate {
        /// When the certificate expires, if that can be read.
        expires_at: Option<WallTime>,
    },
    /// The owner of this key, which is one of the link's pins.
    Key(Pin),
}

/// Why a server is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HandshakeError {
    /// It has another key than the link's pins say.
    #[error("another key than the one that is stored")]
    WrongKey {
        /// The keys that are stored.
        expected: Pins,
        /// The key that it has.
        found: Pin,
    },
    /// Anything else.
    #[error(transparent)]
    Step(#[from] StepError),
}

/// Why the daemon could not listen.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ListenError {
    /// Someone else does.
    #[error("another program has it")]
    Taken,
    /// This machine does not have the address.
    #[error("this machine does not have the address")]
    NotOurs,
    /// This user may not.
    #[error("this user may not listen there")]
    Forbidden,
    /// Anything else, in the system's words.
    #[error("{0}")]
    Other(String),
}

/// Looks at the network.
///
/// # Contract
///
/// * Each step takes at most 3 seconds, sends no credential and follows no redirect.
/// * `can_listen` gives the address back at once.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait NetworkProbe: Send + Sync {
    /// The addresses of its host, at least one.
    ///
    /// # Errors
    ///
    /// [`StepError`] when the name is not known; an address literal always is.
    async fn resolve(&self, endpoint: &Endpoint) -> Result<Vec<IpAddr>, StepError>;

    /// Opens a TCP connection and closes it.
    ///
    /// # Errors
    ///
    /// [`StepError`] when nobody accepts one.
    async fn connect(&self, endpoint: &Endpoint) -> Result<(), StepError>;

    /// Opens a TLS connection, judging the server as every request over this link does, and closes it. Where requests go
    /// through a proxy, so does this.
    ///
    /// # Errors
    ///
    /// [`HandshakeError`] when the server cannot be trusted, or speaks no TLS.
    async fn handshake(&self, link: &Link) -> Result<Proof, HandshakeError>;

    /// The proxy that requests over this link go through, as the environment says: a URL that is safe to show.
    fn proxy(&self, link: &Link) -> Option<String>;

    /// The time that the server has (`Date`, RFC 9110 section 6.6.1), in whole seconds; `None` when it does not say.
    async fn time_at(&self, link: &Link) -> Option<WallTime>;

    /// Whether a daemon could listen here now.
    ///
    /// # Errors
    ///
    /// [`ListenError`].
    async fn can_listen(&self, address: SocketAddr) -> Result<(), ListenError>;
}

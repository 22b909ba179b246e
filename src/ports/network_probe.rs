//! The way to an endpoint, one step at a time, so that it shows which one fails.

use std::net::{IpAddr, SocketAddr};

use async_trait::async_trait;
use thiserror::Error;

use crate::domain::endpoint::Endpoint;
use crate::domain::time::WallTime;

/// A step failed, for this reason: a clause that is safe to show.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct StepError(pub String);

/// What a server proved to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certified {
    /// When its certificate expires, if that can be read.
    pub expires_at: Option<WallTime>,
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

    /// Opens a TLS connection, checking certificate and name as every request does, and closes it.
    ///
    /// # Errors
    ///
    /// [`StepError`] when the server cannot be trusted, or speaks no TLS.
    async fn handshake(&self, endpoint: &Endpoint) -> Result<Certified, StepError>;

    /// The time that the server has (`Date`, RFC 9110 section 6.6.1), in whole seconds; `None` when it does not say.
    async fn time_at(&self, endpoint: &Endpoint) -> Option<WallTime>;

    /// Whether a daemon could listen here now.
    ///
    /// # Errors
    ///
    /// [`ListenError`].
    async fn can_listen(&self, address: SocketAddr) -> Result<(), ListenError>;
}

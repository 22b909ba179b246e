//! Passing requests on to another HTTP/1.1 server, and its answers back, without holding either.
//!
//! Everything of one exchange happens in the task of the connection that the request came on: when the client goes away, the
//! exchange goes with it, and while the client does not read, nothing is read for it. [`upstream`] says where requests go and
//! keeps connections for the next one, [`request`] and [`response`] are the two directions, [`framing`] finds the end of a
//! body, [`body`] is the answer's body as the server of the client's connection polls it, and [`tunnel`] is what becomes of a
//! connection that has changed its protocol.
//!
//! Why this is not hyper's own client: there, each request and each piece of an answer goes over a channel to the connection,
//! and a request's body is begun before its server has said that it wants it (`Expect: 100-continue`).

pub mod body;
mod connection;
pub mod framing;
pub mod gathered;
pub mod patience;
pub mod request;
pub mod response;
pub mod trust;
pub mod tunnel;
pub mod upstream;

use std::io;

use thiserror::Error;

/// Why there is no answer to pass back.
#[derive(Debug, Error)]
pub enum RelayError {
    /// No connection came about.
    #[error("it cannot be reached: {0}")]
    Unreachable(#[source] io::Error),
    /// No connection came about in time.
    #[error("it did not accept a connection in time")]
    ConnectTimeout,
    /// The connection ended before the head of an answer had come.
    #[error("it closed the connection without an answer")]
    Closed,
    /// The connection broke before the head of an answer had come.
    #[error("the connection to it broke: {0}")]
    Broken(#[source] io::Error),
    /// What came is no answer, or one whose end is not certain.
    #[error("its answer is not HTTP/1.1: {0}")]
    BadAnswer(#[from] BadAnswer),
    /// The head of an answer did not come in time.
    #[error("it did not answer in time")]
    Timeout,
    /// The client did not send the rest of its request.
    #[error("the body of the request did not arrive")]
    Client,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadAnswer {
    /// Its head cannot be parsed.
    #[error("its head is malformed")]
    Head,
    /// Its head is larger than [`response::MAX_HEAD_BYTES`], or has more than [`response::MAX_FIELDS`] fields.
    #[error("its head is too large")]
    HeadTooLarge,
    /// It does not say clearly where it ends (RFC 9112 section 6.3).
    #[error("it has no certain length")]
    Length,
    /// It changes the protocol although nobody asked for that.
    #[error("it changes the protocol unasked")]
    Upgrade,
    /// More interim answers than [`response::MAX_INTERIM`].
    #[error("too many interim answers")]
    Interim,
    /// A chunk of its body is malformed (RFC 9112 section 7.1).
    #[error("a chunk is malformed")]
    Chunk,
    /// It ends before its end.
    #[error("it ends before its end")]
    Truncated,
}

//! The core of pairing protocol v2, for both sides: a handshake that proves the pairing code without showing it.
//!
//! ```text
//! client                                              daemon
//! ClientStart ───── ClientHello ────────────────────▶
//!             ◀──── DaemonHello ───────────────────── DaemonConfirm
//! ClientConfirm
//! ClientFinish ──── FinishRequest (tag, sealed name) ▶ one guess, counted before it is compared
//!             ◀──── FinishAnswer (tag, sealed answer)  DaemonConfirmed
//! ```
//!
//! `PROTOCOL.md` at the root of the repository is the same, byte by byte. Each step takes the state before it by value.
//!
//! # Security
//!
//! Keys, secrets and the password are wiped on drop where they are ours. The `spake2` crate does not wipe its scalar, its copies
//! of the password and the shared point, nor `ring` the keys it expands: they stay in freed memory until it is used again. A
//! code is worth nothing five minutes later, and a session key protects one answer.

pub mod answer;
mod client;
mod confirmation;
mod daemon;
mod fields;
mod handshake;
mod handshakes;
mod messages;
mod schedule;
mod sealed;
mod suite;
mod transcript;

use thiserror::Error;
use zeroize::Zeroizing;

pub use client::{AnswerError, ClientConfirm, ClientFinish, ClientStart, Enrolment, NameTooLong, Outcome};
pub use confirmation::{CONFIRMATION_BYTES, Confirmation};
pub use daemon::{DaemonConfirm, DaemonConfirmed};
pub use handshake::{Answered, Handshake, MAX_NAMES, Step};
pub use handshakes::{ANSWER_LIFE, HALF_OPEN_LIFE, HandshakeTable, MAX_ANSWERED, MAX_HALF_OPEN, MAX_HALF_OPEN_LINKS};
pub use messages::{ClientHello, DaemonHello, FinishAnswer, FinishRequest, NONCE_BYTES, Nonce, ReceivedHello};
pub use schedule::{KEY_BYTES, SessionKeys, SharedSecret};
pub use sealed::{NAME_BYTES, SEALED_ANSWER_BYTES, SEALED_NAME_BYTES, TAG_BYTES, Unopened};
pub use suite::{MESSAGE_BYTES, PakeMessage, SCALAR_RANDOM_BYTES, Suite};
pub use transcript::{Transcript, TranscriptHash};

/// Random bytes that one side of a handshake needs: its nonce, then its scalar.
pub const HANDSHAKE_RANDOM_BYTES: usize = NONCE_BYTES + SCALAR_RANDOM_BYTES;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The device that wants to be paired. It confirms first.
    Client,
    /// The daemon whose code it is.
    Daemon,
}

impl Role {
    /// Its name in the transcript.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Daemon => "daemon",
        }
    }
}

/// Why a message of the other side ends a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PakeError {
    /// Not 32 bytes, no point of the curve, or another spelling of one.
    #[error("the message is no point")]
    NotAPoint,
    /// The identity or another of the eight points whose multiples are known: the shared secret would be too.
    #[error("the message is a point of small order")]
    SmallOrder,
    /// A point outside the group, whose multiples tell three bits of the scalar.
    #[error("the message is a point outside the group")]
    OutsideGroup,
    /// Our own message or nonce came back.
    #[error("our own message came back")]
    Reflected,
    /// The crate asked for another number of random bytes than it got: never in the version that is built in.
    #[error("the key exchange did not use its random bytes")]
    Randomness,
}

/// The parts of the random bytes that a side needs.
fn split(random: &[u8; HANDSHAKE_RANDOM_BYTES]) -> (Nonce, Zeroizing<[u8; SCALAR_RANDOM_BYTES]>) {
    let mut nonce = [0; NONCE_BYTES];
    let mut scalar = Zeroizing::new([0; SCALAR_RANDOM_BYTES]);
    nonce.copy_from_slice(&random[..NONCE_BYTES]);
    scalar.copy_from_slice(&random[NONCE_BYTES..]);
    (Nonce(nonce), scalar)
}

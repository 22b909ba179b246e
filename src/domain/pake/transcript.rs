//! What both sides must have seen alike: every key is derived from its hash, so one changed bit changes all of them.

use alloc::vec::Vec;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

use super::Role;
use super::messages::{ClientHello, DaemonHello};

/// What everything that is hashed or signed begins with.
const PROTOCOL: &str = "netclaw pair v2";

const VERSION: u8 = 2;

/// What follows in a handshake about a link, before the link's id. One about a typed code ends without.
const LINK: &[u8] = b"link";

/// A transcript, byte by byte: each field as its length in two bytes, big-endian, and itself.
#[derive(Clone, Debug)]
pub struct Transcript(Vec<u8>);

/// The SHA-256 of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TranscriptHash([u8; SHA256_OUTPUT_LEN]);

impl Transcript {
    /// The transcript of a handshake.
    pub fn of(hello: &ClientHello, reply: &DaemonHello) -> Self {
        let id = reply.identity.id();
        let fields: [&[u8]; 13] = [
            PROTOCOL.as_bytes(),
            &[VERSION],
            hello.suite.name().as_bytes(),
            Role::Client.name().as_bytes(),
            Role::Daemon.name().as_bytes(),
            id.as_str().as_bytes(),
            reply.identity.as_bytes(),
            hello.binding.kind().as_bytes(),
            hello.binding.value(),
            &hello.nonce.0,
            &reply.nonce.0,
            hello.message.as_bytes(),
            reply.message.as_bytes(),
        ];
        let link: Option<[&[u8]; 2]> = hello.link.as_ref().map(|link| [LINK, link.as_bytes().as_slice()]);
        let mut bytes = Vec::new();
        for field in fields.into_iter().chain(link.into_iter().flatten()) {
            // The longest field is an origin, of 270 characters at most.
            let length = u16::try_from(field.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field);
        }
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its hash.
    pub fn hash(&self) -> TranscriptHash {
        let mut hash = [0; SHA256_OUTPUT_LEN];
        hash.copy_from_slice(digest(&SHA256, &self.0).as_ref());
        TranscriptHash(hash)
    }
}

impl TranscriptHash {
    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; SHA256_OUTPUT_LEN] {
        &self.0
    }
}

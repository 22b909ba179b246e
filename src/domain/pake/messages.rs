//! The four messages, as values: their spelling in JSON is an adapter's.

use alloc::boxed::Box;

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

use super::super::binding::Binding;
use super::super::identity::IdentityPublicKey;
use super::super::link_secret::LinkId;
use super::PakeError;
use super::confirmation::Confirmation;
use super::sealed::{SEALED_ANSWER_BYTES, SEALED_NAME_BYTES};
use super::suite::{MESSAGE_BYTES, PakeMessage, Suite};

/// Bytes of a nonce: two never meet by chance.
pub const NONCE_BYTES: usize = 32;

/// What makes a handshake its own. The daemon's nonce also names the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nonce(pub [u8; NONCE_BYTES]);

/// The client's first message.
#[derive(Clone, Debug)]
pub struct ClientHello {
    /// What it wants to compute with.
    pub suite: Suite,
    /// Which pairing link it has; none when it has a typed code.
    pub link: Option<LinkId>,
    /// What it sees of its link.
    pub binding: Binding,
    /// Its nonce.
    pub nonce: Nonce,
    /// Its half of the key exchange.
    pub message: PakeMessage,
}

/// A client's first message as it was received: its point is not looked at yet, because that takes time that is given to
/// admitted attempts only.
#[derive(Clone, Debug)]
pub struct ReceivedHello {
    /// What the client wants to compute with.
    pub suite: Suite,
    /// Which pairing link it says to have; none when it has a typed code.
    pub link: Option<LinkId>,
    /// What it sees of its link.
    pub binding: Binding,
    /// Its nonce.
    pub nonce: Nonce,
    /// What should be its half of the key exchange.
    pub message: [u8; MESSAGE_BYTES],
}

impl ReceivedHello {
    /// Looks at the point.
    ///
    /// # Errors
    ///
    /// Those of [`PakeMessage::parse`].
    pub fn check(self) -> Result<ClientHello, PakeError> {
        let Self { suite, link, binding, nonce, message } = self;
        Ok(ClientHello { suite, link, binding, nonce, message: PakeMessage::parse(&message)? })
    }
}

/// The daemon's answer to it.
#[derive(Clone, Copy, Debug)]
pub struct DaemonHello {
    /// Its nonce, the name of the handshake from here on.
    pub nonce: Nonce,
    /// Its half of the key exchange.
    pub message: PakeMessage,
    /// Who it says it is; proved by the signature in the last message.
    pub identity: IdentityPublicKey,
}

/// The client's second message: its proof of the code, and the name it would like.
#[derive(Clone, Debug)]
pub struct FinishRequest {
    /// Which handshake.
    pub handshake: Nonce,
    /// How many names were asked for before.
    pub sequence: u8,
    /// The client's proof; the same for every name.
    pub confirmation: Confirmation,
    /// The device name.
    pub sealed: Box<[u8; SEALED_NAME_BYTES]>,
}

/// The daemon's answer to that: its own proof, and what became of the request.
#[derive(Clone, Debug)]
pub struct FinishAnswer {
    /// The daemon's proof.
    pub confirmation: Confirmation,
    /// The answer.
    pub sealed: Box<[u8; SEALED_ANSWER_BYTES]>,
}

impl FinishRequest {
    /// What tells whether a request is the same to the last bit.
    pub(super) fn digest(&self) -> [u8; SHA256_OUTPUT_LEN] {
        let mut context = Context::new(&SHA256);
        context.update(&self.handshake.0);
        context.update(&[self.sequence]);
        context.update(self.confirmation.as_bytes());
        context.update(self.sealed.as_slice());
        let mut digest = [0; SHA256_OUTPUT_LEN];
        digest.copy_from_slice(context.finish().as_ref());
        digest
    }
}

//! The daemon's side of a handshake.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::super::binding::Binding;
use super::super::identity::{IdentityKey, IdentityPublicKey};
use super::super::pairing_secret::Shared;
use super::super::session::Generation;
use super::super::words::Words;
use super::answer::Answer;
use super::confirmation::Confirmation;
use super::messages::{ClientHello, DaemonHello, FinishAnswer, FinishRequest};
use super::schedule::SessionKeys;
use super::sealed::{Unopened, open_name, seal};
use super::suite::Half;
use super::transcript::{Transcript, TranscriptHash};
use super::{HANDSHAKE_RANDOM_BYTES, PakeError, Role, split};

/// What an identity signs begins with this, so that no signature of it can be taken for another.
const SIGNED: &[u8] = b"netclaw pair v2 identity";

/// A handshake that was begun: it waits for the client's proof, which is compared once.
pub struct DaemonConfirm {
    generation: Generation,
    is_about_a_link: bool,
    state: State,
}

/// A handshake whose client has proved the code.
pub struct DaemonConfirmed {
    generation: Generation,
    state: State,
}

struct State {
    keys: SessionKeys,
    transcript: TranscriptHash,
    binding: Binding,
}

impl DaemonConfirm {
    /// Answers a client's first message with the code, or the link's secret, of the session `generation`.
    ///
    /// Only the session calls this: it does not let its code go.
    pub(in crate::domain) fn respond(
        generation: Generation,
        secret: Shared<'_>,
        hello: &ClientHello,
        identity: IdentityPublicKey,
        random: &[u8; HANDSHAKE_RANDOM_BYTES],
    ) -> Result<(Self, DaemonHello), PakeError> {
        let (nonce, scalar) = split(random);
        let half = Half::begin(Role::Daemon, secret, &scalar)?;
        let reply = DaemonHello { nonce, message: half.message(), identity };
        if nonce == hello.nonce {
            return Err(PakeError::Reflected);
        }
        let secret = half.finish(hello.message)?;
        let transcript = Transcript::of(hello, &reply).hash();
        let keys = SessionKeys::derive(&secret, &transcript);
        let state = State { keys, transcript, binding: hello.binding.clone() };
        Ok((Self { generation, is_about_a_link: hello.link.is_some(), state }, reply))
    }

    /// The session whose code it was begun with.
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// Whether the secret is a link's, at which nobody guesses: nothing needs to be counted.
    pub const fn is_about_a_link(&self) -> bool {
        self.is_about_a_link
    }

    /// Compares the client's proof, in constant time. Whatever comes out, it is not compared again.
    ///
    /// Only the session calls this: it counts the guess before.
    pub(in crate::domain) fn confirm(self, presented: &Confirmation) -> Option<DaemonConfirmed> {
        let expected = Confirmation::of(Role::Client, &self.state.keys, &self.state.transcript);
        expected.matches(presented).then_some(DaemonConfirmed { generation: self.generation, state: self.state })
    }
}

impl DaemonConfirmed {
    /// The session whose code was proved.
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// What the client sees of its link. Both sides have confirmed that it said so.
    pub const fn binding(&self) -> &Binding {
        &self.state.binding
    }

    /// The words that the client shows too.
    pub fn words(&self) -> Words {
        self.state.keys.words()
    }

    /// The name that the client asks for.
    ///
    /// # Errors
    ///
    /// [`Unopened`] when the request was not made by whoever made the handshake: the proof in it is another one, or the
    /// sealed name was changed.
    pub fn open(&self, request: &FinishRequest) -> Result<String, Unopened> {
        let State { keys, transcript, .. } = &self.state;
        let expected = Confirmation::of(Role::Client, keys, transcript);
        if !expected.matches(&request.confirmation) {
            return Err(Unopened);
        }
        open_name(keys.sealing(Role::Client), request.sequence, &request.sealed)
    }

    /// Seals the answer to request number `sequence`, signed by the daemon's identity.
    ///
    /// There must be one answer to each number: the number is the cipher's nonce. [`Handshake`](super::Handshake) sees to
    /// that.
    pub fn seal(&self, sequence: u8, answer: &Answer, identity: &IdentityKey) -> FinishAnswer {
        let State { keys, transcript, .. } = &self.state;
        let content = answer.write(&identity.sign(&signed(transcript))).finish();
        FinishAnswer {
            confirmation: Confirmation::of(Role::Daemon, keys, transcript),
            sealed: Box::new(seal(keys.sealing(Role::Daemon), sequence, content)),
        }
    }
}

/// What the daemon's identity signs in a handshake.
pub(super) fn signed(transcript: &TranscriptHash) -> Vec<u8> {
    [SIGNED, transcript.as_bytes()].concat()
}

impl fmt::Debug for DaemonConfirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DaemonConfirm({:?})", self.generation)
    }
}

impl fmt::Debug for DaemonConfirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DaemonConfirmed({:?})", self.generation)
    }
}

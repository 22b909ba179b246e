//! The client's side of a handshake.

use alloc::boxed::Box;
use core::fmt;

use thiserror::Error;

use super::super::binding::Binding;
use super::super::identity::IdentityPublicKey;
use super::super::pairing_secret::Shared;
use super::super::words::Words;
use super::answer::{Answer, Grant, NotPaired};
use super::confirmation::Confirmation;
use super::daemon::signed;
use super::fields::Fields;
use super::messages::{ClientHello, DaemonHello, FinishAnswer, FinishRequest, Nonce};
use super::schedule::SessionKeys;
use super::sealed::{open, seal_name};
use super::suite::{Half, Suite};
use super::transcript::{Transcript, TranscriptHash};
use super::{HANDSHAKE_RANDOM_BYTES, PakeError, Role, split};

/// A handshake that was begun: it waits for the daemon's first message.
pub struct ClientStart {
    half: Half,
    hello: ClientHello,
}

/// A handshake whose keys are made: it can prove the code and ask for a name.
pub struct ClientConfirm {
    keys: SessionKeys,
    transcript: TranscriptHash,
    handshake: Nonce,
    identity: IdentityPublicKey,
    sequence: u8,
}

/// A handshake that has asked for a name: it waits for the answer. When that is lost, the same request is sent again.
pub struct ClientFinish(ClientConfirm);

/// What came out of asking for a name.
#[derive(Debug)]
pub enum Outcome {
    /// The device is paired.
    Paired(Box<Enrolment>),
    /// It is not, and another name can be asked for with the same code.
    AnotherName(NotPaired, Box<ClientConfirm>),
    /// It is not, and the handshake is over.
    Ended(NotPaired),
}

/// What a paired device knows from here on.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// Who the daemon is: it has proved to have both the code and this key.
    pub identity: IdentityPublicKey,
    /// What it gave.
    pub grant: Grant,
}

/// The name is longer than any device name can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the device name is too long to be sent")]
pub struct NameTooLong;

/// Why an answer must not be believed. Someone may be in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// Whoever answers does not have the code.
    #[error("the daemon did not prove that it knows the pairing code")]
    NoProof,
    /// The answer was changed on the way, or has not the form of one.
    #[error("the daemon's answer cannot be opened")]
    Unreadable,
    /// Whoever answers has not the identity that it claims.
    #[error("the daemon did not prove its identity")]
    NotTheIdentity,
}

impl ClientStart {
    /// Begins a handshake about a code, or a link's secret, over a way that is seen as `binding`.
    ///
    /// # Errors
    ///
    /// [`PakeError::Randomness`].
    pub fn begin<'a>(
        secret: impl Into<Shared<'a>>,
        binding: Binding,
        random: &[u8; HANDSHAKE_RANDOM_BYTES],
    ) -> Result<(Self, ClientHello), PakeError> {
        let (nonce, scalar) = split(random);
        let secret = secret.into();
        let half = Half::begin(Role::Client, secret, &scalar)?;
        let (suite, link, message) = (Suite::Spake2Ed25519, secret.link_id(), half.message());
        let hello = ClientHello { suite, link, binding, nonce, message };
        Ok((Self { half, hello: hello.clone() }, hello))
    }

    /// Takes the daemon's first message. Whether it has the code is not known yet.
    ///
    /// # Errors
    ///
    /// [`PakeError::Reflected`] when it sent our own message or nonce back.
    pub fn receive(self, reply: &DaemonHello) -> Result<ClientConfirm, PakeError> {
        if reply.nonce == self.hello.nonce {
            return Err(PakeError::Reflected);
        }
        let secret = self.half.finish(reply.message)?;
        let transcript = Transcript::of(&self.hello, reply).hash();
        let keys = SessionKeys::derive(&secret, &transcript);
        Ok(ClientConfirm { keys, transcript, handshake: reply.nonce, identity: reply.identity, sequence: 0 })
    }
}

impl ClientConfirm {
    /// Proves the code and asks for a name.
    ///
    /// # Errors
    ///
    /// [`NameTooLong`].
    ///
    /// # Security
    ///
    /// A daemon without the code learns from this whether one guess of its own was right, and nothing else.
    pub fn ask(self, device_name: &str) -> Result<(ClientFinish, FinishRequest), NameTooLong> {
        let sealed = seal_name(self.keys.sealing(Role::Client), self.sequence, device_name).ok_or(NameTooLong)?;
        let confirmation = Confirmation::of(Role::Client, &self.keys, &self.transcript);
        let request = FinishRequest {
            handshake: self.handshake,
            sequence: self.sequence,
            confirmation,
            sealed: Box::new(sealed),
        };
        Ok((ClientFinish(self), request))
    }
}

impl ClientFinish {
    /// The words that whoever has these keys shows too: the daemon, if nobody is in between who knows the code.
    pub fn words(&self) -> Words {
        self.0.keys.words()
    }

    /// Opens the daemon's answer.
    ///
    /// # Errors
    ///
    /// [`AnswerError`]; nothing that the answer says may be used then.
    pub fn receive(self, answer: &FinishAnswer) -> Result<Outcome, AnswerError> {
        let ClientConfirm { keys, transcript, identity, sequence, .. } = &self.0;
        if !Confirmation::of(Role::Daemon, keys, transcript).matches(&answer.confirmation) {
            return Err(AnswerError::NoProof);
        }
        let opened = open(keys.sealing(Role::Daemon), *sequence, &answer.sealed);
        let opened = opened.map_err(|_| AnswerError::Unreadable)?;
        let fields = Fields::parse(opened.content()).map_err(|_| AnswerError::Unreadable)?;
        let (told, signature) = Answer::read(&fields).map_err(|_| AnswerError::Unreadable)?;
        identity.verify(&signed(transcript), signature).map_err(|_| AnswerError::NotTheIdentity)?;
        Ok(match told {
            Answer::Paired(grant) => Outcome::Paired(Box::new(Enrolment { identity: *identity, grant: *grant })),
            Answer::NotPaired(why) if why.allows_another(*sequence) => {
                let sequence = sequence.saturating_add(1);
                Outcome::AnotherName(why, Box::new(ClientConfirm { sequence, ..self.0 }))
            }
            Answer::NotPaired(why) => Outcome::Ended(why),
        })
    }
}

impl fmt::Debug for ClientStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientStart(…)")
    }
}

impl fmt::Debug for ClientConfirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientConfirm({})", self.sequence)
    }
}

impl fmt::Debug for ClientFinish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientFinish({})", self.0.sequence)
    }
}

//! A handshake on the daemon's side, from its first message to its last answer: what comes next, what comes again, and what
//! must not come at all.

use core::mem;

use ring::digest::SHA256_OUTPUT_LEN;

use super::answer::{Answer, NotPaired};
use super::daemon::{DaemonConfirm, DaemonConfirmed};
use super::messages::{FinishAnswer, FinishRequest};

/// Names that one handshake can ask for: enough for someone whose first ideas are taken.
pub const MAX_NAMES: u8 = 5;

/// A request that was answered, and its answer, kept in case that it got lost on its way.
#[derive(Debug)]
pub struct Answered {
    request: [u8; SHA256_OUTPUT_LEN],
    sequence: u8,
    answer: FinishAnswer,
}

/// A handshake in whichever state it is.
#[derive(Debug)]
pub enum Handshake {
    /// It waits for the client's proof.
    HalfOpen(DaemonConfirm),
    /// The code is proved; it waits for another name.
    Open(DaemonConfirmed, Answered),
    /// The code is proved, and the operator is asked. The client asks for the answer by repeating its request.
    Asking(DaemonConfirmed, [u8; SHA256_OUTPUT_LEN]),
    /// The last answer is given. The keys are wiped.
    Ended(Answered),
    /// Something came that must not come. Nothing more is done in it.
    Destroyed,
}

/// What a request asks of a handshake. Where a state is handed out, [`Handshake::settle`] must follow; until then the
/// handshake counts as destroyed.
#[derive(Debug)]
pub enum Step {
    /// The request was answered before: the same answer again.
    Repeat(FinishAnswer),
    /// The client's proof is to be compared.
    Confirm(DaemonConfirm),
    /// Another name is asked for.
    AnotherName(DaemonConfirmed),
    /// The client asks whether the operator has answered.
    AskAgain(DaemonConfirmed),
    /// Out of order, or mixed with another one.
    OutOfOrder,
}

impl Answered {
    /// Keeps an answer for whoever asks the same again.
    pub fn new(request: &FinishRequest, answer: FinishAnswer) -> Self {
        Self { request: request.digest(), sequence: request.sequence, answer }
    }
}

impl Handshake {
    /// Takes a request. What is out of order destroys the handshake.
    pub fn step(&mut self, request: &FinishRequest) -> Step {
        if let Self::Open(_, last) | Self::Ended(last) = self
            && last.request == request.digest()
        {
            return Step::Repeat(last.answer.clone());
        }
        match mem::replace(self, Self::Destroyed) {
            Self::Asking(confirmed, asked) if asked == request.digest() => Step::AskAgain(confirmed),
            Self::HalfOpen(waiting) if request.sequence == 0 => Step::Confirm(waiting),
            Self::Open(confirmed, last) if request.sequence == last.sequence.saturating_add(1) => {
                Step::AnotherName(confirmed)
            }
            Self::HalfOpen(_) | Self::Open(..) | Self::Asking(..) | Self::Ended(_) | Self::Destroyed => {
                Step::OutOfOrder
            }
        }
    }

    /// What a handshake is while the operator is asked about `request`.
    pub fn wait(&mut self, confirmed: DaemonConfirmed, request: &FinishRequest) {
        *self = Self::Asking(confirmed, request.digest());
    }

    /// What a handshake is after `answer` was given to `request`.
    pub fn settle(&mut self, confirmed: DaemonConfirmed, answer: &Answer, answered: Answered) {
        let lives_on = |why: &NotPaired| why.allows_another(answered.sequence);
        *self = match answer {
            Answer::NotPaired(why) if lives_on(why) => Self::Open(confirmed, answered),
            Answer::NotPaired(_) | Answer::Paired(_) => Self::Ended(answered),
        };
    }
}

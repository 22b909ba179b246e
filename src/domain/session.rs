//! The pairing session: the life of one code, or of one link's secret, from `daemon pair` to the device that redeemed it.
//!
//! ```text
//! pending ──right code──▶ reserved ──device stored──▶ consumed
//!    ▲                       │
//!    └──device not stored────┘
//! pending ──100th wrong code──▶ exhausted
//! ```
//!
//! A link's secret is like a code at which nobody guesses: wrong proofs are not counted, and end nothing.
//!
//! Where the operator wants to be [asked](asking), the device waits for a yes between reserved and consumed.
//!
//! Every transition takes the session by value, so a state that is over cannot be used again.

pub mod asking;
mod phase;

use core::time::Duration;

use thiserror::Error;
use zeroize::Zeroize;

use self::asking::{ATTENDANCE, AskingSession};
pub use self::phase::Phase;
use super::code::{CODE_RANDOM_BYTES, PairingCode};
use super::device::DeviceId;
use super::identity::IdentityPublicKey;
use super::link_secret::{LINK_SECRET_BYTES, LinkId, LinkSecret};
use super::pairing_secret::{PairingSecret, Shared};
use super::pake::{
    ClientHello, Confirmation, DaemonConfirm, DaemonConfirmed, DaemonHello, HANDSHAKE_RANDOM_BYTES, PakeError,
};
use super::terms::Terms;
use super::time::{Expiry, MonotonicTime, Now, WallTime};

/// Life of a code: long enough to walk to the other machine, short enough that 40 bits cannot be searched.
pub const CODE_LIFE: Duration = Duration::from_secs(300);

/// Wrong codes that end a session, whatever addresses they came from. With 40 bits and 100 guesses the chance of a hit
/// is below one in ten thousand million.
pub const CODE_BUDGET: u32 = 100;

/// Random bytes that open a session: the code, then the generation.
pub const SESSION_RANDOM_BYTES: usize = CODE_RANDOM_BYTES + 8;

/// Random bytes that open a session for a link: its secret, then the generation.
pub const LINK_SESSION_RANDOM_BYTES: usize = LINK_SECRET_BYTES + 8;

/// Names one session, so that an answer meant for an earlier one never touches its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Generation(u64);

impl Generation {
    /// The generation with this number, as [`Generation::number`] gave it.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number that stands for it outside the process.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// How many wrong codes a session still bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeBudget(u32);

impl CodeBudget {
    /// A budget of this many wrong codes.
    pub const fn of(wrong_codes: u32) -> Self {
        Self(wrong_codes)
    }

    /// What is left after one more wrong code, or `None` when that was the last one.
    pub fn spend(self) -> Option<Self> {
        self.0.checked_sub(1).filter(|left| *left > 0).map(Self)
    }
}

/// Proof that a code was redeemed. The only thing that a new [`Device`](super::device::Device) can be made from.
///
/// It cannot be cloned or built elsewhere, and making the device uses it up: one code, at most one device.
#[derive(Debug)]
pub struct RedeemedCode {
    generation: Generation,
    terms: Terms,
}

impl RedeemedCode {
    /// The session whose code it was, for the commit or release that must follow.
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// What the host has decided about the device.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }
}

/// Why a code was not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RedeemError {
    /// No session waits for a code: none was opened, or it is expired, consumed, exhausted or being redeemed. From
    /// outside these look the same.
    #[error("no pairing code is active")]
    NoCode,
    /// The session goes on, with a smaller budget.
    #[error("wrong pairing code")]
    WrongCode,
    /// The operator wants to compare words, and only handshakes have some. Said whatever the code is; nothing was compared.
    #[error("the operator confirms this pairing, which needs the handshake of netclaw pair")]
    NeedsHandshake,
    /// The wrong code that ended the session. From outside it looks like any other wrong code; the operator is told.
    #[error("wrong pairing code, and the last one that this session bears")]
    LastWrongCode,
}

/// Why no handshake was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BeginError {
    /// No session waits for a code, as in [`RedeemError::NoCode`].
    #[error("no pairing code is active")]
    NoCode,
    /// The client's message is refused.
    #[error(transparent)]
    Message(#[from] PakeError),
}

/// A session that waits for its code.
#[derive(Debug)]
pub struct PendingSession {
    generation: Generation,
    secret: PairingSecret,
    terms: Terms,
    expiry: Expiry<MonotonicTime>,
    /// None for a link: nobody guesses 128 bits.
    budget: Option<CodeBudget>,
    /// When the operator counts as gone, where the terms want to ask.
    attended: Option<Expiry<MonotonicTime>>,
}

/// A session whose code was redeemed and whose device is being stored.
#[derive(Debug)]
pub struct ReservedSession(PendingSession);

/// One pairing session in whichever state it is.
#[derive(Debug)]
pub enum PairingSession {
    /// Waits for its code.
    Pending(PendingSession),
    /// Its code was redeemed; the device is being stored.
    Reserved(ReservedSession),
    /// Its code was redeemed; the operator is asked about the device.
    Asking(AskingSession),
    /// The operator has said no.
    Refused {
        /// The session that ended.
        generation: Generation,
    },
    /// The device was stored.
    Consumed {
        /// The session that made it.
        generation: Generation,
        /// The device that the code was exchanged for.
        device: DeviceId,
    },
    /// Too many wrong codes.
    Exhausted {
        /// The session that ended.
        generation: Generation,
    },
}

/// A session that was just opened, and what its operator is shown.
#[derive(Debug)]
pub struct OpenedSession<S = PairingCode> {
    /// The session, to be put in the slot.
    pub session: PairingSession,
    /// Its name.
    pub generation: Generation,
    /// The code to show, or the secret of the link to show.
    pub code: S,
    /// When the code ends, by the wall clock: for showing only.
    pub expires_at: WallTime,
}

impl PairingSession {
    /// Opens a session with a fresh code that lives for [`CODE_LIFE`] from `now`, for a device under these terms.
    pub fn open(random: [u8; SESSION_RANDOM_BYTES], terms: Terms, now: Now) -> OpenedSession {
        let [a, b, c, d, e, number @ ..] = random;
        let code = PairingCode::from_random([a, b, c, d, e]);
        let generation = Generation(u64::from_be_bytes(number));
        let budget = Some(CodeBudget::of(CODE_BUDGET));
        let session = Self::pending(generation, PairingSecret::Code(code.clone()), budget, terms, now);
        OpenedSession { session, generation, code, expires_at: now.wall.plus(CODE_LIFE) }
    }

    /// Opens a session with the fresh secret of a link, as [`PairingSession::open`] does with a code.
    pub fn open_link(random: &[u8; LINK_SESSION_RANDOM_BYTES], terms: Terms, now: Now) -> OpenedSession<LinkSecret> {
        let (mut secret, mut number) = ([0; LINK_SECRET_BYTES], [0; 8]);
        secret.copy_from_slice(&random[..LINK_SECRET_BYTES]);
        number.copy_from_slice(&random[LINK_SECRET_BYTES..]);
        let (code, generation) = (LinkSecret::from_random(secret), Generation(u64::from_be_bytes(number)));
        secret.zeroize();
        let session = Self::pending(generation, PairingSecret::Link(code.clone()), None, terms, now);
        OpenedSession { session, generation, code, expires_at: now.wall.plus(CODE_LIFE) }
    }

    fn pending(
        generation: Generation,
        secret: PairingSecret,
        budget: Option<CodeBudget>,
        terms: Terms,
        now: Now,
    ) -> Self {
        let expiry = Expiry::after(now.monotonic, CODE_LIFE);
        let attended = terms.confirm.then(|| Expiry::after(now.monotonic, ATTENDANCE));
        Self::Pending(PendingSession { generation, secret, terms, expiry, budget, attended })
    }

    /// Tries `presented` against the session's code.
    ///
    /// # Errors
    ///
    /// * [`RedeemError::NoCode`] unless the session is pending with a code, and its end has not come at `now`.
    /// * [`RedeemError::NeedsHandshake`] when the operator wants to be asked.
    /// * [`RedeemError::WrongCode`] and [`RedeemError::LastWrongCode`] when it is another code.
    ///
    /// # Security
    ///
    /// The wrong code is counted before the codes are compared, and the comparison takes constant time.
    pub fn redeem(self, presented: &PairingCode, now: MonotonicTime) -> (Self, Result<RedeemedCode, RedeemError>) {
        match self {
            Self::Pending(pending) => {
                let (session, redeemed) = match pending.secret.clone() {
                    PairingSecret::Code(_) if pending.terms.confirm && !pending.is_over(now) => {
                        (Self::Pending(pending), Err(RedeemError::NeedsHandshake))
                    }
                    PairingSecret::Code(code) => pending.attempt(now, || code.matches(presented).then_some(())),
                    // Nobody can have typed it.
                    PairingSecret::Link(_) => (Self::Pending(pending), Err(RedeemError::NoCode)),
                };
                (session, redeemed.map(|(proof, ())| proof))
            }
            ended => (ended, Err(RedeemError::NoCode)),
        }
    }

    /// Whether it waits for whoever has this link. Costs one hash at most, so that nothing needs to be counted before.
    pub fn waits_for(&self, link: &LinkId, now: MonotonicTime) -> bool {
        match self {
            Self::Pending(pending) => pending.secret.is_meant_by(Some(link)) && !pending.is_over(now),
            Self::Reserved(_)
            | Self::Asking(_)
            | Self::Refused { .. }
            | Self::Consumed { .. }
            | Self::Exhausted { .. } => false,
        }
    }

    /// Answers the first message of a handshake about the code or the link, whichever the session has. Nothing is counted: a handshake that goes no further is no
    /// guess.
    ///
    /// # Errors
    ///
    /// [`BeginError`].
    ///
    /// # Security
    ///
    /// The code stays in here. What comes out is of use to no one who has not the same code.
    pub fn begin(
        &self,
        hello: &ClientHello,
        identity: IdentityPublicKey,
        random: &[u8; HANDSHAKE_RANDOM_BYTES],
        now: MonotonicTime,
    ) -> Result<(DaemonConfirm, DaemonHello), BeginError> {
        match self {
            Self::Pending(pending) if !pending.is_over(now) && pending.secret.is_meant_by(hello.link.as_ref()) => {
                let secret = Shared::from(&pending.secret);
                Ok(DaemonConfirm::respond(pending.generation, secret, hello, identity, random)?)
            }
            _ => Err(BeginError::NoCode),
        }
    }

    /// Tries the proof that a client `presented` in a handshake that was begun with this session: one guess.
    ///
    /// # Errors
    ///
    /// As in [`PairingSession::redeem`]. A handshake of another session is [`RedeemError::NoCode`]: its code is dead.
    ///
    /// # Security
    ///
    /// The wrong code is counted before the proofs are compared, and the handshake is used up.
    pub fn redeem_confirmed(
        self,
        handshake: DaemonConfirm,
        presented: &Confirmation,
        now: MonotonicTime,
    ) -> (Self, Result<(RedeemedCode, DaemonConfirmed), RedeemError>) {
        match self {
            Self::Pending(pending) if pending.generation == handshake.generation() => {
                pending.attempt(now, || handshake.confirm(presented))
            }
            other => (other, Err(RedeemError::NoCode)),
        }
    }

    /// Redeems the code once more for a handshake that has proved it, after it was released.
    ///
    /// # Errors
    ///
    /// [`RedeemError::NoCode`] unless the session is the same, pending, and its end has not come at `now`.
    pub fn redeem_again(
        self,
        handshake: &DaemonConfirmed,
        now: MonotonicTime,
    ) -> (Self, Result<RedeemedCode, RedeemError>) {
        match self {
            Self::Pending(pending) if pending.generation == handshake.generation() => {
                let (session, redeemed) = pending.attempt(now, || Some(()));
                (session, redeemed.map(|(proof, ())| proof))
            }
            other => (other, Err(RedeemError::NoCode)),
        }
    }

    /// Records that the device of the redeemed code is stored. Any other generation or state is left as it is.
    pub fn commit(self, generation: Generation, device: DeviceId) -> Self {
        match self {
            Self::Reserved(reserved) if reserved.0.generation == generation => Self::Consumed { generation, device },
            other => other,
        }
    }

    /// Takes the redemption back, because the device could not be stored: the code can be exchanged again until its
    /// end. Any other generation or state is left as it is.
    pub fn release(self, generation: Generation) -> Self {
        match self {
            Self::Reserved(reserved) if reserved.0.generation == generation => Self::Pending(reserved.0),
            other => other,
        }
    }

    /// The name of this session.
    pub const fn generation(&self) -> Generation {
        match self {
            Self::Pending(pending) | Self::Reserved(ReservedSession(pending)) => pending.generation,
            Self::Asking(asking) => asking.pending().generation,
            Self::Consumed { generation, .. } | Self::Exhausted { generation } | Self::Refused { generation } => {
                *generation
            }
        }
    }
}

impl PendingSession {
    /// Whether its end has come, or the operator who wanted to be asked is gone.
    fn is_over(&self, now: MonotonicTime) -> bool {
        self.expiry.has_passed(now) || self.attended.is_some_and(|attended| attended.has_passed(now))
    }

    /// One attempt at the code: counted as a wrong one, then looked at. `prove` gives what proves it right.
    fn attempt<T>(
        self,
        now: MonotonicTime,
        prove: impl FnOnce() -> Option<T>,
    ) -> (PairingSession, Result<(RedeemedCode, T), RedeemError>) {
        if self.is_over(now) {
            return (PairingSession::Pending(self), Err(RedeemError::NoCode));
        }
        let generation = self.generation;
        let after_a_wrong_code = self.budget.map(CodeBudget::spend);
        if let Some(proof) = prove() {
            // The session keeps its terms: the code may be released and redeemed once more.
            let redeemed = RedeemedCode { generation, terms: self.terms.clone() };
            return (PairingSession::Reserved(ReservedSession(self)), Ok((redeemed, proof)));
        }
        match after_a_wrong_code {
            None => (PairingSession::Pending(self), Err(RedeemError::WrongCode)),
            Some(Some(left)) => {
                (PairingSession::Pending(Self { budget: Some(left), ..self }), Err(RedeemError::WrongCode))
            }
            Some(None) => (PairingSession::Exhausted { generation }, Err(RedeemError::LastWrongCode)),
        }
    }
}

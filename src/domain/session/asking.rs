//! The operator's own yes: what happens between the proof of the code and the device, where the terms want it.
//!
//! ```text
//! reserved ──the operator is asked──▶ asking ──yes──▶ agreed ──the device comes back──▶ reserved
//!                                        └──no──▶ refused
//! ```
//!
//! The operator has to be there: a session that waits for a yes is over when the command that would ask has not been heard
//! of for [`ATTENDANCE`].

use core::time::Duration;

use super::super::binding::Binding;
use super::super::client_address::ClientAddress;
use super::super::device_name::DeviceName;
use super::super::pake::ANSWER_LIFE;
use super::super::time::{Expiry, MonotonicTime};
use super::super::words::Words;
use super::{Generation, PairingSession, PendingSession, RedeemedCode, ReservedSession};

/// How long the operator's command may be silent. It speaks twice a second, but first looks whether its endpoint leads here,
/// which takes up to eight seconds.
pub const ATTENDANCE: Duration = Duration::from_secs(20);

/// How long a yes waits for the device to come back, which asks once a second: as long as its handshake is kept.
pub const AGREEMENT_LIFE: Duration = ANSWER_LIFE;

/// Who asks to be paired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applicant {
    /// What the device will be called.
    pub name: DeviceName,
    /// Where it is.
    pub client: ClientAddress,
    /// What protects its way here. It has been checked that the way ends here.
    pub binding: Binding,
    /// What it shows its person.
    pub words: Words,
}

/// A session about whose device the operator is asked.
#[derive(Debug)]
pub struct AskingSession {
    pending: PendingSession,
    applicant: Applicant,
    /// When a yes is over that the device did not come back for.
    agreed: Option<Expiry<MonotonicTime>>,
}

/// What the operator has said.
#[derive(Debug)]
pub enum Verdict {
    /// Nothing yet.
    Waiting,
    /// Yes. The code is reserved for the device.
    Agreed(RedeemedCode),
    /// No. The code is spent: whoever had it is not who was meant.
    Refused,
    /// Nothing, until the session was over; or the device came back too late for a yes.
    Unanswered,
    /// It is not about this session any more.
    Ended,
}

impl PairingSession {
    /// Asks the operator about the device of the redeemed code. Any other generation or state is left as it is.
    pub fn ask(self, generation: Generation, applicant: Applicant) -> Self {
        match self {
            Self::Reserved(ReservedSession(pending)) if pending.generation == generation => {
                Self::Asking(AskingSession { pending, applicant, agreed: None })
            }
            other => other,
        }
    }

    /// Notes that the operator's command is there at `now`. It does not bring back what is over.
    pub fn attend(mut self, generation: Generation, now: MonotonicTime) -> Self {
        match &mut self {
            Self::Pending(pending)
            | Self::Reserved(ReservedSession(pending))
            | Self::Asking(AskingSession { pending, .. })
                if pending.generation == generation && !pending.is_over(now) =>
            {
                pending.attended = pending.attended.map(|_| Expiry::after(now, ATTENDANCE));
            }
            _ => {}
        }
        self
    }

    /// Takes the operator's answer, and says whether it was in time. It is taken once.
    pub fn decide(self, generation: Generation, agrees: bool, now: MonotonicTime) -> (Self, bool) {
        match self {
            Self::Asking(asking)
                if asking.pending.generation == generation && asking.agreed.is_none() && !asking.is_over(now) =>
            {
                match agrees {
                    true => {
                        let agreed = Some(Expiry::after(now, AGREEMENT_LIFE));
                        (Self::Asking(AskingSession { agreed, ..asking }), true)
                    }
                    false => (Self::Refused { generation }, true),
                }
            }
            other => (other, false),
        }
    }

    /// What the operator has said to the device that was asked about. After a yes the code is reserved for it, even if the
    /// session's end has come in between: the operator was asked in time.
    pub fn verdict(self, generation: Generation, now: MonotonicTime) -> (Self, Verdict) {
        match self {
            Self::Asking(asking) if asking.pending.generation == generation => match asking.agreed {
                _ if asking.is_over(now) => (Self::Asking(asking), Verdict::Unanswered),
                Some(_) => {
                    let terms = asking.pending.terms.clone();
                    (
                        Self::Reserved(ReservedSession(asking.pending)),
                        Verdict::Agreed(RedeemedCode { generation, terms }),
                    )
                }
                None => (Self::Asking(asking), Verdict::Waiting),
            },
            Self::Refused { generation: refused } if refused == generation => (self, Verdict::Refused),
            other => (other, Verdict::Ended),
        }
    }

    /// Whom the operator is asked about, while there is time to answer.
    pub fn applicant(&self, now: MonotonicTime) -> Option<&Applicant> {
        match self {
            Self::Asking(asking) if asking.agreed.is_none() && !asking.is_over(now) => Some(&asking.applicant),
            _ => None,
        }
    }
}

impl AskingSession {
    pub(super) const fn pending(&self) -> &PendingSession {
        &self.pending
    }

    /// Whether there is nothing to wait for any more.
    pub(super) fn is_over(&self, now: MonotonicTime) -> bool {
        self.agreed.map_or_else(|| self.pending.is_over(now), |agreed| agreed.has_passed(now))
    }

    /// Time until then.
    pub(super) fn remaining(&self, now: MonotonicTime) -> Duration {
        self.agreed.unwrap_or(self.pending.expiry).remaining(now)
    }
}

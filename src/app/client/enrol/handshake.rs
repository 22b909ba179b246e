//! Getting a token by handshakes, or, where nobody in between can read it, by the code itself.

use std::time::Duration;

use zeroize::Zeroizing;

use super::answers::Answers;
use super::{EnrolError, Suspicion};
use crate::domain::acquaintance::Acquaintance;
use crate::domain::binding::Binding;
use crate::domain::daemon_id::DaemonId;
use crate::domain::link::{Approach, Pins};
use crate::domain::pairing_secret::PairingSecret;
use crate::domain::pake::answer::NotPaired;
use crate::domain::pake::{
    ClientConfirm, ClientStart, Enrolment, FinishAnswer, FinishRequest, HANDSHAKE_RANDOM_BYTES, Outcome,
};
use crate::domain::token::BearerToken;
use crate::domain::words::Words;
use crate::ports::daemon_api::{ApiError, DaemonApi, DeviceIdentity, Rejection};
use crate::ports::rng::Rng;

/// Handshakes of one command at most: as many as the daemon admits in a minute. Each is one guess at the code for whoever
/// plays the daemon.
const MAX_HANDSHAKES: u32 = 5;

/// How long to wait before a request is sent again whose answer was lost. Three requests of at most 15 seconds each, and
/// these, end within the 60 seconds in which the daemon repeats an answer.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// How long to wait before asking again whether the operator has said yes, as the daemon says too.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often to ask that: for longer than any code lives. With slow answers it is the daemon who ends it.
const MAX_QUESTIONS: u32 = 330;

/// What a device was given, and what it knows of the daemon.
pub(super) struct Acquired {
    pub(super) token: BearerToken,
    pub(super) device: DeviceIdentity,
    pub(super) daemon_id: DaemonId,
    pub(super) known: Acquaintance,
}

/// How a handshake ended.
enum Ending {
    Paired(Box<Acquired>),
    /// The daemon knows no handshakes, or something in between hides them.
    NoSuchRoute,
    WrongCode,
    /// It is over; another one may succeed with the same code.
    Over,
}

/// Pairs by handshakes.
pub(super) struct Handshaking<'a> {
    pub(super) api: &'a dyn DaemonApi,
    pub(super) rng: &'a dyn Rng,
    pub(super) approach: &'a Approach,
}

impl Handshaking<'_> {
    /// Gets a token for the name, with as many handshakes as it takes.
    ///
    /// # Errors
    ///
    /// [`EnrolError`].
    ///
    /// # Security
    ///
    /// The code itself is sent only where the approach allows it, and only to a daemon that knows no handshakes. That one
    /// failed is never a reason.
    pub(super) async fn acquire(&self, answers: &mut Answers<'_>) -> Result<Acquired, EnrolError> {
        for _ in 0..MAX_HANDSHAKES {
            match self.attempt(answers).await? {
                Ending::Paired(acquired) => return Ok(*acquired),
                Ending::NoSuchRoute if self.approach.may_show_code => return self.exchange(answers).await,
                Ending::NoSuchRoute => return Err(EnrolError::NoHandshakes),
                Ending::WrongCode => answers.another_code()?,
                Ending::Over => {}
            }
        }
        let detail = "the handshake ended before it was done, several times".to_owned();
        Err(ApiError::Rejected { why: Rejection::NoHandshake, detail }.into())
    }

    async fn attempt(&self, answers: &mut Answers<'_>) -> Result<Ending, EnrolError> {
        let mut random = Zeroizing::new([0; HANDSHAKE_RANDOM_BYTES]);
        self.rng.fill(random.as_mut_slice())?;
        let suspicious = |why| EnrolError::InBetween(Suspicion::Message(why));
        let begun = ClientStart::begin(answers.secret(), self.approach.binding.clone(), &random);
        let (start, hello) = begun.map_err(suspicious)?;
        let reply = match self.api.start_pairing(&self.approach.link, &hello).await {
            Ok(reply) => reply,
            Err(ApiError::Rejected { why: Rejection::NotFound, .. }) => return Ok(Ending::NoSuchRoute),
            Err(error) => return Err(error.into()),
        };
        let mut confirm = start.receive(&reply).map_err(suspicious)?;
        loop {
            match self.ask(confirm, answers).await? {
                Asked::Again(next) => confirm = *next,
                Asked::Ended(ending) => return Ok(ending),
            }
        }
    }

    /// Proves the code and asks for the name.
    async fn ask(&self, confirm: ClientConfirm, answers: &mut Answers<'_>) -> Result<Asked, EnrolError> {
        let asked = confirm.ask(answers.name().as_str());
        // Never in practice: no device name is as long as what a message has room for.
        let (waiting, request) = asked.map_err(|why| EnrolError::NameRefused { detail: why.to_string() })?;
        let answer = match self.finish(&request, waiting.words(), answers).await {
            Ok(answer) => answer,
            Err(EnrolError::Api(ApiError::Rejected { why: Rejection::WrongCode, .. })) => {
                return Ok(Asked::Ended(Ending::WrongCode));
            }
            // A person may take longer for another name than the daemon waits.
            Err(EnrolError::Api(ApiError::Rejected { why: Rejection::NoHandshake, .. })) => {
                return Ok(Asked::Ended(Ending::Over));
            }
            // A daemon that has begun a handshake understands its end, as it was sent.
            Err(EnrolError::Api(ApiError::Rejected { why: Rejection::NotUnderstood, detail })) => {
                let what = format!("what was sent did not arrive as it was ({detail})");
                return Err(ApiError::Forged { what }.into());
            }
            Err(error) => return Err(error),
        };
        let outcome = waiting.receive(&answer).map_err(|why| EnrolError::InBetween(Suspicion::Answer(why)))?;
        let (why, next) = match outcome {
            Outcome::Paired(enrolment) => {
                return Ok(Asked::Ended(Ending::Paired(Box::new(self.acquired(*enrolment)))));
            }
            Outcome::AnotherName(why, next) => (why, Some(next)),
            Outcome::Ended(why) => (why, None),
        };
        refused(why, answers)?;
        Ok(next.map_or(Asked::Ended(Ending::Over), Asked::Again))
    }

    /// Sends a request until it is answered. A request that is sent again is the same, and so is its answer.
    ///
    /// While the operator is asked there is no answer yet. The words are shown meanwhile.
    async fn finish(
        &self,
        request: &FinishRequest,
        words: Words,
        answers: &mut Answers<'_>,
    ) -> Result<FinishAnswer, EnrolError> {
        let mut questions = 0;
        loop {
            match self.answered(request).await {
                Err(EnrolError::Api(ApiError::Rejected { why: Rejection::ConfirmationPending, .. })) => {}
                answered => return answered,
            }
            if questions == 0 {
                answers.show_words(words);
            }
            questions += 1;
            if questions > MAX_QUESTIONS {
                return Err(EnrolError::NotConfirmed(NotPaired::Unanswered));
            }
            tokio::time::sleep(ASK_AGAIN_AFTER).await;
        }
    }

    /// Sends a request until something comes back.
    async fn answered(&self, request: &FinishRequest) -> Result<FinishAnswer, EnrolError> {
        let link = &self.approach.link;
        let mut lost = match self.api.finish_pairing(link, request).await {
            Err(ApiError::Unreachable { cause }) => cause,
            answered => return Ok(answered?),
        };
        for pause in PAUSES {
            tokio::time::sleep(pause).await;
            match self.api.finish_pairing(link, request).await {
                Err(ApiError::Unreachable { cause }) => lost = cause,
                // The daemon has forgotten both, the request and its answer.
                Err(ApiError::Rejected { why: Rejection::NoHandshake, .. }) => break,
                answered => return Ok(answered?),
            }
        }
        Err(EnrolError::AnswerLost { cause: lost })
    }

    fn acquired(&self, enrolment: Enrolment) -> Acquired {
        let Enrolment { identity, grant } = enrolment;
        let pins = match &self.approach.binding {
            Binding::Spki(pin) => Some(Pins::of_pairing(*pin, grant.pin_now, grant.pin_next)),
            Binding::Origin(_) => None,
        };
        Acquired {
            token: grant.token,
            device: DeviceIdentity { id: grant.device, name: grant.device_name },
            daemon_id: identity.id(),
            known: Acquaintance { name: grant.daemon_name, identity: Some(identity), pins },
        }
    }

    /// Exchanges the code itself, with a daemon of version 1.
    async fn exchange(&self, answers: &mut Answers<'_>) -> Result<Acquired, EnrolError> {
        loop {
            let PairingSecret::Code(code) = answers.secret() else { return Err(EnrolError::NoHandshakes) };
            match self.api.exchange(&self.approach.link, code, answers.name()).await {
                Ok(grant) => {
                    let (token, device, daemon_id) = (grant.token, grant.device, grant.daemon_id);
                    return Ok(Acquired { token, device, daemon_id, known: Acquaintance::default() });
                }
                Err(ApiError::Unreachable { cause }) => return Err(EnrolError::AnswerLost { cause }),
                Err(ApiError::Rejected { why: Rejection::WrongCode, .. }) => answers.another_code()?,
                Err(ApiError::Rejected { why: Rejection::NameTaken, .. }) => answers.name_instead_of_taken()?,
                Err(ApiError::Rejected { why: Rejection::InvalidDeviceName, detail }) => {
                    answers.name_instead_of_refused(&detail)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What came of asking for a name.
enum Asked {
    Again(Box<ClientConfirm>),
    Ended(Ending),
}

/// Finds another name where that helps.
fn refused(why: NotPaired, answers: &mut Answers<'_>) -> Result<(), EnrolError> {
    let rejected = |rejection| EnrolError::Api(ApiError::Rejected { why: rejection, detail: why.to_string() });
    match why {
        NotPaired::NameTaken => answers.name_instead_of_taken(),
        NotPaired::FixedNameTaken => Err(EnrolError::HostNameTaken),
        NotPaired::InvalidDeviceName => answers.name_instead_of_refused(&why.to_string()),
        NotPaired::StorageUnavailable => Err(rejected(Rejection::StorageUnavailable)),
        NotPaired::NoPairingCode => Err(rejected(Rejection::NoPairingCode)),
        NotPaired::Refused | NotPaired::Unanswered => Err(EnrolError::NotConfirmed(why)),
        NotPaired::UnknownLink => Err(EnrolError::InBetween(Suspicion::UnknownLink)),
    }
}

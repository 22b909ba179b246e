//! The second half of a handshake: one guess, then names until one can be used.

use tracing::{info, warn};

use super::super::enrol::{EnrolError, Enrolled, enrol, or_release};
use super::super::exchange::{ExchangeError, not_redeemed, refused, settle};
use super::{Cell, PairError, PairV2};
use crate::domain::binding::Links;
use crate::domain::client_address::ClientAddress;
use crate::domain::pake::answer::{Answer, Grant, NotPaired};
use crate::domain::pake::{Answered, DaemonConfirm, DaemonConfirmed, FinishAnswer, FinishRequest, Handshake, Step};
use crate::domain::session::asking::{Applicant, Verdict};
use crate::domain::session::{RedeemError, RedeemedCode};
use crate::domain::time::Now;
use crate::ports::metrics::Attempt;
use crate::ports::pairing_slot::ReserveError;

/// What a step of a handshake leads to.
enum Reply {
    /// A sealed answer.
    Answer(Answer),
    /// The operator has to say yes first.
    OperatorIsAsked,
}

/// What a step gives: the handshake, which goes on or ends, and the reply.
type Replied = (DaemonConfirmed, Reply);

/// A request, whose it is, and when it came.
#[derive(Clone, Copy)]
struct Received<'a> {
    request: &'a FinishRequest,
    client: ClientAddress,
    now: Now,
}

impl PairV2 {
    /// Takes a client's proof, or its next name.
    ///
    /// Run it to its end even when the client goes away: a code may be reserved while it runs.
    ///
    /// # Errors
    ///
    /// [`PairError`]. What the code's owner alone may know, a taken name for instance, is no error but a sealed answer.
    ///
    /// # Security
    ///
    /// The guess is counted, for the address and for the code, before it is compared. The same request again gets the same
    /// answer and does nothing else.
    pub async fn finish(&self, client: ClientAddress, request: FinishRequest) -> Result<FinishAnswer, PairError> {
        let received = Received { request: &request, client, now: self.ports.clock.now() };
        let Some(cell) = self.find(request.handshake, received.now.monotonic) else {
            self.ports.meter.attempted(Attempt::NoCode);
            return Err(PairError::NoHandshake);
        };
        let mut handshake = cell.lock().await;
        let step = handshake.step(&request);
        let stepped = match step {
            Step::AskAgain(confirmed) => Ok(self.verdict(confirmed, received).await),
            Step::Repeat(answer) => return Ok(answer),
            Step::Confirm(waiting) => self.confirm(&mut handshake, waiting, received).await,
            Step::AnotherName(confirmed) => self.another_name(confirmed, received).await,
            Step::OutOfOrder => Err(PairError::NoHandshake),
        };
        match stepped {
            Ok((confirmed, Reply::OperatorIsAsked)) => {
                handshake.wait(confirmed, &request);
                // It is kept for as long as the client asks again, and the session at most.
                self.table().answered(request.handshake, Cell::clone(&cell), received.now.monotonic);
                Err(PairError::OperatorIsAsked)
            }
            Ok((confirmed, Reply::Answer(answer))) => {
                self.ports.meter.attempted(Attempt::from(&answer));
                let sealed = confirmed.seal(request.sequence, &answer, &self.introduction.identity);
                handshake.settle(confirmed, &answer, Answered::new(&request, sealed.clone()));
                self.table().answered(request.handshake, Cell::clone(&cell), received.now.monotonic);
                Ok(sealed)
            }
            Err(why) => {
                self.ports.meter.attempted(Attempt::from(&why));
                if matches!(*handshake, Handshake::Destroyed) {
                    self.table().remove(request.handshake);
                }
                Err(why)
            }
        }
    }

    /// The one guess of a handshake.
    async fn confirm(
        &self,
        handshake: &mut Handshake,
        waiting: DaemonConfirm,
        received: Received<'_>,
    ) -> Result<Replied, PairError> {
        let Received { request, client, now } = received;
        let charge = match waiting.is_about_a_link() {
            // Nobody guesses it, and nobody else's guesses at typed codes may keep its owner out.
            true => None,
            false => match self.ports.attempts.count_guess(client.limit_key(), now.monotonic).await {
                Ok(charge) => Some(charge),
                Err(why) => {
                    // Nothing was looked at: whoever waits long enough can still confirm.
                    *handshake = Handshake::HalfOpen(waiting);
                    return Err(refused(why, client).into());
                }
            },
        };
        // Before the code is reserved: a tunnel may take its time to say what it is called.
        let links = self.links().await;
        let reserved = self.ports.slot.reserve_confirmed(waiting, &request.confirmation, now.monotonic).await;
        let reserved = reserved.map_err(|why| not_redeemed(why, client));
        if let Some(charge) = charge {
            settle(&self.ports, charge, matches!(reserved, Err(ExchangeError::WrongCode))).await;
        }
        let (proof, confirmed) = reserved?;
        self.answer(confirmed, proof, &links, received).await
    }

    /// A further name, for which the code is reserved anew.
    async fn another_name(&self, confirmed: DaemonConfirmed, received: Received<'_>) -> Result<Replied, PairError> {
        if confirmed.open(received.request).is_err() {
            return Err(PairError::Unopened);
        }
        let links = self.links().await;
        let why = match self.ports.slot.reserve_again(&confirmed, received.now.monotonic).await {
            Ok(proof) => return self.answer(confirmed, proof, &links, received).await,
            Err(ReserveError::Redeem(
                RedeemError::NoCode | RedeemError::WrongCode | RedeemError::LastWrongCode | RedeemError::NeedsHandshake,
            )) => NotPaired::NoPairingCode,
            Err(error @ ReserveError::Storage(_)) => {
                warn!(%error, "a pairing request could not be served");
                NotPaired::StorageUnavailable
            }
        };
        Ok((confirmed, Reply::Answer(Answer::NotPaired(why))))
    }

    /// What a client whose code is reserved is told.
    async fn answer(
        &self,
        confirmed: DaemonConfirmed,
        proof: RedeemedCode,
        links: &Links,
        received: Received<'_>,
    ) -> Result<Replied, PairError> {
        let Received { request, client, .. } = received;
        let Ok(name) = confirmed.open(request) else {
            self.ports.slot.release(proof.generation()).await;
            return Err(PairError::Unopened);
        };
        if !links.know(confirmed.binding()) {
            self.ports.slot.release(proof.generation()).await;
            warn!(
                %client, link = ?confirmed.binding(),
                "a device with the right pairing code was not paired, because its link does not end here: someone may be in between"
            );
            return Ok((confirmed, Reply::Answer(Answer::NotPaired(NotPaired::UnknownLink))));
        }
        if proof.terms().confirm {
            let reply = self.ask_operator(&confirmed, proof, &name, client).await;
            return Ok((confirmed, reply));
        }
        let answer = self.enrolled(proof, &name, links, received).await;
        Ok((confirmed, Reply::Answer(answer)))
    }

    /// Asks the operator about a device, unless its name has to be mended first: that needs no operator.
    async fn ask_operator(
        &self,
        confirmed: &DaemonConfirmed,
        proof: RedeemedCode,
        asked: &str,
        client: ClientAddress,
    ) -> Reply {
        let (generation, is_fixed) = (proof.generation(), proof.terms().name.is_some());
        let refused = match proof.terms().name_for(asked) {
            Err(_) => NotPaired::InvalidDeviceName,
            Ok(name) => match or_release(&self.ports, generation, self.ports.devices.find_named(&name.key())).await {
                Ok(None) => {
                    info!(%client, device = %name, "a device has proved the code, and the operator is asked");
                    let (binding, words) = (confirmed.binding().clone(), confirmed.words());
                    self.ports.slot.ask(generation, Applicant { name, client, binding, words }).await;
                    return Reply::OperatorIsAsked;
                }
                Ok(Some(_)) if is_fixed => NotPaired::FixedNameTaken,
                Ok(Some(_)) => NotPaired::NameTaken,
                Err(error) => {
                    warn!(%error, "a pairing request could not be served");
                    NotPaired::StorageUnavailable
                }
            },
        };
        self.ports.slot.release(generation).await;
        Reply::Answer(Answer::NotPaired(refused))
    }

    /// What a client whose operator was asked is told.
    async fn verdict(&self, confirmed: DaemonConfirmed, received: Received<'_>) -> Replied {
        let Received { request, client, now } = received;
        let verdict = match self.ports.slot.verdict(confirmed.generation(), now.monotonic).await {
            Ok(verdict) => verdict,
            Err(error) => {
                warn!(%error, "whether the operator has answered is not known");
                Verdict::Waiting
            }
        };
        let why = match verdict {
            Verdict::Waiting => return (confirmed, Reply::OperatorIsAsked),
            Verdict::Agreed(proof) => {
                let links = or_release(&self.ports, proof.generation(), self.links()).await;
                // It could be opened when the operator was asked about it.
                let name = confirmed.open(request).unwrap_or_default();
                let answer = self.enrolled(proof, &name, &links, received).await;
                return (confirmed, Reply::Answer(answer));
            }
            Verdict::Refused => NotPaired::Refused,
            Verdict::Unanswered => NotPaired::Unanswered,
            Verdict::Ended => NotPaired::NoPairingCode,
        };
        info!(%client, "a device that has proved the code was not paired: {why}");
        (confirmed, Reply::Answer(Answer::NotPaired(why)))
    }

    /// Makes the device.
    async fn enrolled(&self, proof: RedeemedCode, name: &str, links: &Links, received: Received<'_>) -> Answer {
        let is_fixed = proof.terms().name.is_some();
        match enrol(&self.ports, proof, name, received.client, received.now).await {
            Ok(enrolled) => Answer::Paired(Box::new(self.grant(enrolled, links))),
            Err(EnrolError::InvalidDeviceName(_)) => Answer::NotPaired(NotPaired::InvalidDeviceName),
            Err(EnrolError::NameTaken(_)) if is_fixed => Answer::NotPaired(NotPaired::FixedNameTaken),
            Err(EnrolError::NameTaken(_)) => Answer::NotPaired(NotPaired::NameTaken),
            Err(EnrolError::StorageUnavailable) => Answer::NotPaired(NotPaired::StorageUnavailable),
        }
    }

    fn grant(&self, enrolled: Enrolled, links: &Links) -> Grant {
        let mut pins = links.pins.iter().copied();
        Grant {
            token: enrolled.token,
            device: enrolled.device.id,
            device_name: enrolled.device.name,
            daemon_name: self.introduction.name.clone(),
            pin_now: pins.next(),
            pin_next: pins.next(),
            endpoints: links.external(),
        }
    }
}

impl From<&Answer> for Attempt {
    fn from(answer: &Answer) -> Self {
        match answer {
            Answer::Paired(_) => Self::Paired,
            Answer::NotPaired(
                NotPaired::InvalidDeviceName
                | NotPaired::NameTaken
                | NotPaired::FixedNameTaken
                | NotPaired::UnknownLink
                | NotPaired::Refused
                | NotPaired::Unanswered,
            ) => Self::Refused,
            Answer::NotPaired(NotPaired::NoPairingCode) => Self::NoCode,
            Answer::NotPaired(NotPaired::StorageUnavailable) => Self::Failed,
        }
    }
}

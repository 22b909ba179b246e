//! The second half of a handshake: one guess, then names until one can be used.

use tracing::warn;

use super::super::enrol::{EnrolError, Enrolled, enrol};
use super::super::exchange::{ExchangeError, not_redeemed, refused, settle};
use super::{Cell, PairError, PairV2};
use crate::domain::binding::Links;
use crate::domain::client_address::ClientAddress;
use crate::domain::pake::answer::{Answer, Grant, NotPaired};
use crate::domain::pake::{Answered, DaemonConfirm, DaemonConfirmed, FinishAnswer, FinishRequest, Handshake, Step};
use crate::domain::session::{RedeemError, RedeemedCode};
use crate::domain::time::Now;
use crate::ports::metrics::Attempt;
use crate::ports::pairing_slot::ReserveError;

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
            Step::Repeat(answer) => return Ok(answer),
            Step::Confirm(waiting) => self.confirm(&mut handshake, waiting, received).await,
            Step::AnotherName(confirmed) => self.another_name(confirmed, received).await,
            Step::OutOfOrder => Err(PairError::NoHandshake),
        };
        self.ports.meter.attempted(stepped.as_ref().map_or_else(Attempt::from, |(_, answer)| Attempt::from(answer)));
        match stepped {
            Ok((confirmed, answer)) => {
                let sealed = confirmed.seal(request.sequence, &answer, &self.introduction.identity);
                handshake.settle(confirmed, &answer, Answered::new(&request, sealed.clone()));
                self.table().answered(request.handshake, Cell::clone(&cell), received.now.monotonic);
                Ok(sealed)
            }
            Err(why) => {
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
    ) -> Result<(DaemonConfirmed, Answer), PairError> {
        let Received { request, client, now } = received;
        let charge = match self.ports.attempts.count_guess(client.limit_key(), now.monotonic).await {
            Ok(charge) => charge,
            Err(why) => {
                // Nothing was looked at: whoever waits long enough can still confirm.
                *handshake = Handshake::HalfOpen(waiting);
                return Err(refused(why, client).into());
            }
        };
        // Before the code is reserved: a tunnel may take its time to say what it is called.
        let links = self.links().await;
        let reserved = self.ports.slot.reserve_confirmed(waiting, &request.confirmation, now.monotonic).await;
        let reserved = reserved.map_err(|why| not_redeemed(why, client));
        settle(&self.ports, charge, matches!(reserved, Err(ExchangeError::WrongCode))).await;
        let (proof, confirmed) = reserved?;
        self.answer(confirmed, proof, &links, received).await
    }

    /// A further name, for which the code is reserved anew.
    async fn another_name(
        &self,
        confirmed: DaemonConfirmed,
        received: Received<'_>,
    ) -> Result<(DaemonConfirmed, Answer), PairError> {
        if confirmed.open(received.request).is_err() {
            return Err(PairError::Unopened);
        }
        let links = self.links().await;
        let why = match self.ports.slot.reserve_again(&confirmed, received.now.monotonic).await {
            Ok(proof) => return self.answer(confirmed, proof, &links, received).await,
            Err(ReserveError::Redeem(RedeemError::NoCode | RedeemError::WrongCode | RedeemError::LastWrongCode)) => {
                NotPaired::NoPairingCode
            }
            Err(error @ ReserveError::Storage(_)) => {
                warn!(%error, "a pairing request could not be served");
                NotPaired::StorageUnavailable
            }
        };
        Ok((confirmed, Answer::NotPaired(why)))
    }

    /// What a client whose code is reserved is told.
    async fn answer(
        &self,
        confirmed: DaemonConfirmed,
        proof: RedeemedCode,
        links: &Links,
        received: Received<'_>,
    ) -> Result<(DaemonConfirmed, Answer), PairError> {
        let Received { request, client, now } = received;
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
            return Ok((confirmed, Answer::NotPaired(NotPaired::UnknownLink)));
        }
        let is_fixed = proof.terms().name.is_some();
        let answer = match enrol(&self.ports, proof, &name, client, now).await {
            Ok(enrolled) => Answer::Paired(Box::new(self.grant(enrolled, links))),
            Err(EnrolError::InvalidDeviceName(_)) => Answer::NotPaired(NotPaired::InvalidDeviceName),
            Err(EnrolError::NameTaken(_)) if is_fixed => Answer::NotPaired(NotPaired::FixedNameTaken),
            Err(EnrolError::NameTaken(_)) => Answer::NotPaired(NotPaired::NameTaken),
            Err(EnrolError::StorageUnavailable) => Answer::NotPaired(NotPaired::StorageUnavailable),
        };
        Ok((confirmed, answer))
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
                | NotPaired::UnknownLink,
            ) => Self::Refused,
            Answer::NotPaired(NotPaired::NoPairingCode) => Self::NoCode,
            Answer::NotPaired(NotPaired::StorageUnavailable) => Self::Failed,
        }
    }
}

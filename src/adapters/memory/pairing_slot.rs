//! The pairing slot of a single daemon.

use std::sync::Mutex;

use async_trait::async_trait;

use super::locked;
use crate::domain::code::PairingCode;
use crate::domain::device::DeviceId;
use crate::domain::identity::IdentityPublicKey;
use crate::domain::link_secret::LinkId;
use crate::domain::pake::{
    ClientHello, Confirmation, DaemonConfirm, DaemonConfirmed, DaemonHello, HANDSHAKE_RANDOM_BYTES,
};
use crate::domain::session::asking::{Applicant, Verdict};
use crate::domain::session::{BeginError, Generation, PairingSession, Phase, RedeemError, RedeemedCode};
use crate::domain::time::MonotonicTime;
use crate::ports::pairing_slot::{BeginHandshakeError, PairingSlot, ReserveError};
use crate::ports::storage::StorageError;

/// A [`PairingSlot`] in memory.
#[derive(Default)]
pub struct MemoryPairingSlot(Mutex<Option<PairingSession>>);

impl MemoryPairingSlot {
    /// Replaces the session by what a transition makes of it.
    fn transition(&self, step: impl FnOnce(PairingSession) -> PairingSession) {
        let mut slot = locked(&self.0);
        *slot = slot.take().map(step);
    }

    /// Replaces the session by what an attempt at its code makes of it.
    fn redeem<T>(
        &self,
        attempt: impl FnOnce(PairingSession) -> (PairingSession, Result<T, RedeemError>),
    ) -> Result<T, ReserveError> {
        let mut slot = locked(&self.0);
        let (session, redeemed) = attempt(slot.take().ok_or(RedeemError::NoCode)?);
        *slot = Some(session);
        Ok(redeemed?)
    }
}

#[async_trait]
impl PairingSlot for MemoryPairingSlot {
    async fn replace(&self, session: PairingSession) -> Result<(), StorageError> {
        *locked(&self.0) = Some(session);
        Ok(())
    }

    async fn reserve(&self, code: &PairingCode, now: MonotonicTime) -> Result<RedeemedCode, ReserveError> {
        self.redeem(|session| session.redeem(code, now))
    }

    async fn waits_for(&self, link: &LinkId, now: MonotonicTime) -> Result<bool, StorageError> {
        Ok(locked(&self.0).as_ref().is_some_and(|session| session.waits_for(link, now)))
    }

    async fn begin(
        &self,
        hello: &ClientHello,
        identity: IdentityPublicKey,
        random: &[u8; HANDSHAKE_RANDOM_BYTES],
        now: MonotonicTime,
    ) -> Result<(DaemonConfirm, DaemonHello), BeginHandshakeError> {
        let slot = locked(&self.0);
        Ok(slot.as_ref().ok_or(BeginError::NoCode)?.begin(hello, identity, random, now)?)
    }

    async fn reserve_confirmed(
        &self,
        handshake: DaemonConfirm,
        presented: &Confirmation,
        now: MonotonicTime,
    ) -> Result<(RedeemedCode, DaemonConfirmed), ReserveError> {
        self.redeem(|session| session.redeem_confirmed(handshake, presented, now))
    }

    async fn reserve_again(
        &self,
        handshake: &DaemonConfirmed,
        now: MonotonicTime,
    ) -> Result<RedeemedCode, ReserveError> {
        self.redeem(|session| session.redeem_again(handshake, now))
    }

    async fn commit(&self, generation: Generation, device: DeviceId) {
        self.transition(|session| session.commit(generation, device));
    }

    async fn release(&self, generation: Generation) {
        self.transition(|session| session.release(generation));
    }

    async fn ask(&self, generation: Generation, applicant: Applicant) {
        self.transition(|session| session.ask(generation, applicant));
    }

    async fn attend(&self, generation: Generation, now: MonotonicTime) -> Option<Applicant> {
        self.transition(|session| session.attend(generation, now));
        let slot = locked(&self.0);
        let session = slot.as_ref().filter(|session| session.generation() == generation);
        session.and_then(|session| session.applicant(now).cloned())
    }

    async fn decide(&self, generation: Generation, agrees: bool, now: MonotonicTime) -> Result<bool, StorageError> {
        let mut slot = locked(&self.0);
        let Some(session) = slot.take() else { return Ok(false) };
        let (session, was_taken) = session.decide(generation, agrees, now);
        *slot = Some(session);
        Ok(was_taken)
    }

    async fn verdict(&self, generation: Generation, now: MonotonicTime) -> Result<Verdict, StorageError> {
        let mut slot = locked(&self.0);
        let Some(session) = slot.take() else { return Ok(Verdict::Ended) };
        let (session, verdict) = session.verdict(generation, now);
        *slot = Some(session);
        Ok(verdict)
    }

    async fn current(&self, now: MonotonicTime) -> Option<(Generation, Phase)> {
        locked(&self.0).as_ref().map(|session| (session.generation(), session.phase(now)))
    }
}

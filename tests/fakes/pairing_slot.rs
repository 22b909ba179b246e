//! The pairing slot in memory.

use std::sync::Mutex;

use async_trait::async_trait;
use netclaw::domain::code::PairingCode;
use netclaw::domain::device::DeviceId;
use netclaw::domain::identity::IdentityPublicKey;
use netclaw::domain::link_secret::LinkId;
use netclaw::domain::pake::{
    ClientHello, Confirmation, DaemonConfirm, DaemonConfirmed, DaemonHello, HANDSHAKE_RANDOM_BYTES,
};
use netclaw::domain::session::asking::{Applicant, Verdict};
use netclaw::domain::session::{BeginError, Generation, PairingSession, Phase, RedeemError, RedeemedCode};
use netclaw::domain::time::MonotonicTime;
use netclaw::ports::pairing_slot::{BeginHandshakeError, PairingSlot, ReserveError};
use netclaw::ports::storage::StorageError;

use super::faults::Faults;

/// A slot that is out of reach while `faults` says so.
#[derive(Debug, Default)]
pub struct FakePairingSlot {
    session: Mutex<Option<PairingSession>>,
    pub faults: Faults,
}

impl FakePairingSlot {
    fn change(&self, change: impl FnOnce(PairingSession) -> PairingSession) {
        let mut slot = self.session.lock().unwrap();
        *slot = slot.take().map(change);
    }

    /// Replaces the session by what an attempt at its code makes of it.
    fn redeem<T>(
        &self,
        attempt: impl FnOnce(PairingSession) -> (PairingSession, Result<T, RedeemError>),
    ) -> Result<T, ReserveError> {
        let mut slot = self.session.lock().unwrap();
        let (session, redeemed) = attempt(slot.take().ok_or(RedeemError::NoCode)?);
        *slot = Some(session);
        Ok(redeemed?)
    }
}

#[async_trait]
impl PairingSlot for FakePairingSlot {
    async fn replace(&self, session: PairingSession) -> Result<(), StorageError> {
        self.faults.check()?;
        *self.session.lock().unwrap() = Some(session);
        Ok(())
    }

    async fn reserve(&self, code: &PairingCode, now: MonotonicTime) -> Result<RedeemedCode, ReserveError> {
        self.faults.check()?;
        self.redeem(|session| session.redeem(code, now))
    }

    async fn waits_for(&self, link: &LinkId, now: MonotonicTime) -> Result<bool, StorageError> {
        self.faults.check()?;
        Ok(self.session.lock().unwrap().as_ref().is_some_and(|session| session.waits_for(link, now)))
    }

    async fn begin(
        &self,
        hello: &ClientHello,
        identity: IdentityPublicKey,
        random: &[u8; HANDSHAKE_RANDOM_BYTES],
        now: MonotonicTime,
    ) -> Result<(DaemonConfirm, DaemonHello), BeginHandshakeError> {
        self.faults.check()?;
        let slot = self.session.lock().unwrap();
        Ok(slot.as_ref().ok_or(BeginError::NoCode)?.begin(hello, identity, random, now)?)
    }

    async fn reserve_confirmed(
        &self,
        handshake: DaemonConfirm,
        presented: &Confirmation,
        now: MonotonicTime,
    ) -> Result<(RedeemedCode, DaemonConfirmed), ReserveError> {
        self.faults.check()?;
        self.redeem(|session| session.redeem_confirmed(handshake, presented, now))
    }

    async fn reserve_again(
        &self,
        handshake: &DaemonConfirmed,
        now: MonotonicTime,
    ) -> Result<RedeemedCode, ReserveError> {
        self.faults.check()?;
        self.redeem(|session| session.redeem_again(handshake, now))
    }

    async fn commit(&self, generation: Generation, device: DeviceId) {
        self.change(|session| session.commit(generation, device));
    }

    async fn release(&self, generation: Generation) {
        self.change(|session| session.release(generation));
    }

    async fn ask(&self, generation: Generation, applicant: Applicant) {
        self.change(|session| session.ask(generation, applicant));
    }

    async fn attend(&self, generation: Generation, now: MonotonicTime) -> Option<Applicant> {
        self.change(|session| session.attend(generation, now));
        let slot = self.session.lock().unwrap();
        let session = slot.as_ref().filter(|session| session.generation() == generation);
        session.and_then(|session| session.applicant(now).cloned())
    }

    async fn decide(&self, generation: Generation, agrees: bool, now: MonotonicTime) -> Result<bool, StorageError> {
        self.faults.check()?;
        let mut slot = self.session.lock().unwrap();
        let Some(session) = slot.take() else { return Ok(false) };
        let (session, was_taken) = session.decide(generation, agrees, now);
        *slot = Some(session);
        Ok(was_taken)
    }

    async fn verdict(&self, generation: Generation, now: MonotonicTime) -> Result<Verdict, StorageError> {
        self.faults.check()?;
        let mut slot = self.session.lock().unwrap();
        let Some(session) = slot.take() else { return Ok(Verdict::Ended) };
        let (session, verdict) = session.verdict(generation, now);
        *slot = Some(session);
        Ok(verdict)
    }

    async fn current(&self, now: MonotonicTime) -> Option<(Generation, Phase)> {
        self.session.lock().unwrap().as_ref().map(|session| (session.generation(), session.phase(now)))
    }
}

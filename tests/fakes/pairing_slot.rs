//! The pairing slot in memory.

use std::sync::Mutex;

use async_trait::async_trait;
use netclaw::domain::code::PairingCode;
use netclaw::domain::device::DeviceId;
use netclaw::domain::session::{Generation, PairingSession, Phase, RedeemError, RedeemedCode};
use netclaw::domain::time::MonotonicTime;
use netclaw::ports::pairing_slot::{PairingSlot, ReserveError};
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
        let mut slot = self.session.lock().unwrap();
        let (session, redeemed) = slot.take().ok_or(RedeemError::NoCode)?.redeem(code, now);
        *slot = Some(session);
        Ok(redeemed?)
    }

    async fn commit(&self, generation: Generation, device: DeviceId) {
        self.change(|session| session.commit(generation, device));
    }

    async fn release(&self, generation: Generation) {
        self.change(|session| session.release(generation));
    }

    async fn current(&self, now: MonotonicTime) -> Option<(Generation, Phase)> {
        self.session.lock().unwrap().as_ref().map(|session| (session.generation(), session.phase(now)))
    }
}

//! The pairing slot of a single daemon.

use std::sync::Mutex;

use async_trait::async_trait;

use super::locked;
use crate::domain::code::PairingCode;
use crate::domain::device::DeviceId;
use crate::domain::session::{Generation, PairingSession, Phase, RedeemError, RedeemedCode};
use crate::domain::time::MonotonicTime;
use crate::ports::pairing_slot::{PairingSlot, ReserveError};
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
}

#[async_trait]
impl PairingSlot for MemoryPairingSlot {
    async fn replace(&self, session: PairingSession) -> Result<(), StorageError> {
        *locked(&self.0) = Some(session);
        Ok(())
    }

    async fn reserve(&self, code: &PairingCode, now: MonotonicTime) -> Result<RedeemedCode, ReserveError> {
        let mut slot = locked(&self.0);
        let session = slot.take().ok_or(RedeemError::NoCode)?;
        let (session, redeemed) = session.redeem(code, now);
        *slot = Some(session);
        Ok(redeemed?)
    }

    async fn commit(&self, generation: Generation, device: DeviceId) {
        self.transition(|session| session.commit(generation, device));
    }

    async fn release(&self, generation: Generation) {
        self.transition(|session| session.release(generation));
    }

    async fn current(&self, now: MonotonicTime) -> Option<(Generation, Phase)> {
        locked(&self.0).as_ref().map(|session| (session.generation(), session.phase(now)))
    }
}

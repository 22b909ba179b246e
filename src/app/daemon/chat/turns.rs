//! The turns that run, and those that ended a moment ago.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::turn::Turn;
use crate::domain::chat::id::{ChatSessionId, RequestId};
use crate::domain::device::DeviceId;

/// Turns of one device at once: a few terminals and scripts.
pub const MAX_TURNS_PER_DEVICE: usize = 4;

/// Turns at once, of all devices: each may be a process of its own.
pub const MAX_TURNS: usize = 32;

/// Time that a turn can be asked for again after its end.
pub const KEPT_AFTER_END: Duration = Duration::from_secs(60);

/// Ended turns that are kept at most, the latest: a script may make many in a minute.
const MAX_KEPT: usize = 64;

/// Bytes of ended turns that are kept at most, the last of them apart.
const MAX_KEPT_BYTES: usize = 32 * 1024 * 1024;

/// The turns of a daemon, in the order in which they began.
#[derive(Default)]
pub(super) struct Turns(Mutex<Vec<Arc<Turn>>>);

impl Turns {
    /// The turn that this request has made.
    pub(super) fn of_request(&self, session: ChatSessionId, request: RequestId) -> Option<Arc<Turn>> {
        self.find(|turn| turn.origin.session == session && turn.origin.request == request)
    }

    /// The turn of this session with this number.
    pub(super) fn numbered(&self, session: ChatSessionId, number: u64) -> Option<Arc<Turn>> {
        self.find(|turn| turn.origin.session == session && turn.origin.number == number)
    }

    /// The turn that runs in this session, or has ended while its agent has not yet.
    pub(super) fn running_in(&self, session: ChatSessionId) -> Option<Arc<Turn>> {
        self.find(|turn| turn.origin.session == session && !turn.is_over())
    }

    /// Those that run, or whose agent does, for which `wanted` says so.
    pub(super) fn running(&self, wanted: impl Fn(&Turn) -> bool) -> Vec<Arc<Turn>> {
        self.all().iter().filter(|turn| !turn.is_over() && wanted(turn)).cloned().collect()
    }

    /// Whether `device` may begin another one now.
    pub(super) fn has_room_for(&self, device: Option<DeviceId>) -> bool {
        let own = self.running(|turn| turn.origin.device == device).len();
        own < MAX_TURNS_PER_DEVICE && self.running(|_| true).len() < MAX_TURNS
    }

    /// Adds one, and forgets those that are over beyond what is kept.
    pub(super) fn add(&self, turn: Arc<Turn>) {
        let mut all = self.all();
        let (mut count, mut bytes) = (0_usize, 0_usize);
        let mut is_kept = |turn: &Arc<Turn>| {
            count = count.saturating_add(1);
            bytes = bytes.saturating_add(turn.size());
            count == 1 || (count <= MAX_KEPT && bytes <= MAX_KEPT_BYTES)
        };
        let mut kept: Vec<Arc<Turn>> = all.drain(..).rev().filter(|turn| !turn.is_over() || is_kept(turn)).collect();
        kept.reverse();
        *all = kept;
        all.push(turn);
    }

    /// Forgets one.
    pub(super) fn remove(&self, turn: &Arc<Turn>) {
        self.all().retain(|other| !Arc::ptr_eq(other, turn));
    }

    fn find(&self, wanted: impl Fn(&Turn) -> bool) -> Option<Arc<Turn>> {
        self.all().iter().rev().find(|turn| wanted(turn)).cloned()
    }

    /// Whole at every moment, so that a panic of whoever held it does no harm.
    fn all(&self) -> MutexGuard<'_, Vec<Arc<Turn>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

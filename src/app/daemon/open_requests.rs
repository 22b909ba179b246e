//! Requests that stay open: streams and tunnels, counted for each caller, and ended when the caller's credential ends.
//!
//! A request takes its place in three steps, so that none slips through while its device is being revoked:
//! [`OpenRequests::turn`], then the check of the credential, then [`OpenRequests::open`].

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use slab::Slab;
use thiserror::Error;
use tokio::sync::Notify;

use super::authenticate::Caller;
use crate::domain::device::{Device, DeviceId};
use crate::domain::time::{Expiry, WallTime};
use crate::ports::clock::Clock;

/// Time between two looks at the ends of credentials, while a request is open whose credential has one: a stream outlives
/// its credential by less than a second.
const EXPIRY_LOOK: Duration = Duration::from_millis(500);

/// Parts that are locked one by one. Requests of different devices hardly ever wait for each other.
const SHARDS: usize = 16;

/// Why a request was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The caller has as many requests open as it may.
    #[error("too many requests of this device are open")]
    TooMany,
    /// A credential was ended since the [`Turn`]: the caller's must be checked again.
    #[error("the credential must be checked again")]
    Outdated,
}

/// How often credentials have been ended so far. Taken before a credential is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn(u64);

/// The requests that are open now.
pub struct OpenRequests {
    limit: u32,
    turns: AtomicU64,
    shards: [Mutex<Shard>; SHARDS],
    /// Open requests whose credential has an end.
    ending: AtomicUsize,
    /// Rung when the first of them is opened.
    ends_soon: Notify,
}

/// Who is counted: a device, or everyone on this machine who needs no token.
type Holder = Option<DeviceId>;

#[derive(Default)]
struct Shard {
    counts: HashMap<Holder, u32>,
    open: Slab<Place>,
}

struct Place {
    holder: Holder,
    ends_at: Option<WallTime>,
    signal: Arc<Signal>,
}

/// What tells a request that it has to end.
#[derive(Default)]
struct Signal {
    ended: AtomicBool,
    waker: AtomicWaker,
}

impl Signal {
    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.waker.wake();
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn poll_ended(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.has_ended() {
            return Poll::Ready(());
        }
        self.waker.register(context.waker());
        // It may have ended before the waker was there.
        if self.has_ended() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Tells when an open request has to end.
#[derive(Clone)]
pub struct Watch(Arc<Signal>);

/// An open request, with its place if it takes one. It is given up on drop.
pub struct OpenRequest {
    requests: Arc<OpenRequests>,
    holder: Holder,
    key: usize,
    takes_place: bool,
    has_end: bool,
    signal: Arc<Signal>,
}

impl OpenRequests {
    /// Allows `limit` requests at once to each device, and as many to all callers of this machine that need no token.
    pub fn new(limit: u32) -> Self {
        Self {
            limit,
            turns: AtomicU64::new(0),
            shards: Default::default(),
            ending: AtomicUsize::new(0),
            ends_soon: Notify::new(),
        }
    }

    /// The turn to check a credential in.
    pub fn turn(&self) -> Turn {
        Turn(self.turns.load(Ordering::SeqCst))
    }

    /// Opens a request of `caller`, whose credential was checked after `turn` was taken.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(self: &Arc<Self>, caller: &Caller, turn: Turn) -> Result<OpenRequest, OpenError> {
        self.enter(caller, turn, true)
    }

    /// Opens what a request of `caller` has begun and may outlive it. It takes no place, but ends like any other.
    ///
    /// # Errors
    ///
    /// [`OpenError::Outdated`].
    pub fn open_beside(self: &Arc<Self>, caller: &Caller, turn: Turn) -> Result<OpenRequest, OpenError> {
        self.enter(caller, turn, false)
    }

    fn enter(self: &Arc<Self>, caller: &Caller, turn: Turn, takes_place: bool) -> Result<OpenRequest, OpenError> {
        let (holder, ends_at) = match caller {
            Caller::Device(device) => (Some(device.id()), device.record().expires_at),
            Caller::ThisMachine => (None, None),
        };
        let signal = Arc::new(Signal::default());
        let key = {
            let mut shard = self.shard(holder);
            if takes_place {
                let count = shard.counts.entry(holder).or_default();
                if *count >= self.limit {
                    return Err(OpenError::TooMany);
                }
                *count += 1;
            }
            shard.open.insert(Place { holder, ends_at, signal: Arc::clone(&signal) })
        };
        let has_end = ends_at.is_some();
        if has_end && self.ending.fetch_add(1, Ordering::AcqRel) == 0 {
            self.ends_soon.notify_one();
        }
        let opened = OpenRequest { requests: Arc::clone(self), holder, key, takes_place, has_end, signal };
        // Whoever ends a credential takes a turn first and looks at the open requests then: either it has found this one,
        // or its turn is seen here.
        if self.turn() == turn { Ok(opened) } else { Err(OpenError::Outdated) }
    }

    /// Ends all open requests of a device. To be called once its credential is refused, not before.
    pub fn end_all_of(&self, device: DeviceId) {
        self.turns.fetch_add(1, Ordering::SeqCst);
        let holder = Some(device);
        let shard = self.shard(holder);
        shard.open.iter().filter(|(_, place)| place.holder == holder).for_each(|(_, place)| place.signal.end());
    }

    /// Ends the open requests whose credential has ended at `now`.
    pub fn end_expired(&self, now: WallTime) {
        let has_ended = |place: &Place| place.ends_at.is_some_and(|end| Expiry::at(end).has_passed(now));
        for shard in &self.shards {
            let shard = locked(shard);
            shard.open.iter().filter(|(_, place)| has_ended(place)).for_each(|(_, place)| place.signal.end());
        }
    }

    /// Ends requests within a second of the end of their credential, for ever. It sleeps while no request has one.
    pub async fn watch_expiry(&self, clock: &dyn Clock) {
        loop {
            while self.ending.load(Ordering::Acquire) == 0 {
                self.ends_soon.notified().await;
            }
            self.end_expired(clock.now().wall);
            tokio::time::sleep(EXPIRY_LOOK).await;
        }
    }

    /// Requests that are open and take a place.
    pub fn count(&self) -> usize {
        let places = |shard| locked(shard).counts.values().map(|count| *count as usize).sum::<usize>();
        self.shards.iter().map(places).sum()
    }

    /// Requests of `device` that are open and take a place.
    pub fn count_of(&self, device: &Device) -> u32 {
        let holder = Some(device.id());
        self.shard(holder).counts.get(&holder).copied().unwrap_or(0)
    }

    fn shard(&self, holder: Holder) -> MutexGuard<'_, Shard> {
        // The characters of an id are random, and five bits of each vary.
        let byte = holder.as_ref().and_then(|id| id.as_str().bytes().next_back()).unwrap_or(0);
        let [first, ..] = &self.shards;
        locked(self.shards.get(usize::from(byte) % SHARDS).unwrap_or(first))
    }

    fn close(&self, request: &OpenRequest) {
        let mut shard = self.shard(request.holder);
        shard.open.try_remove(request.key);
        if request.takes_place
            && let Some(count) = shard.counts.get_mut(&request.holder)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                shard.counts.remove(&request.holder);
            }
        }
        drop(shard);
        if request.has_end {
            self.ending.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl OpenRequest {
    /// Returns when the request has to end. Only one task at a time can wait for it, here or at a [`Watch`].
    pub async fn ended(&self) {
        poll_fn(|context| self.poll_ended(context)).await;
    }

    /// Whether the request has to end now. If not, the task is woken when it has.
    pub fn poll_ended(&self, context: &mut Context<'_>) -> Poll<()> {
        self.signal.poll_ended(context)
    }

    /// Whether the request has to end.
    pub fn has_ended(&self) -> bool {
        self.signal.has_ended()
    }

    /// What tells when the request has to end, for whoever keeps its connection.
    pub fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.signal))
    }
}

impl Watch {
    /// Like [`OpenRequest::poll_ended`].
    pub fn poll_ended(&self, context: &mut Context<'_>) -> Poll<()> {
        self.0.poll_ended(context)
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.requests.close(self);
    }
}

/// Nothing is half-done in a shard when a panic leaves its lock behind.
fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The handshakes of a daemon: few, and not for long.

use alloc::collections::BTreeMap;
use core::time::Duration;

use super::super::time::{Expiry, MonotonicTime};
use super::messages::Nonce;

/// How long a handshake waits for the client's proof. No person is asked anything in between.
pub const HALF_OPEN_LIFE: Duration = Duration::from_secs(30);

/// How long the last answer can be asked for again, and another name be thought of.
pub const ANSWER_LIFE: Duration = Duration::from_secs(60);

/// Handshakes that wait for the client's proof at once; the one that has waited longest makes room. To push an honest one
/// out, seven addresses must spend all starts that the rate limit gives them for a minute within its one round trip.
pub const MAX_HALF_OPEN: usize = 32;

/// Handshakes about a link that wait for the client's proof at once, apart from those about typed codes: whoever floods the
/// daemon with those takes no room from these. Only who has the link, or saw it used, can fill it.
pub const MAX_HALF_OPEN_LINKS: usize = 8;

/// Handshakes whose client has proved the code, kept at once. Only who has the code can fill it.
pub const MAX_ANSWERED: usize = 16;

/// Handshakes by name, bounded in number and time. What is kept of each is up to the caller.
#[derive(Debug)]
pub struct HandshakeTable<T> {
    half_open: Shelf<T>,
    half_open_links: Shelf<T>,
    answered: Shelf<T>,
    last_turn: u64,
}

#[derive(Debug)]
struct Shelf<T> {
    capacity: usize,
    life: Duration,
    entries: BTreeMap<Nonce, Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    turn: u64,
    expiry: Expiry<MonotonicTime>,
    handshake: T,
}

impl<T> Default for HandshakeTable<T> {
    fn default() -> Self {
        Self {
            half_open: Shelf::new(MAX_HALF_OPEN, HALF_OPEN_LIFE),
            half_open_links: Shelf::new(MAX_HALF_OPEN_LINKS, HALF_OPEN_LIFE),
            answered: Shelf::new(MAX_ANSWERED, ANSWER_LIFE),
            last_turn: 0,
        }
    }
}

impl<T: Clone> HandshakeTable<T> {
    /// Keeps a handshake about a typed code that was begun at `now`.
    pub fn begin(&mut self, name: Nonce, handshake: T, now: MonotonicTime) {
        self.last_turn += 1;
        self.half_open.put(name, handshake, self.last_turn, now);
    }

    /// Keeps a handshake about a link that was begun at `now`.
    pub fn begin_link(&mut self, name: Nonce, handshake: T, now: MonotonicTime) {
        self.last_turn += 1;
        self.half_open_links.put(name, handshake, self.last_turn, now);
    }

    /// Keeps a handshake that was answered at `now`, for [`ANSWER_LIFE`] from there.
    pub fn answered(&mut self, name: Nonce, handshake: T, now: MonotonicTime) {
        self.remove(name);
        self.last_turn += 1;
        self.answered.put(name, handshake, self.last_turn, now);
    }

    /// The handshake of this name, unless its time is over.
    pub fn find(&mut self, name: Nonce, now: MonotonicTime) -> Option<T> {
        self.forget_ended(now);
        let mut found = self.shelves().into_iter().filter_map(|shelf| shelf.entries.get(&name));
        found.next().map(|entry| entry.handshake.clone())
    }

    /// Drops a handshake.
    pub fn remove(&mut self, name: Nonce) {
        for shelf in self.shelves() {
            shelf.entries.remove(&name);
        }
    }

    /// Drops every handshake whose time is over at `now`.
    pub fn forget_ended(&mut self, now: MonotonicTime) {
        for shelf in self.shelves() {
            shelf.entries.retain(|_, entry| !entry.expiry.has_passed(now));
        }
    }

    /// How many handshakes are kept.
    pub fn len(&self) -> usize {
        self.half_open.entries.len() + self.half_open_links.entries.len() + self.answered.entries.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    const fn shelves(&mut self) -> [&mut Shelf<T>; 3] {
        [&mut self.half_open, &mut self.half_open_links, &mut self.answered]
    }
}

impl<T> Shelf<T> {
    const fn new(capacity: usize, life: Duration) -> Self {
        Self { capacity, life, entries: BTreeMap::new() }
    }

    fn put(&mut self, name: Nonce, handshake: T, turn: u64, now: MonotonicTime) {
        self.entries.retain(|_, entry| !entry.expiry.has_passed(now));
        if self.entries.len() >= self.capacity
            && let Some(oldest) = self.entries.iter().min_by_key(|(_, entry)| entry.turn).map(|(name, _)| *name)
        {
            self.entries.remove(&oldest);
        }
        self.entries.insert(name, Entry { turn, expiry: Expiry::after(now, self.life), handshake });
    }
}

//! The attempts of every address: who may try a code now, who must wait, and who is forgotten to make room.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use thiserror::Error;

use super::client_address::LimitKey;
use super::lockout::{Failures, LockoutPolicy};
use super::rate_limit::{RateLimit, forget_older};
use super::time::MonotonicTime;

/// Addresses remembered at once: enough that ten thousand guessers do not push each other out, small enough (about
/// 16 MB) for a small machine.
pub const MAX_TRACKED_ADDRESSES: usize = 65_536;

/// Why an attempt is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Too many attempts in the last minute.
    #[error("too many attempts")]
    RateLimited {
        /// Whoever waits so long is admitted, past a block too; never zero.
        retry_after: Duration,
    },
    /// Too many wrong codes; the address is blocked.
    #[error("too many wrong pairing codes")]
    LockedOut {
        /// Whoever waits so long is admitted: the time left of the block, or more when the last minute is full; never
        /// zero.
        retry_after: Duration,
    },
}

/// A failure that was counted in advance, for the address and moment of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an attempt that did not present a wrong code is taken back"]
pub struct Charge {
    key: LimitKey,
    at: MonotonicTime,
    blocks: bool,
}

impl Charge {
    /// Whether this failure, unless it is taken back, is the one that blocks the address.
    pub const fn blocks(self) -> bool {
        self.blocks
    }
}

/// A blocked address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// Who is blocked.
    pub key: LimitKey,
    /// Time left of the block.
    pub remaining: Duration,
}

/// The attempts of all addresses, bounded.
///
/// When it is full, the address that tried longest ago makes room for a new one, unless it is blocked: an active block is
/// never forgotten. When every address is blocked, new ones are refused.
#[derive(Debug)]
pub struct AttemptTable {
    rate_limit: RateLimit,
    lockout: LockoutPolicy,
    capacity: usize,
    histories: BTreeMap<LimitKey, History>,
    /// Addresses by the turn of their last attempt, oldest first.
    by_turn: BTreeMap<u64, LimitKey>,
    last_turn: u64,
}

#[derive(Debug, Default)]
struct History {
    /// Its place in `by_turn`; 0, which is never given out, before the first attempt.
    turn: u64,
    attempts: Vec<MonotonicTime>,
    failures: Failures,
}

impl AttemptTable {
    /// An empty table with these limits, for at most `capacity` addresses.
    pub const fn new(rate_limit: RateLimit, lockout: LockoutPolicy, capacity: usize) -> Self {
        Self { rate_limit, lockout, capacity, histories: BTreeMap::new(), by_turn: BTreeMap::new(), last_turn: 0 }
    }

    /// Decides whether `key` may try a code at `now`, and records that it does: for the rate limit, and as a failure in
    /// advance, so that any number of parallel guesses is counted before the first is compared.
    ///
    /// Whoever was admitted calls [`AttemptTable::take_back`] unless the code turns out wrong.
    ///
    /// # Errors
    ///
    /// * [`Refusal::RateLimited`] when the last minute is full, or when no more addresses can be remembered.
    /// * [`Refusal::LockedOut`] while the address is blocked.
    pub fn admit(&mut self, key: LimitKey, now: MonotonicTime) -> Result<Charge, Refusal> {
        let (rate_limit, lockout) = (self.rate_limit, self.lockout);
        let history = self.remember(key, now)?;
        let blocked_for = history.failures.blocked_for(lockout, now);
        // Each refusal names the longer of both waits: an honest client that keeps to it is not refused again.
        rate_limit
            .admit(&mut history.attempts, now)
            .map_err(|wait| Refusal::RateLimited { retry_after: blocked_for.map_or(wait, |block| block.max(wait)) })?;
        history.charge(key, rate_limit, lockout, now)
    }

    /// Counts the guess in which an attempt ends that was admitted before, for itself, and taken back: as a failure in advance, but
    /// not for the rate limit, which has it already.
    ///
    /// Whoever was admitted calls [`AttemptTable::take_back`] unless the code turns out wrong.
    ///
    /// # Errors
    ///
    /// * [`Refusal::RateLimited`] when no more addresses can be remembered.
    /// * [`Refusal::LockedOut`] while the address is blocked.
    pub fn count_guess(&mut self, key: LimitKey, now: MonotonicTime) -> Result<Charge, Refusal> {
        let (rate_limit, lockout) = (self.rate_limit, self.lockout);
        self.remember(key, now)?.charge(key, rate_limit, lockout, now)
    }

    /// Takes back the failure of an attempt that did not present a wrong code. Its place in the rate limit stays.
    pub fn take_back(&mut self, charge: Charge) {
        if let Some(history) = self.histories.get_mut(&charge.key) {
            history.failures.take_back(charge.at);
        }
    }

    /// Who is blocked at `now`, the longest block first.
    pub fn lockouts(&self, now: MonotonicTime) -> Vec<Lockout> {
        let blocked = |(key, history): (&LimitKey, &History)| {
            let remaining = history.failures.blocked_for(self.lockout, now)?;
            Some(Lockout { key: *key, remaining })
        };
        let mut lockouts: Vec<Lockout> = self.histories.iter().filter_map(blocked).collect();
        lockouts.sort_by_key(|lockout| core::cmp::Reverse(lockout.remaining));
        lockouts
    }

    /// Forgets all attempts of `only`, or of every blocked address, and says how many blocks that lifted.
    pub fn clear(&mut self, only: Option<LimitKey>, now: MonotonicTime) -> usize {
        let blocked = self.lockouts(now).into_iter().filter(|lockout| only.is_none_or(|key| key == lockout.key));
        let blocked: Vec<Lockout> = blocked.collect();
        for key in blocked.iter().map(|lockout| lockout.key).chain(only) {
            self.forget(key);
        }
        blocked.len()
    }

    /// How many addresses are remembered.
    pub fn len(&self) -> usize {
        self.histories.len()
    }

    /// Whether no address is remembered.
    pub fn is_empty(&self) -> bool {
        self.histories.is_empty()
    }

    /// Forgets every address whose attempts no longer matter at `now`.
    pub fn forget_idle(&mut self, now: MonotonicTime) {
        let (rate_limit, lockout) = (self.rate_limit, self.lockout);
        let by_turn = &mut self.by_turn;
        self.histories.retain(|_, history| {
            forget_older(&mut history.attempts, rate_limit.window, now);
            let matters = !history.attempts.is_empty() || !history.failures.is_idle(lockout, now);
            if !matters {
                by_turn.remove(&history.turn);
            }
            matters
        });
    }

    /// The history of an address, which is the last to make room from now on.
    fn remember(&mut self, key: LimitKey, now: MonotonicTime) -> Result<&mut History, Refusal> {
        if !self.histories.contains_key(&key) {
            self.make_room(now)?;
        }
        self.last_turn += 1;
        let history = self.histories.entry(key).or_default();
        self.by_turn.remove(&history.turn);
        history.turn = self.last_turn;
        self.by_turn.insert(history.turn, key);
        Ok(history)
    }

    fn make_room(&mut self, now: MonotonicTime) -> Result<(), Refusal> {
        if self.histories.len() < self.capacity {
            return Ok(());
        }
        let block = |key: &LimitKey| self.histories.get(key).and_then(|h| h.failures.blocked_for(self.lockout, now));
        if let Some(oldest) = self.by_turn.values().copied().find(|key| block(key).is_none()) {
            self.forget(oldest);
            return Ok(());
        }
        let first_end = self.by_turn.values().filter_map(block).min();
        Err(Refusal::RateLimited { retry_after: first_end.unwrap_or(self.rate_limit.window) })
    }

    fn forget(&mut self, key: LimitKey) {
        if let Some(history) = self.histories.remove(&key) {
            self.by_turn.remove(&history.turn);
        }
    }
}

impl History {
    /// Counts a failure in advance, unless the address is blocked.
    fn charge(
        &mut self,
        key: LimitKey,
        rate_limit: RateLimit,
        lockout: LockoutPolicy,
        now: MonotonicTime,
    ) -> Result<Charge, Refusal> {
        if let Some(block) = self.failures.blocked_for(lockout, now) {
            let wait = rate_limit.wait(&self.attempts, now);
            return Err(Refusal::LockedOut { retry_after: wait.map_or(block, |wait| wait.max(block)) });
        }
        self.failures.count(lockout, now);
        Ok(Charge { key, at: now, blocks: self.failures.blocked_for(lockout, now).is_some() })
    }
}

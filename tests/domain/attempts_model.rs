//! The limits against a naive model: a list of everything that ever happened, searched anew for every decision.

use std::time::Duration;

use netclaw::domain::attempts::{AttemptTable, Charge, Refusal};
use netclaw::domain::lockout::LockoutPolicy;
use netclaw::domain::rate_limit::RateLimit;
use proptest::prelude::*;

use crate::fakes::samples::{after, limit_key};

#[derive(Clone, Copy, Debug)]
struct Limits {
    attempts: usize,
    rate_window: u64,
    failures: usize,
    failure_window: u64,
    block: u64,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Admit { key: u32 },
    TakeBack { charge: prop::sample::Index },
    Wait { milliseconds: u64 },
    ForgetIdle,
    Clear { key: Option<u32> },
}

/// One attempt that passed the rate limit.
#[derive(Clone, Copy, Debug)]
struct Event {
    key: u32,
    at: u64,
    failed: bool,
}

#[derive(Debug)]
struct Model {
    limits: Limits,
    events: Vec<Event>,
}

impl Model {
    fn is_full(&self, key: u32, now: u64) -> bool {
        let recent = |event: &&Event| event.key == key && now - event.at < self.limits.rate_window;
        self.events.iter().filter(recent).count() >= self.limits.attempts
    }

    /// Whether some failure had enough others before it to begin a block that lasts until after `now`.
    fn is_blocked(&self, key: u32, now: u64) -> bool {
        let failures: Vec<u64> = self.events.iter().filter(|e| e.key == key && e.failed).map(|e| e.at).collect();
        (1..=failures.len()).any(|count| {
            let (begin, limits) = (failures[count - 1], self.limits);
            let in_window = failures[..count].iter().filter(|at| begin - *at < limits.failure_window).count();
            in_window >= limits.failures && now - begin < limits.block
        })
    }

    /// The shortest wait after which nothing is in the way, found by trying every millisecond.
    fn wait(&self, key: u32, now: u64) -> Duration {
        let is_free = |wait: &u64| !self.is_full(key, now + wait) && !self.is_blocked(key, now + wait);
        Duration::from_millis((0..).find(is_free).unwrap())
    }

    fn admit(&mut self, key: u32, now: u64) -> Result<usize, Refusal> {
        if self.is_full(key, now) {
            return Err(Refusal::RateLimited { retry_after: self.wait(key, now) });
        }
        let failed = !self.is_blocked(key, now);
        self.events.push(Event { key, at: now, failed });
        if failed { Ok(self.events.len() - 1) } else { Err(Refusal::LockedOut { retry_after: self.wait(key, now) }) }
    }

    /// Forgets what blocked addresses, and `only`, did. Events stay in their places, outside everyone's sight.
    fn clear(&mut self, only: Option<u32>, now: u64) -> usize {
        let blocked: Vec<u32> =
            (0..4).filter(|key| only.is_none_or(|only| only == *key) && self.is_blocked(*key, now)).collect();
        for event in self.events.iter_mut().filter(|event| blocked.contains(&event.key) || only == Some(event.key)) {
            event.key = u32::MAX;
        }
        blocked.len()
    }
}

/// The table under test and the model, which are told the same.
struct Pair {
    table: AttemptTable,
    model: Model,
    now: u64,
    charges: Vec<(Charge, usize)>,
}

impl Pair {
    fn new(limits: Limits) -> Self {
        let rate_limit = RateLimit { attempts: limits.attempts, window: Duration::from_millis(limits.rate_window) };
        let lockout = LockoutPolicy {
            failures: limits.failures,
            window: Duration::from_millis(limits.failure_window),
            block: Duration::from_millis(limits.block),
        };
        let table = AttemptTable::new(rate_limit, lockout, 100);
        Self { table, model: Model { limits, events: Vec::new() }, now: 0, charges: Vec::new() }
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        let now = self.now;
        match step {
            Step::Admit { key } => match (self.table.admit(limit_key(key), after(now)), self.model.admit(key, now)) {
                (Ok(charge), Ok(event)) => self.charges.push((charge, event)),
                (real, model) => prop_assert_eq!(real.err(), model.err(), "key {} at {} ms", key, now),
            },
            Step::TakeBack { charge } if !self.charges.is_empty() => {
                let (charge, event) = self.charges.swap_remove(charge.index(self.charges.len()));
                self.table.take_back(charge);
                self.model.events[event].failed = false;
            }
            Step::TakeBack { .. } => {}
            Step::Wait { milliseconds } => self.now += milliseconds,
            Step::ForgetIdle => self.table.forget_idle(after(now)),
            Step::Clear { key } => {
                prop_assert_eq!(self.table.clear(key.map(limit_key), after(now)), self.model.clear(key, now));
                // A charge from before a clear must not be taken back from what came after it at the same moment.
                self.charges.clear();
            }
        }
        let blocked = (0..4).filter(|key| self.model.is_blocked(*key, self.now)).count();
        prop_assert_eq!(self.table.lockouts(after(self.now)).len(), blocked, "blocked addresses at {} ms", self.now);
        Ok(())
    }
}

fn limits() -> impl Strategy<Value = Limits> {
    (1..5usize, 1..30u64, 1..5usize, 1..40u64, 1..40u64).prop_map(
        |(attempts, rate_window, failures, failure_window, block)| Limits {
            attempts,
            rate_window,
            failures,
            failure_window,
            block,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..3u32).prop_map(|key| Step::Admit { key }),
        4 => any::<prop::sample::Index>().prop_map(|charge| Step::TakeBack { charge }),
        6 => (0..12u64).prop_map(|milliseconds| Step::Wait { milliseconds }),
        1 => Just(Step::ForgetIdle),
        1 => prop::option::of(0..4u32).prop_map(|key| Step::Clear { key }),
    ]
}

proptest! {
    #[test]
    fn the_table_decides_like_the_model(limits in limits(), steps in prop::collection::vec(step(), 1..120)) {
        let mut pair = Pair::new(limits);
        for step in steps {
            pair.take(step)?;
        }
    }

    #[test]
    fn the_exchange_limits_decide_like_the_model(steps in prop::collection::vec((0..2u32, 0..8u64, any::<bool>()), 1..150)) {
        // The real numbers of attempts and failures, on a clock of three seconds a tick.
        let mut pair = Pair::new(Limits { attempts: 5, rate_window: 20, failures: 10, failure_window: 300, block: 300 });
        for (key, wait, is_right) in steps {
            pair.take(Step::Wait { milliseconds: wait })?;
            pair.take(Step::Admit { key })?;
            if is_right && wait == 0 {
                let last = pair.charges.len().saturating_sub(1);
                if let Some((charge, event)) = (!pair.charges.is_empty()).then(|| pair.charges.swap_remove(last)) {
                    pair.table.take_back(charge);
                    pair.model.events[event].failed = false;
                }
            }
        }
    }
}

//! The contract of [`AttemptLog`].

use std::sync::Arc;

use netclaw::adapters::memory::MemoryAttemptLog;
use netclaw::domain::attempts::{AttemptTable, MAX_TRACKED_ADDRESSES, Refusal};
use netclaw::domain::lockout::LockoutPolicy;
use netclaw::domain::rate_limit::RateLimit;
use netclaw::ports::attempt_log::{AdmitError, AttemptLog};

use super::{Subject, in_parallel};
use crate::fakes::attempt_log::FakeAttemptLog;
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{MONOTONIC, after, limit_key};

type Log = Subject<dyn AttemptLog>;

async fn it_decides_like_the_table(subject: Log) {
    let log = &*subject.port;
    let mut table = AttemptTable::new(RateLimit::EXCHANGE, LockoutPolicy::EXCHANGE, MAX_TRACKED_ADDRESSES);
    let rng = SeededRng::new(7);
    let (mut at, mut blocks) = (0, 0);
    for _ in 0..5_000 {
        let [key, wait, choice] = rng.bytes();
        at += u64::from(wait) * 80;
        let (key, now) = (limit_key(u32::from(key % 3)), after(at));
        match (log.admit(key, now).await, table.admit(key, now)) {
            (Ok(ours), Ok(theirs)) if choice % 8 == 0 => {
                log.take_back(ours).await;
                table.take_back(theirs);
            }
            (ours, theirs) => assert_eq!(ours.map(drop), theirs.map(drop).map_err(AdmitError::Refused), "{at} ms"),
        }
        if choice == 1 {
            assert_eq!(log.clear(Some(key), now).await, table.clear(Some(key), now));
        }
        if choice == 2 {
            log.forget_idle(now).await;
        }
        blocks += table.lockouts(now).len();
        assert_eq!(log.lockouts(now).await, table.lockouts(now));
    }
    assert!(blocks > 0, "the sequence never led to a block");
    assert_eq!(log.clear(None, after(at)).await, table.clear(None, after(at)));
}

async fn a11_parallel_attempts_do_not_overshoot_the_rate_limit(subject: Log) {
    let admit = |_| {
        let log = Arc::clone(&subject.port);
        async move { log.admit(limit_key(1), MONOTONIC).await.is_ok() }
    };
    let admitted = in_parallel(200, admit).await;
    assert_eq!(admitted.into_iter().filter(|admitted| *admitted).count(), 5);
}

async fn a11_parallel_attempts_do_not_overshoot_the_lockout(subject: Log) {
    let log = &*subject.port;
    for at in [0, 1, 2, 3, 4, 60_000, 60_001, 60_002] {
        log.admit(limit_key(1), after(at)).await.map(drop).unwrap();
    }
    let admit = |_| {
        let log = Arc::clone(&subject.port);
        async move { log.admit(limit_key(1), after(120_002)).await.map(drop) }
    };
    let results = in_parallel(5, admit).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 2, "the ninth and the tenth failure");
    let is_blocked = |result: &&_| matches!(result, Err(AdmitError::Refused(Refusal::LockedOut { .. })));
    assert_eq!(results.iter().filter(is_blocked).count(), 3);
}

async fn a02_a_guess_counts_for_the_lockout_and_not_for_the_rate_limit(subject: Log) {
    let log = &*subject.port;
    for number in 0..9 {
        log.count_guess(limit_key(1), after(number)).await.map(drop).unwrap();
    }
    let charge = log.count_guess(limit_key(1), after(9)).await.unwrap();
    let refusal = log.count_guess(limit_key(1), after(10)).await.unwrap_err();
    assert!(matches!(refusal, AdmitError::Refused(Refusal::LockedOut { .. })), "{refusal:?}");
    log.take_back(charge).await;
    for number in 0..5 {
        let charge = log.admit(limit_key(1), after(10 + number)).await.unwrap();
        log.take_back(charge).await;
    }
    let refusal = log.admit(limit_key(1), after(20)).await.unwrap_err();
    assert!(matches!(refusal, AdmitError::Refused(Refusal::RateLimited { .. })), "{refusal:?}");
    log.count_guess(limit_key(1), after(20)).await.map(drop).unwrap();
    log.forget_idle(after(30)).await;
    assert_eq!(log.lockouts(after(30)).await.len(), 1, "the tenth");
}

async fn a12_an_active_block_survives_a_flood_of_addresses(subject: Log) {
    let log = &*subject.port;
    let blocked = limit_key(0);
    for at in [0, 1, 2, 3, 4, 60_004, 60_005, 60_006, 60_007, 60_008] {
        log.admit(blocked, after(at)).await.map(drop).unwrap();
    }
    for number in 1..=70_000 {
        log.admit(limit_key(number), after(130_000)).await.map(drop).unwrap();
    }
    let refusal = log.admit(blocked, after(130_000)).await.unwrap_err();
    assert!(matches!(refusal, AdmitError::Refused(Refusal::LockedOut { .. })), "{refusal:?}");
    assert_eq!(log.lockouts(after(130_000)).await.len(), 1);
}

async fn out_of_reach_it_admits_nothing(subject: Log) {
    let (log, Some(set_broken)) = (&*subject.port, subject.set_broken) else { return };
    set_broken(true);
    assert!(matches!(log.admit(limit_key(1), MONOTONIC).await, Err(AdmitError::Storage(_))));
    set_broken(false);
    log.admit(limit_key(1), MONOTONIC).await.map(drop).unwrap();
}

macro_rules! holds_for {
    ($implementation:ident) => {
        promises! { $implementation:
            it_decides_like_the_table,
            a11_parallel_attempts_do_not_overshoot_the_rate_limit,
            a11_parallel_attempts_do_not_overshoot_the_lockout,
            a02_a_guess_counts_for_the_lockout_and_not_for_the_rate_limit,
            a12_an_active_block_survives_a_flood_of_addresses,
            out_of_reach_it_admits_nothing,
        }
    };
}

fn fake() -> Log {
    let log = Arc::new(FakeAttemptLog::default());
    let faults = Arc::clone(&log);
    Subject { port: log, reopen: None, set_broken: Some(Box::new(move |broken| faults.faults.set(broken))) }
}

holds_for!(fake);

fn memory() -> Log {
    Subject::in_memory(Arc::new(MemoryAttemptLog::default()))
}

holds_for!(memory);

//! How the attempts of many addresses stay bounded.

use std::time::Duration;

use netclaw::domain::attempts::{AttemptTable, MAX_TRACKED_ADDRESSES, Refusal};
use netclaw::domain::lockout::LockoutPolicy;
use netclaw::domain::rate_limit::RateLimit;

use crate::fakes::samples::{after, limit_key};

const BLOCK: u64 = 900_000;

/// A table for three addresses, in which two failures block.
fn small_table() -> AttemptTable {
    AttemptTable::new(RateLimit::EXCHANGE, LockoutPolicy { failures: 2, ..LockoutPolicy::EXCHANGE }, 3)
}

fn admit(table: &mut AttemptTable, number: u32, at: u64) {
    table.admit(limit_key(number), after(at)).map(drop).unwrap();
}

fn block(table: &mut AttemptTable, number: u32, at: u64) {
    admit(table, number, at);
    admit(table, number, at);
}

fn blocked(table: &AttemptTable, at: u64) -> usize {
    table.lockouts(after(at)).len()
}

#[test]
fn a12_a_million_addresses_take_no_more_room_than_the_capacity() {
    let mut table = AttemptTable::new(RateLimit::EXCHANGE, LockoutPolicy::EXCHANGE, 1_000);
    for number in 0..1_000_000 {
        admit(&mut table, number, u64::from(number) / 100);
    }
    assert_eq!(table.len(), 1_000);
    assert_eq!(MAX_TRACKED_ADDRESSES, 65_536);
}

#[test]
fn the_address_that_tried_longest_ago_makes_room() {
    let mut table = small_table();
    [1, 2, 3].into_iter().for_each(|number| admit(&mut table, number, 0));
    let again = table.admit(limit_key(1), after(1)).unwrap();
    table.take_back(again);
    // 2 tried longest ago and is forgotten for 4, then 3 for 2: their next failures are their first.
    [4, 2].into_iter().for_each(|number| admit(&mut table, number, 2));
    assert_eq!((table.len(), blocked(&table, 2)), (3, 0));
    // 1 tried again and is remembered: its next failure is its second.
    admit(&mut table, 1, 2);
    assert_eq!(blocked(&table, 2), 1);
}

#[test]
fn a_refused_attempt_counts_as_a_try_too() {
    let rate_limit = RateLimit { attempts: 1, ..RateLimit::EXCHANGE };
    let mut table = AttemptTable::new(rate_limit, LockoutPolicy::EXCHANGE, 2);
    admit(&mut table, 1, 0);
    admit(&mut table, 2, 1);
    assert!(table.admit(limit_key(1), after(2)).is_err());
    admit(&mut table, 3, 3);
    assert!(table.admit(limit_key(1), after(4)).is_err(), "1 was remembered and 2 forgotten");
}

#[test]
fn a12_an_active_block_is_never_forgotten_to_make_room() {
    let mut table = small_table();
    block(&mut table, 1, 0);
    block(&mut table, 2, 0);
    for number in 10..1_000 {
        admit(&mut table, number, 1);
    }
    assert_eq!((table.len(), blocked(&table, 1)), (3, 2));
    assert!(matches!(table.admit(limit_key(1), after(1)), Err(Refusal::LockedOut { .. })));
}

#[test]
fn a12_when_every_address_is_blocked_new_ones_are_refused_until_the_first_block_ends() {
    let mut table = small_table();
    for (number, at) in [(1, 20), (2, 10), (3, 30)] {
        block(&mut table, number, at);
    }
    let new = limit_key(4);
    let retry_after = Duration::from_millis(BLOCK - 30);
    assert_eq!(table.admit(new, after(40)), Err(Refusal::RateLimited { retry_after }));
    assert!(table.admit(new, after(10 + BLOCK - 1)).is_err());
    assert_eq!((table.len(), blocked(&table, 40)), (3, 3));
    admit(&mut table, 4, 10 + BLOCK);
    assert_eq!((table.len(), blocked(&table, 10 + BLOCK)), (3, 2));
}

#[test]
fn a_blocked_address_is_judged_by_the_rules_even_when_the_table_is_full() {
    let mut table = small_table();
    (1..=3).for_each(|number| block(&mut table, number, 0));
    let retry_after = Duration::from_millis(BLOCK - 1);
    assert_eq!(table.admit(limit_key(2), after(1)), Err(Refusal::LockedOut { retry_after }));
}

#[test]
fn idle_addresses_are_forgotten_when_nothing_of_theirs_matters() {
    let mut table = AttemptTable::new(RateLimit::EXCHANGE, LockoutPolicy::EXCHANGE, 8);
    assert!(table.is_empty());
    let charge = table.admit(limit_key(1), after(0)).unwrap();
    table.take_back(charge);
    admit(&mut table, 2, 0);
    for (now, left) in [(59_999, 2), (60_000, 1), (BLOCK - 1, 1), (BLOCK, 0)] {
        table.forget_idle(after(now));
        assert_eq!(table.len(), left, "{now} ms");
    }
    assert!(table.is_empty());
}

#[test]
fn a_block_is_not_idle_before_its_end() {
    let mut table = small_table();
    block(&mut table, 1, 0);
    table.forget_idle(after(BLOCK - 1));
    assert_eq!(blocked(&table, BLOCK - 1), 1);
    table.forget_idle(after(BLOCK));
    assert!(table.is_empty());
}

#[test]
fn addresses_forgotten_as_idle_leave_no_trace_in_the_order() {
    let mut table = small_table();
    for round in 0..1_000 {
        let at = round * 2 * BLOCK;
        [1, 2, 3, 4].into_iter().for_each(|number| admit(&mut table, number, at));
        assert_eq!(table.len(), 3);
        table.forget_idle(after(at + BLOCK));
        assert!(table.is_empty());
    }
}

//! The rate limit and the lockout, in exact sequences.

use std::time::Duration;

use netclaw::domain::attempts::{AttemptTable, Charge, MAX_TRACKED_ADDRESSES, Refusal};
use netclaw::domain::client_address::LimitKey;
use netclaw::domain::lockout::LockoutPolicy;
use netclaw::domain::rate_limit::RateLimit;

use crate::fakes::samples::{after, limit_key};

const MINUTE: u64 = 60_000;
const BLOCK: u64 = 900_000;

fn exchange_limits() -> AttemptTable {
    AttemptTable::new(RateLimit::EXCHANGE, LockoutPolicy::EXCHANGE, MAX_TRACKED_ADDRESSES)
}

fn rate_limited(milliseconds: u64) -> Result<Charge, Refusal> {
    Err(Refusal::RateLimited { retry_after: Duration::from_millis(milliseconds) })
}

fn locked_out(milliseconds: u64) -> Result<Charge, Refusal> {
    Err(Refusal::LockedOut { retry_after: Duration::from_millis(milliseconds) })
}

/// Attempts at these moments, each of which must be admitted.
fn admitted(table: &mut AttemptTable, key: LimitKey, moments: impl IntoIterator<Item = u64>) -> Vec<Charge> {
    let admit = |at| table.admit(key, after(at)).unwrap_or_else(|refusal| panic!("{at} ms: {refusal:?}"));
    moments.into_iter().map(admit).collect()
}

/// Ten failures, as fast as the rate limit allows: the last at 61 s, where the block begins.
fn locked_out_at_61_s(table: &mut AttemptTable, key: LimitKey) -> Vec<Charge> {
    admitted(table, key, [0, 1, 2, 3, 4, 60_996, 60_997, 60_998, 60_999, 61_000])
}

#[test]
fn a01_the_sixth_attempt_in_a_minute_waits_for_the_first_to_leave() {
    let (mut table, key) = (exchange_limits(), limit_key(1));
    admitted(&mut table, key, [0, 10_000, 20_000, 30_000, 40_000]);
    assert_eq!(table.admit(key, after(40_000)), rate_limited(20_000));
    assert_eq!(table.admit(key, after(MINUTE - 1)), rate_limited(1));
    admitted(&mut table, key, [MINUTE]);
    assert_eq!(table.admit(key, after(MINUTE + 1)), rate_limited(9_999));
}

#[test]
fn a01_an_attempt_leaves_the_window_after_exactly_a_minute() {
    for (offset, expected) in [(MINUTE - 1, Some(1)), (MINUTE, None), (MINUTE + 1, None)] {
        let (mut table, key) = (exchange_limits(), limit_key(1));
        admitted(&mut table, key, [0; 5]);
        let refusal = table.admit(key, after(offset)).err();
        assert_eq!(refusal, expected.and_then(|left| rate_limited(left).err()), "{offset} ms");
    }
}

#[test]
fn refused_attempts_do_not_prolong_the_wait() {
    let (mut table, key) = (exchange_limits(), limit_key(1));
    admitted(&mut table, key, [0; 5]);
    for at in (0..MINUTE).step_by(500) {
        assert_eq!(table.admit(key, after(at)), rate_limited(MINUTE - at));
    }
    admitted(&mut table, key, [MINUTE]);
}

#[test]
fn taken_back_attempts_still_count_for_the_rate_limit() {
    let (mut table, key) = (exchange_limits(), limit_key(1));
    for charge in admitted(&mut table, key, [0; 5]) {
        table.take_back(charge);
    }
    assert_eq!(table.admit(key, after(0)), rate_limited(MINUTE));
}

#[test]
fn a02_ten_failures_block_from_the_tenth_for_15_minutes() {
    let (mut table, key) = (exchange_limits(), limit_key(1));
    locked_out_at_61_s(&mut table, key);
    let end = 61_000 + BLOCK;
    assert_eq!(table.admit(key, after(130_000)), locked_out(end - 130_000));
    assert_eq!(table.admit(key, after(end - 1)), locked_out(1));
    admitted(&mut table, key, [end]);
}

#[test]
fn a02_nine_failures_do_not_block() {
    let (mut table, key) = (exchange_limits(), limit_key(1));
    admitted(&mut table, key, (0..9).map(|number| number * 20_000));
    assert!(table.lockouts(after(180_000)).is_empty());
    admitted(&mut table, key, [180_000]);
    assert_eq!(table.lockouts(after(180_000)).len(), 1, "the tenth does");
}

#[test]
fn a02_a_failure_leaves_the_window_after_exactly_15_minutes() {
    for (tenth, blocks) in [(BLOCK - 1, true), (BLOCK, false), (BLOCK + 1, false)] {
        let (mut table, key) = (exchange_limits(), limit_key(1));
        admitted(&mut table, key, (0..9).map(|number| number * 20_000));
        admitted(&mut table, key, [tenth]);
        assert_eq!(!table.lockouts(after(tenth)).is_empty(), blocks, "the tenth at {tenth} ms");
    }
}

#[test]
fn a02_attempts_while_blocked_do_not_extend_the_block() {
    let (mut table, key) = (exchange_limits(), limit_key(1));
    locked_out_at_61_s(&mut table, key);
    let end = 61_000 + BLOCK;
    for at in (130_000..end - MINUTE).step_by(12_001) {
        assert_eq!(table.admit(key, after(at)), locked_out(end - at));
    }
    // After the block the slate is clean: nine more failures do not block again.
    admitted(&mut table, key, (0..9).map(|number| end + number * 20_000));
    assert!(table.lockouts(after(end + 160_000)).is_empty());
}

#[test]
fn a02_a_block_is_for_one_address_only() {
    let mut table = exchange_limits();
    locked_out_at_61_s(&mut table, limit_key(1));
    admitted(&mut table, limit_key(2), [61_000]);
    let blocked: Vec<LimitKey> = table.lockouts(after(61_000)).iter().map(|lockout| lockout.key).collect();
    assert_eq!(blocked, [limit_key(1)]);
}

#[test]
fn the_rate_limit_is_checked_before_the_lockout() {
    let (mut table, key) = (exchange_limits(), limit_key(1));
    locked_out_at_61_s(&mut table, key);
    // The window is full until the first of the second five leaves it, and the block outlasts that.
    assert_eq!(table.admit(key, after(61_000)), rate_limited(BLOCK));
    assert_eq!(table.admit(key, after(120_995)), rate_limited(BLOCK - 59_995));
    assert_eq!(table.admit(key, after(120_996)), locked_out(BLOCK - 59_996));
}

#[test]
fn retry_after_counts_the_attempts_made_while_blocked() {
    let (mut table, key) = (exchange_limits(), limit_key(1));
    locked_out_at_61_s(&mut table, key);
    let end = 61_000 + BLOCK;
    for before_the_end in [50, 40, 30, 20] {
        assert_eq!(table.admit(key, after(end - before_the_end)), locked_out(before_the_end));
    }
    // The fifth fills the minute, so that the end of the block is no longer the moment to come back.
    let wait = MINUTE - 40;
    assert_eq!(table.admit(key, after(end - 10)), locked_out(wait));
    assert_eq!(table.admit(key, after(end - 10 + wait - 1)), rate_limited(1));
    admitted(&mut table, key, [end - 10 + wait]);
}

#[test]
fn a_failure_taken_back_never_happened() {
    let (mut table, key) = (exchange_limits(), limit_key(1));
    for at in (0..100).map(|number| number * 12_000) {
        let charge = table.admit(key, after(at)).unwrap();
        table.take_back(charge);
    }
    assert!(table.lockouts(after(1_200_000)).is_empty());
}

#[test]
fn taking_back_the_charge_that_began_a_block_lifts_it() {
    let (mut table, key) = (exchange_limits(), limit_key(1));
    let charges = locked_out_at_61_s(&mut table, key);
    assert_eq!(table.admit(key, after(130_000)), locked_out(61_000 + BLOCK - 130_000));
    table.take_back(charges[9]);
    assert!(table.lockouts(after(130_000)).is_empty());
    admitted(&mut table, key, [130_000]);
    assert_eq!(table.lockouts(after(130_000)).len(), 1, "that is the tenth failure again");
}

#[test]
fn taking_back_the_charge_that_began_a_second_block_lifts_it() {
    // The window outlasts the block here, so the first failure after the block begins another one.
    let policy = LockoutPolicy { failures: 2, window: Duration::from_secs(100), block: Duration::from_secs(10) };
    let mut table = AttemptTable::new(RateLimit { attempts: 99, window: Duration::from_secs(1) }, policy, 8);
    let key = limit_key(1);
    let charges = admitted(&mut table, key, [0, 0, 10_000]);
    assert_eq!(table.admit(key, after(10_001)), locked_out(9_999));
    table.take_back(charges[2]);
    admitted(&mut table, key, [10_001]);
}

#[test]
fn clear_lifts_the_block_of_one_address_or_of_all() {
    let mut table = exchange_limits();
    for number in 0..3 {
        locked_out_at_61_s(&mut table, limit_key(number));
    }
    admitted(&mut table, limit_key(9), [0]);
    let now = after(61_000);
    assert_eq!(table.clear(Some(limit_key(0)), now), 1);
    assert_eq!(table.clear(Some(limit_key(0)), now), 0);
    assert_eq!(table.clear(Some(limit_key(9)), now), 0, "it was not blocked");
    admitted(&mut table, limit_key(0), [61_000; 5]);
    assert_eq!(table.clear(None, now), 2);
    assert_eq!(table.clear(None, now), 0);
    assert!(table.lockouts(now).is_empty());
}

#[test]
fn a_charge_from_before_a_clear_takes_back_nothing() {
    let (mut table, key) = (exchange_limits(), limit_key(1));
    let old = locked_out_at_61_s(&mut table, key);
    table.clear(Some(key), after(61_000));
    admitted(&mut table, key, [70_000, 70_000, 70_000, 70_000, 70_000, 130_000, 130_000, 130_000, 130_000]);
    old.into_iter().for_each(|charge| table.take_back(charge));
    admitted(&mut table, key, [130_000]);
    assert_eq!(table.lockouts(after(130_000)).len(), 1);
}

#[test]
fn lockouts_are_listed_longest_first_and_end_half_open() {
    let mut table = exchange_limits();
    locked_out_at_61_s(&mut table, limit_key(1));
    admitted(&mut table, limit_key(2), (0..10).map(|number| number * 20_000));
    let listed = |now| table.lockouts(after(now)).iter().map(|l| (l.key, l.remaining.as_millis())).collect::<Vec<_>>();
    assert_eq!(listed(180_000), [(limit_key(2), 900_000), (limit_key(1), 781_000)]);
    assert_eq!(listed(960_999), [(limit_key(2), 119_001), (limit_key(1), 1)]);
    assert_eq!(listed(961_000), [(limit_key(2), 119_000)]);
    assert_eq!(listed(1_080_000), []);
}

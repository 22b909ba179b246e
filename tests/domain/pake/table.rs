//! How many handshakes are kept, and for how long.

use netclaw::domain::pake::{HandshakeTable, MAX_ANSWERED, MAX_HALF_OPEN, MAX_HALF_OPEN_LINKS, Nonce};

use crate::fakes::samples::{MONOTONIC, after};

fn nonce(number: usize) -> Nonce {
    Nonce([number as u8; 32])
}

#[test]
fn a_half_open_handshake_lives_for_30_seconds_and_not_a_millisecond_more() {
    let mut table = HandshakeTable::default();
    table.begin(nonce(1), "one", MONOTONIC);
    assert_eq!(table.find(nonce(1), after(29_999)), Some("one"));
    assert_eq!(table.find(nonce(1), after(30_000)), None);
    assert!(table.is_empty());
}

#[test]
fn an_answer_can_be_asked_for_again_for_60_seconds_from_the_last_one() {
    let mut table = HandshakeTable::default();
    table.begin(nonce(1), "one", MONOTONIC);
    table.answered(nonce(1), "one", after(10_000));
    assert_eq!(table.find(nonce(1), after(69_999)), Some("one"));
    table.answered(nonce(1), "one", after(69_999));
    assert_eq!(table.find(nonce(1), after(129_998)), Some("one"));
    assert_eq!(table.find(nonce(1), after(129_999)), None);
}

#[test]
fn the_half_open_one_that_has_waited_longest_makes_room_and_answered_ones_do_not() {
    let mut table = HandshakeTable::default();
    table.begin(nonce(200), 200, MONOTONIC);
    table.answered(nonce(200), 200, MONOTONIC);
    for number in 0..=MAX_HALF_OPEN {
        table.begin(nonce(number), number, MONOTONIC);
    }
    assert_eq!(table.len(), MAX_HALF_OPEN + 1);
    let is_there = |table: &mut HandshakeTable<usize>, number| table.find(nonce(number), MONOTONIC).is_some();
    assert!(!is_there(&mut table, 0) && is_there(&mut table, 1) && is_there(&mut table, MAX_HALF_OPEN));
    assert!(is_there(&mut table, 200));
    for number in 0..MAX_ANSWERED {
        table.answered(nonce(100 + number), number, MONOTONIC);
    }
    assert!(!is_there(&mut table, 200));
    assert_eq!(table.len(), MAX_HALF_OPEN + MAX_ANSWERED);
}

#[test]
fn typed_codes_and_links_take_no_room_from_each_other() {
    let mut table = HandshakeTable::default();
    table.begin_link(nonce(200), "link", MONOTONIC);
    for number in 0..10 * MAX_HALF_OPEN {
        table.begin(nonce(number % 100), "code", MONOTONIC);
    }
    assert_eq!(table.find(nonce(200), after(29_999)), Some("link"));
    assert_eq!(table.find(nonce(200), after(30_000)), None);
    table.begin(nonce(100), "code", MONOTONIC);
    for number in 0..=MAX_HALF_OPEN_LINKS {
        table.begin_link(nonce(number), "link", MONOTONIC);
    }
    assert_eq!(table.find(nonce(0), MONOTONIC), None);
    assert_eq!(table.find(nonce(1), MONOTONIC), Some("link"));
    assert_eq!(table.find(nonce(100), MONOTONIC), Some("code"));
    table.remove(nonce(1));
    assert_eq!(table.find(nonce(1), MONOTONIC), None);
}

#[test]
fn what_is_removed_or_over_is_gone() {
    let mut table = HandshakeTable::default();
    table.begin(nonce(1), 1, MONOTONIC);
    table.answered(nonce(2), 2, MONOTONIC);
    table.remove(nonce(1));
    table.remove(nonce(2));
    assert!(table.is_empty());
    table.begin(nonce(1), 1, MONOTONIC);
    table.answered(nonce(2), 2, MONOTONIC);
    table.forget_ended(after(59_999));
    assert_eq!(table.len(), 1);
    table.forget_ended(after(60_000));
    assert_eq!(table.len(), 0);
}

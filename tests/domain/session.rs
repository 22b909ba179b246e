//! The pairing session and its transitions.

use std::time::Duration;

use netclaw::domain::code::PairingCode;
use netclaw::domain::device::DeviceId;
use netclaw::domain::session::{CODE_BUDGET, CODE_LIFE, CodeBudget, Generation, PairingSession, Phase, RedeemError};
use netclaw::domain::terms::Terms;
use netclaw::domain::time::MonotonicTime;

use crate::fakes::samples::{MONOTONIC, NOW, WALL, after, opened, other_than};

const LIFE_MS: u64 = 300_000;

fn device_id() -> DeviceId {
    DeviceId::from_random([7; 10])
}

/// What `code` leads to, and the session after it.
fn redeem(session: PairingSession, code: &PairingCode, now: MonotonicTime) -> (PairingSession, Option<RedeemError>) {
    let (session, result) = session.redeem(code, now);
    (session, result.err())
}

/// The session after so many wrong codes, each of which must have been answered as one.
fn after_wrong_codes(count: u32, session: PairingSession, wrong: &PairingCode) -> PairingSession {
    (0..count).fold(session, |session, number| {
        let (session, refusal) = redeem(session, wrong, MONOTONIC);
        assert_eq!(refusal, Some(RedeemError::WrongCode), "wrong code {}", number + 1);
        session
    })
}

#[test]
fn a_session_is_opened_from_its_random_bytes() {
    let random = [0x00, 0x44, 0x32, 0x14, 0xc7, 0, 0, 0, 0, 0, 0, 1, 2];
    let opened = PairingSession::open(random, Terms::default(), NOW);
    assert_eq!(opened.code.reveal(), "2345-6789");
    assert_eq!(opened.generation, Generation::from_number(0x102));
    assert_eq!(opened.session.generation(), opened.generation);
    assert_eq!(opened.expires_at, WALL.plus(Duration::from_secs(300)));
    assert_eq!(opened.session.phase(MONOTONIC), Phase::Waiting { remaining: CODE_LIFE });
}

#[test]
fn a_code_lives_for_300_seconds_and_not_a_millisecond_more() {
    for (offset, refusal) in
        [(0, None), (LIFE_MS - 1, None), (LIFE_MS, Some(RedeemError::NoCode)), (LIFE_MS + 1, Some(RedeemError::NoCode))]
    {
        let opened = opened(1);
        assert_eq!(redeem(opened.session, &opened.code, after(offset)).1, refusal, "{offset} ms");
    }
}

#[test]
fn a_wrong_code_after_the_end_is_not_called_wrong() {
    let opened = opened(1);
    let wrong = other_than(&opened.code);
    let (session, refusal) = redeem(opened.session, &wrong, after(LIFE_MS));
    assert_eq!(refusal, Some(RedeemError::NoCode));
    assert_eq!(session.phase(after(LIFE_MS)), Phase::Expired);
}

#[test]
fn the_phase_turns_to_expired_at_the_end() {
    let session = opened(1).session;
    assert_eq!(session.phase(after(LIFE_MS - 1)), Phase::Waiting { remaining: Duration::from_millis(1) });
    assert_eq!(session.phase(after(LIFE_MS)), Phase::Expired);
    assert_eq!(session.phase(after(LIFE_MS + 1)), Phase::Expired);
}

#[test]
fn a_right_code_reserves_the_session_and_proves_its_generation() {
    let opened = opened(1);
    let (session, proof) = opened.session.redeem(&opened.code, MONOTONIC);
    assert_eq!(proof.unwrap().generation(), opened.generation);
    assert!(matches!(session, PairingSession::Reserved(_)));
    assert_eq!(session.generation(), opened.generation);
}

#[test]
fn a_reserved_consumed_exhausted_or_expired_session_has_no_code() {
    let reserved = |seed| {
        let opened = opened(seed);
        (redeem(opened.session, &opened.code, MONOTONIC).0, opened.code)
    };
    let (session, code) = reserved(1);
    let (consumed, consumed_code) = reserved(2);
    let generation = consumed.generation();
    let consumed = consumed.commit(generation, device_id());
    let opened = opened(3);
    let wrong = other_than(&opened.code);
    let exhausted = after_wrong_codes(99, opened.session, &wrong);
    let (exhausted, last) = redeem(exhausted, &wrong, MONOTONIC);
    assert_eq!(last, Some(RedeemError::LastWrongCode));
    for (session, code) in [(session, code), (consumed, consumed_code), (exhausted, opened.code)] {
        let (session, refusal) = redeem(session, &other_than(&code), MONOTONIC);
        assert_eq!(refusal, Some(RedeemError::NoCode), "a wrong code in {session:?}");
        assert_eq!(redeem(session, &code, MONOTONIC).1, Some(RedeemError::NoCode), "the right code");
    }
}

#[test]
fn ninety_nine_wrong_codes_leave_the_right_one_valid() {
    let opened = opened(1);
    let session = after_wrong_codes(CODE_BUDGET - 1, opened.session, &other_than(&opened.code));
    assert_eq!(redeem(session, &opened.code, MONOTONIC).1, None);
}

#[test]
fn a03_the_hundredth_wrong_code_ends_the_session() {
    let opened = opened(1);
    let wrong = other_than(&opened.code);
    let session = after_wrong_codes(99, opened.session, &wrong);
    let (session, hundredth) = redeem(session, &wrong, MONOTONIC);
    assert_eq!(hundredth, Some(RedeemError::LastWrongCode));
    assert_eq!((session.phase(MONOTONIC), session.generation()), (Phase::Exhausted, opened.generation));
    let (session, hundred_and_first) = redeem(session, &wrong, MONOTONIC);
    assert_eq!(hundred_and_first, Some(RedeemError::NoCode));
    assert_eq!(session.phase(after(LIFE_MS)), Phase::Exhausted, "the operator still learns why");
}

#[test]
fn a_budget_is_spent_to_the_last() {
    let spent =
        |budget: u32| std::iter::successors(Some(CodeBudget::of(budget)), |left| left.spend()).take(1_000).count();
    assert_eq!((spent(1), spent(2), spent(100)), (1, 2, 100));
    assert_eq!(CodeBudget::of(0).spend(), None);
}

#[test]
fn commit_records_the_device() {
    let opened = opened(1);
    let session = redeem(opened.session, &opened.code, MONOTONIC).0.commit(opened.generation, device_id());
    assert_eq!(session.generation(), opened.generation);
    assert_eq!(session.phase(after(LIFE_MS)), Phase::Paired { device: device_id() });
}

#[test]
fn a17_a_code_admitted_before_its_end_commits_after_it() {
    let opened = opened(1);
    let (session, refusal) = redeem(opened.session, &opened.code, after(LIFE_MS - 1));
    assert_eq!(refusal, None);
    assert_eq!(session.phase(after(LIFE_MS + 1)), Phase::Waiting { remaining: Duration::ZERO });
    let session = session.commit(opened.generation, device_id());
    assert_eq!(session.phase(after(LIFE_MS + 1)), Phase::Paired { device: device_id() });
}

#[test]
fn a17_a_code_released_after_its_end_is_dead() {
    let opened = opened(1);
    let session = redeem(opened.session, &opened.code, after(LIFE_MS - 1)).0.release(opened.generation);
    assert_eq!(session.phase(after(LIFE_MS)), Phase::Expired);
    assert_eq!(redeem(session, &opened.code, after(LIFE_MS)).1, Some(RedeemError::NoCode));
}

#[test]
fn release_keeps_the_end() {
    let opened = opened(1);
    let session = redeem(opened.session, &opened.code, after(1_000)).0.release(opened.generation);
    assert_eq!(session.phase(after(1_000)), Phase::Waiting { remaining: Duration::from_millis(LIFE_MS - 1_000) });
    assert_eq!(redeem(session, &opened.code, after(LIFE_MS - 1)).1, None);
}

#[test]
fn release_keeps_the_budget() {
    let opened = opened(1);
    let wrong = other_than(&opened.code);
    let session = after_wrong_codes(60, opened.session, &wrong);
    let session = redeem(session, &opened.code, MONOTONIC).0.release(opened.generation);
    let session = after_wrong_codes(39, session, &wrong);
    assert_eq!(redeem(session, &wrong, MONOTONIC).1, Some(RedeemError::LastWrongCode));
}

#[test]
fn a16_commit_and_release_of_another_generation_change_nothing() {
    let opened = opened(1);
    let other = Generation::from_number(opened.generation.number() ^ 1);
    let reserved = redeem(opened.session, &opened.code, MONOTONIC).0;
    let reserved = reserved.commit(other, device_id()).release(other);
    assert!(matches!(reserved, PairingSession::Reserved(_)));
    let released = reserved.release(opened.generation);
    assert_eq!(redeem(released, &opened.code, MONOTONIC).1, None);
}

#[test]
fn commit_and_release_of_a_session_that_is_not_reserved_change_nothing() {
    let opened = opened(1);
    let generation = opened.generation;
    let pending = opened.session.commit(generation, device_id()).release(generation);
    assert_eq!(pending.phase(MONOTONIC), Phase::Waiting { remaining: CODE_LIFE });
    let consumed = redeem(pending, &opened.code, MONOTONIC).0.commit(generation, device_id());
    let consumed = consumed.release(generation).commit(generation, DeviceId::from_random([8; 10]));
    assert_eq!(consumed.phase(MONOTONIC), Phase::Paired { device: device_id() });
}

#[test]
fn d45_debug_of_a_session_does_not_show_its_code() {
    let opened = opened(1);
    let symbols: Vec<String> = opened.code.reveal().split('-').map(str::to_owned).collect();
    let shown = format!("{opened:?}");
    let reserved = format!("{:?}", redeem(opened.session, &opened.code, MONOTONIC).0);
    for half in symbols {
        assert!(!shown.contains(&half) && !reserved.contains(&half), "{shown} {reserved}");
    }
}

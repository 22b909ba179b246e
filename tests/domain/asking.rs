//! The operator's yes, at each boundary.

use std::time::Duration;

use netclaw::domain::binding::Binding;
use netclaw::domain::code::PairingCode;
use netclaw::domain::pin::Pin;
use netclaw::domain::session::asking::{AGREEMENT_LIFE, ATTENDANCE, Applicant, Verdict};
use netclaw::domain::session::{CODE_LIFE, Generation, PairingSession, Phase, RedeemError};
use netclaw::domain::terms::Terms;
use netclaw::domain::time::MonotonicTime;
use netclaw::domain::words::Words;

use super::pake::{meet, redeem};
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{MONOTONIC, NOW, address, name, other_than};

const LAST: Duration = Duration::from_millis(1);

fn opened() -> (PairingSession, Generation, PairingCode) {
    let terms = Terms { confirm: true, ..Terms::default() };
    let opened = PairingSession::open(SeededRng::new(1).bytes(), terms, NOW);
    (opened.session, opened.generation, opened.code)
}

fn applicant() -> Applicant {
    let binding = Binding::Spki(Pin::from_bytes([7; 32]));
    Applicant { name: name("laptop"), client: address("10.0.0.1"), binding, words: Words::of([1; 6]) }
}

/// A session whose code was proved at its first moment, and whose operator is asked.
fn asking() -> (PairingSession, Generation) {
    let (session, generation, code) = opened();
    let met = meet(session, &code, 1);
    let (_, request) = met.client.ask("laptop").unwrap();
    let (session, confirmed) = redeem(met.session, met.daemon, &request.confirmation);
    confirmed.unwrap();
    (session.ask(generation, applicant()), generation)
}

/// The same with an operator who is there until `end`.
fn attended_until(end: Duration) -> (PairingSession, Generation) {
    let (mut session, generation) = asking();
    let mut passed = Duration::ZERO;
    while passed + ATTENDANCE < end {
        passed += ATTENDANCE - LAST;
        session = session.attend(generation, at(passed));
    }
    (session, generation)
}

fn at(passed: Duration) -> MonotonicTime {
    MONOTONIC.plus(passed)
}

#[test]
fn a_yes_gives_the_code_to_the_device_once() {
    let (session, generation) = asking();
    assert!(matches!(session.phase(MONOTONIC), Phase::Asking { .. }));
    assert_eq!(session.applicant(MONOTONIC), Some(&applicant()));
    let (session, verdict) = session.verdict(generation, MONOTONIC);
    assert!(matches!(verdict, Verdict::Waiting));
    let (session, was_taken) = session.decide(generation, true, MONOTONIC);
    assert!(was_taken && session.applicant(MONOTONIC).is_none());
    let (session, again) = session.decide(generation, false, MONOTONIC);
    assert!(!again, "an answer is given once");
    let (session, verdict) = session.verdict(generation, MONOTONIC);
    let Verdict::Agreed(proof) = verdict else { panic!("{verdict:?}") };
    assert_eq!(proof.generation(), generation);
    assert!(matches!(session.verdict(generation, MONOTONIC).1, Verdict::Ended));
}

#[test]
fn a_no_spends_the_code() {
    let (session, generation) = asking();
    let (session, was_taken) = session.decide(generation, false, MONOTONIC);
    assert!(was_taken);
    assert_eq!(session.phase(MONOTONIC), Phase::Refused);
    let (session, verdict) = session.verdict(generation, MONOTONIC);
    assert!(matches!(verdict, Verdict::Refused));
    let (_, _, code) = opened();
    assert_eq!(session.redeem(&code, MONOTONIC).1.unwrap_err(), RedeemError::NoCode);
}

#[test]
fn no_answer_counts_from_the_end_of_the_code_on() {
    let (session, generation) = attended_until(CODE_LIFE);
    let (session, taken) = session.attend(generation, at(CODE_LIFE - LAST)).decide(generation, true, at(CODE_LIFE));
    assert!(!taken);
    assert_eq!(session.phase(at(CODE_LIFE)), Phase::Expired);
    assert!(matches!(session.verdict(generation, at(CODE_LIFE)).1, Verdict::Unanswered));
    let (session, generation) = attended_until(CODE_LIFE);
    let last = at(CODE_LIFE - LAST);
    assert!(session.attend(generation, last).decide(generation, true, last).1);
}

#[test]
fn a_yes_in_time_outlives_the_code_but_not_the_handshake() {
    let end = CODE_LIFE - LAST;
    for (later, is_good) in [(AGREEMENT_LIFE - LAST, true), (AGREEMENT_LIFE, false)] {
        let (session, generation) = attended_until(CODE_LIFE);
        let (session, taken) = session.attend(generation, at(end)).decide(generation, true, at(end));
        assert!(taken);
        assert_eq!(session.phase(at(end + later)) == Phase::Expired, !is_good);
        assert_eq!(matches!(session.verdict(generation, at(end + later)).1, Verdict::Agreed(_)), is_good, "{later:?}");
    }
}

#[test]
fn an_operator_who_is_gone_has_said_no() {
    let (session, generation) = asking();
    assert!(session.applicant(at(ATTENDANCE - LAST)).is_some());
    assert!(session.applicant(at(ATTENDANCE)).is_none());
    // Coming back too late changes nothing.
    let session = session.attend(generation, at(ATTENDANCE));
    assert_eq!(session.phase(at(ATTENDANCE)), Phase::Expired);
    assert!(matches!(session.verdict(generation, at(ATTENDANCE)).1, Verdict::Unanswered));
    let (session, generation) = asking();
    let session = session.attend(generation, at(ATTENDANCE - LAST));
    assert!(session.applicant(at(ATTENDANCE + ATTENDANCE - LAST - LAST)).is_some());
}

#[test]
fn nobody_can_begin_when_the_operator_is_gone_before_a_device_came() {
    let (session, generation, code) = opened();
    assert_eq!(session.phase(at(ATTENDANCE)), Phase::Expired);
    let session = session.attend(Generation::from_number(generation.number() ^ 1), at(ATTENDANCE - LAST));
    let (_, hello) = super::pake::hello(&code, 1);
    let begin = |now| {
        let identity = super::pake::identity().public_key();
        session.begin(&hello, identity, &SeededRng::new(2).bytes(), now).is_ok()
    };
    assert!(begin(at(ATTENDANCE - LAST)) && !begin(at(ATTENDANCE)));
}

#[test]
fn a_code_alone_is_refused_without_being_looked_at() {
    let (mut session, _, code) = opened();
    for _ in 0..200 {
        for typed in [&code, &other_than(&code)] {
            let refused;
            (session, refused) = session.redeem(typed, MONOTONIC);
            assert_eq!(refused.unwrap_err(), RedeemError::NeedsHandshake);
        }
    }
    assert_eq!(session.redeem(&code, at(ATTENDANCE)).1.unwrap_err(), RedeemError::NoCode);
}

#[test]
fn whoever_knows_the_code_and_sits_in_between_has_other_words_on_each_side() {
    let (session, _, code) = opened();
    let with_daemon = meet(session, &code, 1);
    let (mallory, request) = with_daemon.client.ask("laptop").unwrap();
    let confirmed = redeem(with_daemon.session, with_daemon.daemon, &request.confirmation).1.unwrap();
    assert_eq!(confirmed.words(), mallory.words());
    let (mine, _, _) = opened();
    let with_victim = meet(mine, &code, 2).client.ask("laptop").unwrap().0;
    assert_ne!(with_victim.words(), confirmed.words());
}

#[test]
fn answers_about_another_session_or_state_change_nothing() {
    let other = Generation::from_number(1);
    let (session, generation) = asking();
    let (session, taken) = session.decide(other, true, MONOTONIC);
    assert!(!taken);
    let (session, verdict) = session.verdict(other, MONOTONIC);
    assert!(matches!(verdict, Verdict::Ended));
    assert!(session.applicant(MONOTONIC).is_some());
    let (session, generation_of_pending, _) = opened();
    assert_eq!(generation, generation_of_pending);
    let session = session.ask(generation, applicant());
    assert!(matches!(session.phase(MONOTONIC), Phase::Waiting { .. }), "nothing was proved");
    assert!(!session.decide(generation, true, MONOTONIC).1);
}

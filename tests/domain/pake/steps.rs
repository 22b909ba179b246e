//! What a confirmation does to the pairing session, and what order a handshake keeps.

use netclaw::domain::pake::answer::{Answer, NotPaired};
use netclaw::domain::pake::{Answered, Confirmation, FinishRequest, Handshake, Nonce, Step};
use netclaw::domain::session::{CODE_BUDGET, PairingSession, Phase, RedeemError};

use super::{confirmed, identity, meet, paired, redeem};
use crate::fakes::samples::{MONOTONIC, after, opened, other_than};

const WRONG: Confirmation = Confirmation::from_bytes([1; 32]);

/// The session after one more handshake whose confirmation is wrong.
fn after_wrong(session: PairingSession, seed: u64) -> (PairingSession, RedeemError) {
    let met = meet(session, &opened(1).code, seed);
    let (session, refused) = redeem(met.session, met.daemon, &WRONG);
    (session, refused.unwrap_err())
}

#[test]
fn a_wrong_confirmation_is_one_wrong_code_of_the_one_budget() {
    let opened = opened(1);
    let wrong = other_than(&opened.code);
    let mut session = opened.session;
    for number in 1..CODE_BUDGET {
        let refused;
        if number % 10 == 0 {
            (session, refused) = after_wrong(session, u64::from(number));
        } else {
            let (next, redeemed) = session.redeem(&wrong, MONOTONIC);
            (session, refused) = (next, redeemed.unwrap_err());
        }
        assert_eq!(refused, RedeemError::WrongCode, "wrong code {number}");
    }
    let (session, last) = after_wrong(session, 1_000);
    assert_eq!((last, session.phase(MONOTONIC)), (RedeemError::LastWrongCode, Phase::Exhausted));
}

#[test]
fn a_handshake_that_goes_no_further_is_no_guess() {
    let opened = opened(1);
    let session = (0..150).fold(opened.session, |session, seed| meet(session, &opened.code, seed).session);
    let met = meet(session, &opened.code, 999);
    let (_, request) = met.client.ask("laptop").unwrap();
    redeem(met.session, met.daemon, &request.confirmation).1.unwrap();
}

#[test]
fn of_two_handshakes_and_the_first_protocol_one_redeems_the_code() {
    let opened = opened(1);
    let first = meet(opened.session, &opened.code, 1);
    let second = meet(first.session, &opened.code, 2);
    let confirm = |client: netclaw::domain::pake::ClientConfirm| client.ask("laptop").unwrap().1.confirmation;
    let (session, won) = redeem(second.session, second.daemon, &confirm(second.client));
    won.unwrap();
    let (session, lost) = redeem(session, first.daemon, &confirm(first.client));
    assert_eq!(lost.unwrap_err(), RedeemError::NoCode);
    assert_eq!(session.redeem(&opened.code, MONOTONIC).1.unwrap_err(), RedeemError::NoCode);
}

#[test]
fn a16_a_handshake_of_a_replaced_session_redeems_nothing_and_is_no_guess_at_the_new_code() {
    let (old, new) = (opened(1), opened(2));
    let met = meet(old.session, &old.code, 3);
    let (_, request) = met.client.ask("laptop").unwrap();
    let (session, refused) = redeem(new.session, met.daemon, &request.confirmation);
    assert_eq!(refused.unwrap_err(), RedeemError::NoCode);
    let (old_confirmed, ..) = confirmed(1);
    assert_eq!(session.redeem_again(&old_confirmed, MONOTONIC).1.unwrap_err(), RedeemError::NoCode);
}

#[test]
fn a17_a_confirmation_at_the_end_of_the_code_comes_too_late() {
    for (offset, is_in_time) in [(299_999, true), (300_000, false)] {
        let opened = opened(1);
        let met = meet(opened.session, &opened.code, 2);
        let (_, request) = met.client.ask("laptop").unwrap();
        let (_, redeemed) = met.session.redeem_confirmed(met.daemon, &request.confirmation, after(offset));
        assert_eq!(redeemed.map(drop).err(), (!is_in_time).then_some(RedeemError::NoCode), "{offset}");
    }
}

#[test]
fn a_released_code_is_redeemed_again_by_its_handshake_until_the_code_ends() {
    let opened = opened(1);
    let met = meet(opened.session, &opened.code, 2);
    let (_, request) = met.client.ask("laptop").unwrap();
    let (session, confirmed) = redeem(met.session, met.daemon, &request.confirmation);
    let confirmed = confirmed.unwrap();
    let (session, refused) = session.redeem_again(&confirmed, MONOTONIC);
    assert_eq!(refused.unwrap_err(), RedeemError::NoCode, "while it is reserved");
    let session = session.release(opened.generation);
    let (session, redeemed) = session.redeem_again(&confirmed, after(299_999));
    assert_eq!(redeemed.unwrap().generation(), opened.generation);
    let session = session.release(opened.generation);
    assert_eq!(session.redeem_again(&confirmed, after(300_000)).1.unwrap_err(), RedeemError::NoCode);
}

/// A handshake that answered `answer` to its first request.
fn answered(answer: &Answer) -> (Handshake, FinishRequest) {
    let (daemon, _, request) = confirmed(1);
    let sealed = daemon.seal(0, answer, &identity());
    let mut handshake = Handshake::Destroyed;
    handshake.settle(daemon, answer, Answered::new(&request, sealed));
    (handshake, request)
}

fn asks(handshake: &mut Handshake, request: &FinishRequest) -> &'static str {
    match handshake.step(request) {
        Step::Repeat(_) => "repeat",
        Step::Confirm(_) => "confirm",
        Step::AnotherName(_) => "another name",
        Step::AskAgain(_) => "ask again",
        Step::OutOfOrder => "out of order",
    }
}

#[test]
fn a_handshake_whose_operator_is_asked_takes_the_same_request_and_no_other() {
    let (daemon, _, request) = confirmed(1);
    let mut handshake = Handshake::Destroyed;
    handshake.wait(daemon, &request);
    let Step::AskAgain(daemon) = handshake.step(&request) else { panic!("{handshake:?}") };
    handshake.wait(daemon, &request);
    let mut changed = request.clone();
    changed.sequence = 1;
    assert_eq!(asks(&mut handshake, &changed), "out of order");
    assert_eq!(asks(&mut handshake, &request), "out of order", "it is destroyed");
}

#[test]
fn the_same_request_gets_the_same_answer_as_often_as_it_comes() {
    for answer in [paired(), Answer::NotPaired(NotPaired::NameTaken), Answer::NotPaired(NotPaired::UnknownLink)] {
        let (mut handshake, request) = answered(&answer);
        let mut answers = Vec::new();
        for _ in 0..3 {
            let Step::Repeat(answer) = handshake.step(&request) else { panic!("{handshake:?}") };
            answers.push(answer.sealed);
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

#[test]
fn b21_what_is_out_of_order_changed_or_mixed_destroys_the_handshake() {
    let taken = Answer::NotPaired(NotPaired::NameTaken);
    let changes: [fn(&mut FinishRequest); 5] = [
        |request| request.sealed[0] ^= 1,
        |request| request.confirmation = WRONG,
        |request| request.handshake = Nonce([1; 32]),
        |request| request.sequence = 2,
        |request| request.sequence = 255,
    ];
    for change in changes {
        let (mut handshake, request) = answered(&taken);
        let mut changed = request.clone();
        change(&mut changed);
        assert_eq!(asks(&mut handshake, &changed), "out of order");
        assert_eq!(asks(&mut handshake, &request), "out of order", "it is destroyed");
    }
    let (mut handshake, mut request) = answered(&paired());
    request.sequence = 1;
    assert_eq!(asks(&mut handshake, &request), "out of order", "after the device");
}

#[test]
fn b21_a_first_request_has_the_number_0_and_comes_once() {
    let opened = opened(1);
    let met = meet(opened.session, &opened.code, 2);
    let (_, mut request) = met.client.ask("laptop").unwrap();
    let mut handshake = Handshake::HalfOpen(met.daemon);
    assert_eq!(asks(&mut handshake, &request), "confirm");
    assert_eq!(asks(&mut handshake, &request), "out of order", "until it is settled");
    let met = meet(met.session, &opened.code, 3);
    let mut handshake = Handshake::HalfOpen(met.daemon);
    request.sequence = 1;
    assert_eq!(asks(&mut handshake, &request), "out of order");
}

#[test]
fn b21_a_request_of_another_handshake_cannot_be_opened() {
    let (daemon, _, request) = confirmed(1);
    let (_, _, mut other) = confirmed(2);
    assert!(daemon.open(&other).is_err(), "its confirmation is another one");
    other.confirmation = request.confirmation;
    assert!(daemon.open(&other).is_err(), "its key is another one");
    let mut later = request.clone();
    later.sequence = 1;
    assert!(daemon.open(&later).is_err(), "its number is another one");
    daemon.open(&request).unwrap();
}

#[test]
fn another_name_is_the_next_number() {
    let (mut handshake, mut request) = answered(&Answer::NotPaired(NotPaired::StorageUnavailable));
    request.sequence = 1;
    assert_eq!(asks(&mut handshake, &request), "another name");
}

//! Both roles against each other: when they agree, and that nothing but full agreement counts.

use netclaw::domain::binding::{Binding, Origin};
use netclaw::domain::code::PairingCode;
use netclaw::domain::pake::answer::{Answer, MAX_ENDPOINTS, NotPaired};
use netclaw::domain::pake::{
    AnswerError, ClientHello, ClientStart, DaemonHello, MAX_NAMES, Nonce, Outcome, Transcript,
};
use netclaw::domain::pin::Pin;
use netclaw::domain::session::RedeemError;
use proptest::prelude::*;

use super::{binding, confirmed, flipped, grant, hello, identity, meet, paired, redeem};
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{MONOTONIC, name, opened};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whoever_has_the_code_is_paired(seed: u64, wanted in "[a-z]{1,64}") {
        let seed = seed % (1 << 40);
        let opened = opened(seed);
        let met = meet(opened.session, &opened.code, seed);
        let (client, request) = met.client.ask(&wanted).unwrap();
        let daemon = redeem(met.session, met.daemon, &request.confirmation).1.unwrap();
        prop_assert_eq!(daemon.open(&request).unwrap(), wanted);
        prop_assert_eq!(daemon.binding(), &binding());
        let outcome = client.receive(&daemon.seal(0, &paired(), &identity())).unwrap();
        let Outcome::Paired(enrolment) = outcome else { panic!("{outcome:?}") };
        let granted = grant().token;
        prop_assert_eq!(enrolment.grant.token.reveal(), granted.reveal());
        prop_assert_eq!(enrolment.identity.id(), identity().id());
    }

    #[test]
    fn whoever_has_another_code_is_not(seed: u64, typed in "[2-9A-HJ-NP-Z]{8}") {
        let seed = seed % (1 << 40);
        let opened = opened(seed);
        let typed = PairingCode::parse(&typed).unwrap();
        prop_assume!(!typed.matches(&opened.code));
        let met = meet(opened.session, &typed, seed);
        let (_, request) = met.client.ask("laptop").unwrap();
        prop_assert_eq!(redeem(met.session, met.daemon, &request.confirmation).1.unwrap_err(), RedeemError::WrongCode);
    }

    #[test]
    fn a_changed_answer_is_not_believed(seed: u64, bit: usize) {
        let (daemon, client, _) = confirmed(seed % (1 << 40));
        let answer = flipped(daemon.seal(0, &paired(), &identity()), bit);
        prop_assert_eq!(client.receive(&answer).unwrap_err(), AnswerError::Unreadable);
    }
}

/// What the client's proof leads to when the daemon sees the first message, and the client the answer to it, changed.
fn between(change: impl Fn(&mut ClientHello), answer: impl Fn(&mut DaemonHello)) -> RedeemError {
    let opened = opened(1);
    let (client, mut sent) = hello(&opened.code, 2);
    change(&mut sent);
    let begun = opened.session.begin(&sent, identity().public_key(), &SeededRng::new(3).bytes(), MONOTONIC);
    let (daemon, mut reply) = begun.unwrap();
    answer(&mut reply);
    let (_, request) = client.receive(&reply).unwrap().ask("laptop").unwrap();
    redeem(opened.session, daemon, &request.confirmation).1.unwrap_err()
}

#[test]
fn b19_whatever_is_changed_on_the_way_the_confirmation_is_wrong() {
    let other = || hello(&opened(1).code, 99).1;
    let nothing = |_: &mut DaemonHello| {};
    let changes: [fn(&mut ClientHello); 4] = [
        |hello| hello.nonce = Nonce([1; 32]),
        |hello| hello.binding = Binding::Spki(Pin::from_bytes([1; 32])),
        |hello| hello.binding = Binding::Origin(Origin::parse("https://agent.example.org:444").unwrap()),
        |hello| hello.message = self::hello(&opened(1).code, 99).1.message,
    ];
    for change in changes {
        assert_eq!(between(change, nothing), RedeemError::WrongCode);
    }
    assert_eq!(between(|_| {}, |reply| reply.nonce = Nonce([1; 32])), RedeemError::WrongCode);
    assert_eq!(between(|_| {}, |reply| reply.message = other().message), RedeemError::WrongCode);
    let thief = netclaw::domain::identity::IdentityKey::from_seed(&[1; 32]).unwrap().public_key();
    assert_eq!(between(|_| {}, |reply| reply.identity = thief), RedeemError::WrongCode);
}

#[test]
fn the_suite_is_part_of_the_transcript() {
    let opened = opened(1);
    let met = meet(opened.session, &opened.code, 2);
    let bytes = Transcript::of(&met.hello, &met.reply).as_bytes().to_vec();
    let suite = met.hello.suite.name().as_bytes();
    assert!(bytes.windows(suite.len()).any(|window| window == suite));
}

#[test]
fn a_false_daemon_with_another_code_cannot_answer() {
    let (right, false_session) = (opened(1), opened(2));
    let met = meet(false_session.session, &right.code, 3);
    let (client, request) = met.client.ask("laptop").unwrap();
    // It has one guess, its own code, and sees that it was wrong. The name stays closed.
    assert_eq!(redeem(met.session, met.daemon, &request.confirmation).1.unwrap_err(), RedeemError::WrongCode);
    let (other, ..) = confirmed(4);
    assert!(other.open(&request).is_err());
    assert_eq!(client.receive(&other.seal(0, &paired(), &identity())).unwrap_err(), AnswerError::NoProof);
}

#[test]
fn a_daemon_with_the_code_cannot_take_another_identity() {
    let (daemon, client, _) = confirmed(1);
    let another = netclaw::domain::identity::IdentityKey::from_seed(&[1; 32]).unwrap();
    assert_eq!(client.receive(&daemon.seal(0, &paired(), &another)).unwrap_err(), AnswerError::NotTheIdentity);
}

#[test]
fn an_answer_to_another_request_is_not_believed() {
    let (daemon, client, _) = confirmed(1);
    assert_eq!(client.receive(&daemon.seal(1, &paired(), &identity())).unwrap_err(), AnswerError::Unreadable);
}

#[test]
fn another_name_can_be_asked_for_five_times_in_all() {
    let (daemon, mut client, mut request) = confirmed(1);
    for sequence in 0..MAX_NAMES - 1 {
        assert_eq!(request.sequence, sequence);
        let answer = daemon.seal(sequence, &Answer::NotPaired(NotPaired::NameTaken), &identity());
        let outcome = client.receive(&answer).unwrap();
        let Outcome::AnotherName(NotPaired::NameTaken, again) = outcome else { panic!("{outcome:?}") };
        (client, request) = again.ask(&format!("laptop-{sequence}")).unwrap();
        assert_eq!(daemon.open(&request).unwrap(), format!("laptop-{sequence}"));
    }
    let last = daemon.seal(MAX_NAMES - 1, &Answer::NotPaired(NotPaired::NameTaken), &identity());
    assert!(matches!(client.receive(&last), Ok(Outcome::Ended(NotPaired::NameTaken))));
}

#[test]
fn every_other_answer_ends_the_handshake_or_lets_it_live_as_documented() {
    let lives = [NotPaired::InvalidDeviceName, NotPaired::NameTaken, NotPaired::StorageUnavailable];
    for why in lives.into_iter().chain([NotPaired::FixedNameTaken, NotPaired::UnknownLink, NotPaired::NoPairingCode]) {
        let (daemon, client, _) = confirmed(1);
        let told = match client.receive(&daemon.seal(0, &Answer::NotPaired(why), &identity())).unwrap() {
            Outcome::AnotherName(told, _) => (told, true),
            Outcome::Ended(told) => (told, false),
            Outcome::Paired(_) => panic!("paired"),
        };
        assert_eq!(told, (why, lives.contains(&why)));
    }
}

#[test]
fn the_largest_grant_fits_whatever_is_in_it() {
    let mut largest = grant();
    let wide = "\u{20000}".repeat(64);
    (largest.device_name, largest.daemon_name) = (name(&wide), Some(name(&wide)));
    (largest.pin_now, largest.pin_next) = (Some(Pin::from_bytes([1; 32])), Some(Pin::from_bytes([2; 32])));
    let path = |length: usize| format!("https://agent.example.org/{}", "x".repeat(length));
    let longest = netclaw::domain::endpoint::Endpoint::parse(&path(254)).unwrap();
    let too_long = netclaw::domain::endpoint::Endpoint::parse(&path(255)).unwrap();
    largest.endpoints = vec![too_long];
    largest.endpoints.extend(std::iter::repeat_n(longest.clone(), MAX_ENDPOINTS + 1));
    let (daemon, client, _) = confirmed(1);
    let outcome = client.receive(&daemon.seal(0, &Answer::Paired(Box::new(largest)), &identity())).unwrap();
    let Outcome::Paired(enrolment) = outcome else { panic!("{outcome:?}") };
    assert_eq!(enrolment.grant.endpoints, vec![longest; MAX_ENDPOINTS]);
    assert_eq!(enrolment.grant.device_name.as_str(), wide);
}

#[test]
fn a_name_of_any_script_fits_and_one_that_cannot_be_a_name_is_not_sent() {
    let ask = |text: &str| {
        let opened = opened(1);
        meet(opened.session, &opened.code, 2).client.ask(text).is_ok()
    };
    assert!(ask(&"\u{20000}".repeat(64)));
    assert!(ask(&"x".repeat(384)) && !ask(&"x".repeat(385)));
}

#[test]
fn b18_nothing_shows_in_debug() {
    let opened = opened(1);
    let met = meet(opened.session, &opened.code, 2);
    let (start, _) = ClientStart::begin(&opened.code, binding(), &[3; 96]).unwrap();
    let shown = format!("{start:?} {:?} {:?} {:?}", met.client, met.daemon, met.session);
    for half in opened.code.reveal().split('-') {
        assert!(!shown.contains(half), "{shown}");
    }
    assert!(!shown.contains("keys"), "{shown}");
}

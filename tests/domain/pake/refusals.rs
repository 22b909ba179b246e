//! Messages that must not be computed with.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use netclaw::domain::pake::{ClientStart, DaemonHello, Nonce, PakeError, PakeMessage};
use netclaw::domain::session::BeginError;

use super::{binding, hello, identity, meet};
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{MONOTONIC, after, opened};

/// Every spelling of the eight points of small order that decompression takes: the canonical ones, then those with a sign on
/// x = 0 or y not reduced.
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn b20_the_identity_and_all_points_of_small_order_are_refused_in_every_spelling() {
    for text in SMALL_ORDER {
        let refused = PakeMessage::parse(&unhex(text)).unwrap_err();
        assert!(matches!(refused, PakeError::SmallOrder | PakeError::NotAPoint), "{text}: {refused}");
    }
    for (point, text) in EIGHT_TORSION.iter().zip(0..) {
        assert_eq!(PakeMessage::parse(point.compress().as_bytes()), Err(PakeError::SmallOrder), "{text}");
    }
}

#[test]
fn b20_points_outside_the_group_are_refused() {
    for torsion in &EIGHT_TORSION[1..] {
        let mixed = ED25519_BASEPOINT_POINT + torsion;
        assert_eq!(PakeMessage::parse(mixed.compress().as_bytes()), Err(PakeError::OutsideGroup));
    }
    PakeMessage::parse(ED25519_BASEPOINT_POINT.compress().as_bytes()).unwrap();
}

#[test]
fn b20_what_is_no_point_or_has_another_length_is_refused() {
    let point = ED25519_BASEPOINT_POINT.compress();
    let long = [point.as_bytes().as_slice(), &[0]].concat();
    for bytes in [&[][..], &point.as_bytes()[..31], &long, &[2; 32]] {
        assert_eq!(PakeMessage::parse(bytes), Err(PakeError::NotAPoint), "{bytes:?}");
    }
}

#[test]
fn b20_the_clients_own_message_or_nonce_sent_back_is_refused() {
    let opened = opened(1);
    let reply = meet(opened.session, &opened.code, 2).reply;
    let (client, sent) = hello(&opened.code, 2);
    assert_eq!(client.receive(&DaemonHello { message: sent.message, ..reply }).unwrap_err(), PakeError::Reflected);
    let (client, sent) = hello(&opened.code, 2);
    assert_eq!(client.receive(&DaemonHello { nonce: sent.nonce, ..reply }).unwrap_err(), PakeError::Reflected);
}

#[test]
fn b20_the_daemon_does_not_take_its_own_nonce_or_message_for_the_clients() {
    let opened = opened(1);
    let random: [u8; 96] = SeededRng::new(3).bytes();
    let begin = |hello| opened.session.begin(&hello, identity().public_key(), &random, MONOTONIC).map(drop);
    let (_, mut mirrored) = hello(&opened.code, 2);
    mirrored.nonce = Nonce(random[..32].try_into().unwrap());
    assert_eq!(begin(mirrored), Err(BeginError::Message(PakeError::Reflected)));
    let (_, mut mirrored) = hello(&opened.code, 2);
    let (_, reply) = opened.session.begin(&mirrored, identity().public_key(), &random, MONOTONIC).unwrap();
    mirrored.message = reply.message;
    assert_eq!(begin(mirrored), Err(BeginError::Message(PakeError::Reflected)));
}

#[test]
fn a_session_that_is_over_begins_no_handshake() {
    let opened = opened(1);
    let (_, hello) = hello(&opened.code, 2);
    let begin = |now| opened.session.begin(&hello, identity().public_key(), &[3; 96], now).map(drop);
    assert_eq!(begin(after(299_999)), Ok(()));
    assert_eq!(begin(after(300_000)), Err(BeginError::NoCode));
    let session = opened.session.redeem(&opened.code, MONOTONIC).0;
    let begun = session.begin(&hello, identity().public_key(), &[3; 96], MONOTONIC).map(drop);
    assert_eq!(begun, Err(BeginError::NoCode));
}

#[test]
fn the_same_random_bytes_make_the_same_messages_and_others_make_others() {
    let code = opened(1).code;
    let begin = |byte| ClientStart::begin(&code, binding(), &[byte; 96]).unwrap().1.message;
    assert_eq!(begin(1), begin(1));
    assert_ne!(begin(1), begin(2));
}

//! Handshakes that an implementation in another language computed (`tests/second_client/vectors.py`): every byte is pinned.

use std::collections::BTreeMap;

use netclaw::domain::binding::{Binding, Origin};
use netclaw::domain::code::PairingCode;
use netclaw::domain::device::Device;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::link_secret::LinkSecret;
use netclaw::domain::pairing_secret::PairingSecret;
use netclaw::domain::pake::answer::{Answer, Grant, NotPaired};
use netclaw::domain::pake::{ClientStart, Confirmation, Outcome, Role, SessionKeys, SharedSecret, Transcript};
use netclaw::domain::pin::Pin;
use netclaw::domain::session::{LINK_SESSION_RANDOM_BYTES, PairingSession, SESSION_RANDOM_BYTES};
use netclaw::domain::terms::Terms;

use super::endpoint;
use crate::fakes::samples::{MONOTONIC, NOW, WALL, name, redeemed_code};

/// One vector: bytes by name.
type Vector = BTreeMap<&'static str, Vec<u8>>;

fn vectors() -> Vec<Vector> {
    let mut vectors: Vec<Vector> = Vec::new();
    for line in include_str!("vectors.txt").lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(" = ") {
            Some((key, value)) => drop(vectors.last_mut().unwrap().insert(key, unhex(value))),
            None if line.starts_with('[') => vectors.push(Vector::new()),
            None => assert_eq!(line, ""),
        }
    }
    vectors
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn array<const N: usize>(vector: &Vector, key: &str) -> [u8; N] {
    vector[key].as_slice().try_into().unwrap()
}

fn text(vector: &Vector, key: &str) -> String {
    String::from_utf8(vector[key].clone()).unwrap()
}

fn binding(vector: &Vector) -> Binding {
    match text(vector, "binding_kind").as_str() {
        "spki" => Binding::Spki(Pin::from_bytes(array(vector, "binding_value"))),
        _ => Binding::Origin(Origin::parse(&text(vector, "binding_value")).unwrap()),
    }
}

/// The random bytes that a session with this code is opened from.
fn session_random(code: &str) -> [u8; SESSION_RANDOM_BYTES] {
    const ALPHABET: &str = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let value = |symbol| ALPHABET.find(symbol).unwrap() as u64;
    let bits = code.chars().filter(|c| *c != '-').fold(0, |bits, symbol| bits << 5 | value(symbol));
    let mut random = [0; SESSION_RANDOM_BYTES];
    random[..5].copy_from_slice(&bits.to_be_bytes()[3..]);
    random
}

/// What both sides share.
fn secret(vector: &Vector) -> PairingSecret {
    if !vector.contains_key("link_secret") {
        return PairingSecret::Code(PairingCode::parse(&text(vector, "code")).unwrap());
    }
    let secret = LinkSecret::from_random(array(vector, "link_secret"));
    assert_eq!(secret.id().as_bytes(), vector["link_id"].as_slice());
    PairingSecret::Link(secret)
}

/// A session that waits for it.
fn session(vector: &Vector) -> PairingSession {
    match secret(vector) {
        PairingSecret::Code(code) => {
            let opened = PairingSession::open(session_random(&text(vector, "code")), Terms::default(), NOW);
            assert!(opened.code.matches(&code));
            opened.session
        }
        PairingSecret::Link(_) => {
            let mut random = [0; LINK_SESSION_RANDOM_BYTES];
            random[..16].copy_from_slice(&vector["link_secret"]);
            PairingSession::open_link(&random, Terms::default(), NOW).session
        }
    }
}

fn grant(vector: &Vector) -> Answer {
    let (device, token) = Device::enrol(redeemed_code(), name("laptop"), &array(vector, "device_random"), WALL);
    let counting = |start: u8| Pin::from_bytes(std::array::from_fn(|place| start + place as u8));
    Answer::Paired(Box::new(Grant {
        token,
        device: device.id(),
        device_name: device.name().clone(),
        daemon_name: Some(name("my-server")),
        pin_now: Some(counting(1)),
        pin_next: Some(counting(2)),
        endpoints: vec![endpoint()],
    }))
}

#[test]
fn transcripts_keys_tags_and_sealed_bytes_are_those_of_the_second_implementation() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 3);
    for vector in &vectors {
        let secret = secret(vector);
        let identity = IdentityKey::from_seed(&array(vector, "identity_seed")).unwrap();
        assert_eq!(identity.public_key().as_bytes(), vector["identity"].as_slice());
        assert_eq!(identity.id().as_str(), text(vector, "daemon_id"));

        let session = session(vector);
        let (client, hello) = ClientStart::begin(&secret, binding(vector), &array(vector, "client_random")).unwrap();
        assert_eq!(hello.message.as_bytes(), vector["x"].as_slice());
        let random = array(vector, "daemon_random");
        let (daemon, reply) = session.begin(&hello, identity.public_key(), &random, MONOTONIC).unwrap();
        assert_eq!(reply.message.as_bytes(), vector["y"].as_slice());

        let transcript = Transcript::of(&hello, &reply);
        assert_eq!(transcript.as_bytes(), vector["transcript"]);
        assert_eq!(transcript.hash().as_bytes(), vector["th"].as_slice());
        let keys = SessionKeys::derive(&SharedSecret::from_bytes(&array(vector, "secret")), &transcript.hash());
        for (role, side) in [(Role::Client, "client"), (Role::Daemon, "daemon")] {
            assert_eq!(keys.confirmation(role), vector[&*format!("{side}_confirmation_key")].as_slice());
            assert_eq!(keys.sealing(role), vector[&*format!("{side}_sealing_key")].as_slice());
            let confirmation = Confirmation::of(role, &keys, &transcript.hash());
            assert_eq!(confirmation.as_bytes(), vector[&*format!("{side}_confirmation")].as_slice());
        }

        assert_eq!(keys.words().to_string(), text(vector, "words"));

        let (client, first) = client.receive(&reply).unwrap().ask("phone").unwrap();
        assert_eq!(first.confirmation.as_bytes(), vector["client_confirmation"].as_slice());
        assert_eq!(first.sealed.as_slice(), vector["sealed_name_0"].as_slice());
        assert_eq!(client.words(), keys.words());
        let (_, redeemed) = session.redeem_confirmed(daemon, &first.confirmation, MONOTONIC);
        let confirmed = redeemed.unwrap().1;
        assert_eq!(confirmed.words(), keys.words());
        assert_eq!(confirmed.open(&first).unwrap(), "phone");
        let taken = confirmed.seal(0, &Answer::NotPaired(NotPaired::NameTaken), &identity);
        assert_eq!(taken.confirmation.as_bytes(), vector["daemon_confirmation"].as_slice());
        assert_eq!(taken.sealed.as_slice(), vector["sealed_answer_0"].as_slice());

        let Ok(Outcome::AnotherName(NotPaired::NameTaken, client)) = client.receive(&taken) else { panic!() };
        let (client, second) = client.ask("laptop").unwrap();
        assert_eq!(second.sealed.as_slice(), vector["sealed_name_1"].as_slice());
        let answer = confirmed.seal(1, &grant(vector), &identity);
        assert_eq!(answer.sealed.as_slice(), vector["sealed_answer_1"].as_slice());
        let Ok(Outcome::Paired(enrolment)) = client.receive(&answer) else { panic!() };
        assert_eq!(enrolment.identity, identity.public_key());
        assert_eq!(enrolment.grant.pin_next.unwrap().as_bytes()[0], 2);
    }
}

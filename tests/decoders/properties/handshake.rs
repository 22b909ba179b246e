//! The messages of a handshake, and what is sealed in them.
//!
//! Whoever knows the code can seal any bytes. The other side is played here with the crate that computes the key exchange, so
//! that a side under test opens and reads every content.

use curve25519_dalek::edwards::CompressedEdwardsY;
use netclaw::adapters::wire::handshake::{FinishForm, FinishedForm, StartForm, StartedForm};
use netclaw::domain::binding::{Binding, Origin};
use netclaw::domain::code::PairingCode;
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::pake::{
    AnswerError, ClientHello, ClientStart, Confirmation, DaemonHello, FinishAnswer, FinishRequest, Nonce, Outcome,
    PakeMessage, ReceivedHello, Role, SEALED_ANSWER_BYTES, SEALED_NAME_BYTES, SessionKeys, SharedSecret, Suite,
    Transcript,
};
use netclaw::domain::session::{PairingSession, SESSION_RANDOM_BYTES};
use netclaw::domain::terms::Terms;
use netclaw::domain::time::{MonotonicTime, Now, WallTime};
use rand_core::{CryptoRng, RngCore};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce as SealingNonce, UnboundKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use spake2::{Ed25519Group, Identity, Password, Spake2};

/// A point is one of the prime-order group, in its one spelling, and not the identity.
pub fn point(bytes: &[u8]) {
    let Ok(message) = PakeMessage::parse(bytes) else { return };
    assert_eq!(message.as_bytes().as_slice(), bytes);
    let point = CompressedEdwardsY(*message.as_bytes()).decompress().unwrap();
    assert!(point.is_torsion_free() && !point.is_small_order() && point.compress().as_bytes() == message.as_bytes());
    let session = session();
    let hello =
        ClientHello { message, link: None, nonce: Nonce([1; 32]), suite: Suite::Spake2Ed25519, binding: binding() };
    let begun = session.begin(&hello, identity().public_key(), &[5; 96], MonotonicTime::from_millis(0));
    assert!(begun.is_ok_and(|(_, reply)| reply.message != message));
}

/// All four messages in JSON. What is read is written the same.
pub fn handshake_messages(bytes: &[u8]) {
    if let Some(hello) = read::<StartForm>(bytes).and_then(|form| form.read().ok())
        && let Ok(checked) = hello.clone().check()
    {
        let again = reread(&StartForm::from(&checked)).read().unwrap();
        let parts = |hello: ReceivedHello| (hello.suite, hello.link, hello.binding, hello.nonce, hello.message);
        assert_eq!(parts(again), parts(hello));
    }
    if let Some(hello) = read::<StartedForm>(bytes).and_then(|form| form.read().ok()) {
        let again = reread(&StartedForm::from(&hello)).read().unwrap();
        assert_eq!((again.nonce, again.message, again.identity), (hello.nonce, hello.message, hello.identity));
    }
    if let Some(request) = read::<FinishForm>(bytes).and_then(|form| form.read().ok()) {
        let again = reread(&FinishForm::from(&request)).read().unwrap();
        assert_eq!(
            (again.handshake, again.sequence, &again.sealed),
            (request.handshake, request.sequence, &request.sealed)
        );
        assert!(again.confirmation.matches(&request.confirmation));
    }
    if let Some(answer) = read::<FinishedForm>(bytes).and_then(|form| form.read().ok()) {
        let again = reread(&FinishedForm::from(&answer)).read().unwrap();
        assert!(again.sealed == answer.sealed && again.confirmation.matches(&answer.confirmation));
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

fn reread<T: Serialize + DeserializeOwned>(form: &T) -> T {
    serde_json::from_slice(&serde_json::to_vec(form).unwrap()).unwrap()
}

/// What a client makes of a content that its daemon has sealed and signed: these bytes, with zeros up to the length.
pub fn sealed_answer(bytes: &[u8]) {
    let (client, hello) = ClientStart::begin(&code(), binding(), &[3; 96]).unwrap();
    let (played, y) = Played::start(Role::Daemon);
    let reply = DaemonHello { nonce: Nonce([4; 32]), message: y, identity: identity().public_key() };
    let transcript = Transcript::of(&hello, &reply).hash();
    let keys = SessionKeys::derive(&played.finish(hello.message), &transcript);
    let (client, _) = client.receive(&reply).unwrap().ask("laptop").unwrap();

    let signature = identity().sign(&[b"netclaw pair v2 identity".as_slice(), transcript.as_bytes()].concat());
    let content = [&[2, 0, 64], signature.as_slice(), bytes].concat();
    let sealed: [u8; SEALED_ANSWER_BYTES] = sealed(keys.sealing(Role::Daemon), &content);
    let content = padded(&content, SEALED_ANSWER_BYTES - 16);
    let confirmation = Confirmation::of(Role::Daemon, &keys, &transcript);
    let outcome = client.receive(&FinishAnswer { confirmation, sealed: Box::new(sealed) });

    let one = |tag| entries(&content).and_then(|entries| only(&entries, tag));
    match outcome {
        Err(why) => assert_ne!(why, AnswerError::NoProof),
        Ok(Outcome::Paired(enrolment)) => {
            let grant = &enrolment.grant;
            assert_eq!((one(1), one(3)), (Some(&[0][..]), Some(grant.token.reveal().as_bytes())));
            assert_eq!(
                (one(4), one(5)),
                (Some(grant.device.as_str().as_bytes()), Some(grant.device_name.as_str().as_bytes()))
            );
            assert!(grant.token.device() == grant.device && grant.endpoints.len() <= 4);
            assert!(!format!("{enrolment:?}").contains(&grant.token.reveal()[20..40]));
        }
        Ok(Outcome::AnotherName(..)) => assert!(matches!(one(1), Some([1..=3]))),
        Ok(Outcome::Ended(_)) => assert!(matches!(one(1), Some([4..=7]))),
    }
}

/// What a daemon makes of a content that its client has sealed: these bytes, with zeros up to the length.
pub fn sealed_name(bytes: &[u8]) {
    let (played, x) = Played::start(Role::Client);
    let (suite, nonce) = (Suite::Spake2Ed25519, Nonce([4; 32]));
    let hello = ClientHello { suite, link: None, binding: binding(), nonce, message: x };
    let (session, now) = (session(), MonotonicTime::from_millis(0));
    let (daemon, reply) = session.begin(&hello, identity().public_key(), &[5; 96], now).unwrap();
    let transcript = Transcript::of(&hello, &reply).hash();
    let keys = SessionKeys::derive(&played.finish(reply.message), &transcript);
    let confirmation = Confirmation::of(Role::Client, &keys, &transcript);
    let (_, confirmed) = session.redeem_confirmed(daemon, &confirmation, now);
    let (_, confirmed) = confirmed.unwrap();

    let sealed = Box::new(sealed::<SEALED_NAME_BYTES>(keys.sealing(Role::Client), bytes));
    let request = FinishRequest { handshake: reply.nonce, sequence: 0, confirmation, sealed };
    let content = padded(bytes, SEALED_NAME_BYTES - 16);
    let asked = entries(&content).and_then(|entries| only(&entries, 1));
    let asked = asked.filter(|name| name.len() <= 384).and_then(|name| str::from_utf8(name).ok());
    assert_eq!(confirmed.open(&request).ok().as_deref(), asked);
    if let Some(name) = asked {
        // Whatever it is, it is judged like one that was typed.
        let _ = DeviceName::parse(name);
    }
}

/// The entries of a content, as `PROTOCOL.md` section 7 has them, or `None` if it is not of that form.
fn entries(mut content: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut entries = Vec::new();
    while let [tag @ 1..=255, rest @ ..] = content {
        let (length, rest) = rest.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        entries.push((*tag, value));
        content = rest;
    }
    content.iter().all(|byte| *byte == 0).then_some(entries)
}

/// The value of the one entry with this tag.
fn only<'a>(entries: &[(u8, &'a [u8])], tag: u8) -> Option<&'a [u8]> {
    let mut values = entries.iter().filter(|(found, _)| *found == tag).map(|(_, value)| *value);
    values.next().filter(|_| values.next().is_none())
}

fn padded(content: &[u8], length: usize) -> Vec<u8> {
    let mut content = content.to_vec();
    content.resize(length, 0);
    content
}

fn sealed<const N: usize>(key: &[u8; 32], content: &[u8]) -> [u8; N] {
    let mut content = padded(content, N - 16);
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).unwrap());
    let nonce = SealingNonce::assume_unique_for_key([0; 12]);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut content).unwrap();
    content.try_into().unwrap()
}

/// The side that is not under test.
struct Played {
    role: Role,
    state: Spake2<Ed25519Group>,
}

impl Played {
    fn start(role: Role) -> (Self, PakeMessage) {
        let password = Password::new(code().reveal().replace('-', ""));
        let [client, daemon] = [&b"netclaw pair v2 client"[..], b"netclaw pair v2 daemon"].map(Identity::new);
        let (state, message) = match role {
            Role::Client => Spake2::start_a_with_rng(&password, &client, &daemon, Same),
            Role::Daemon => Spake2::start_b_with_rng(&password, &client, &daemon, Same),
        };
        (Self { role, state }, PakeMessage::parse(&message[1..]).unwrap())
    }

    fn finish(self, other: PakeMessage) -> SharedSecret {
        let side = if self.role == Role::Client { b'B' } else { b'A' };
        let secret = self.state.finish(&[&[side], other.as_bytes().as_slice()].concat()).unwrap();
        SharedSecret::from_bytes(secret.as_slice().try_into().unwrap())
    }
}

fn code() -> PairingCode {
    PairingCode::from_random([7; 5])
}

fn session() -> PairingSession {
    let mut random = [0; SESSION_RANDOM_BYTES];
    random[..5].copy_from_slice(&[7; 5]);
    let now = Now { wall: WallTime::from_unix_millis(0), monotonic: MonotonicTime::from_millis(0) };
    PairingSession::open(random, Terms::default(), now).session
}

fn identity() -> IdentityKey {
    IdentityKey::from_seed(&[9; 32]).unwrap()
}

fn binding() -> Binding {
    Binding::Origin(Origin::of(&Endpoint::parse("https://agent.example.org").unwrap()).unwrap())
}

/// Bytes that are the same every time.
struct Same;

impl RngCore for Same {
    fn next_u32(&mut self) -> u32 {
        0x0606_0606
    }

    fn next_u64(&mut self) -> u64 {
        0x0606_0606_0606_0606
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(6);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Same {}

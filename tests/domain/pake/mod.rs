//! The handshake of pairing protocol v2, both sides.

mod both_sides;
mod links;
mod refusals;
mod steps;
mod table;
mod vectors;

use netclaw::domain::binding::{Binding, Origin};
use netclaw::domain::code::PairingCode;
use netclaw::domain::device::{DEVICE_RANDOM_BYTES, Device};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::pairing_secret::Shared;
use netclaw::domain::pake::answer::{Answer, Grant};
use netclaw::domain::pake::{
    ClientConfirm, ClientHello, ClientStart, Confirmation, DaemonConfirm, DaemonConfirmed, DaemonHello, FinishAnswer,
    FinishRequest,
};
use netclaw::domain::session::{PairingSession, RedeemError};

use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{MONOTONIC, WALL, name, opened, redeemed_code};

pub fn identity() -> IdentityKey {
    IdentityKey::from_seed(&[9; 32]).unwrap()
}

pub fn endpoint() -> Endpoint {
    Endpoint::parse("https://agent.example.org").unwrap()
}

pub fn binding() -> Binding {
    Binding::Origin(Origin::of(&endpoint()).unwrap())
}

/// A client's first message about this code, and the client after it.
pub fn hello<'a>(code: impl Into<Shared<'a>>, seed: u64) -> (ClientStart, ClientHello) {
    ClientStart::begin(code, binding(), &SeededRng::new(seed).bytes()).unwrap()
}

/// A handshake of both sides, up to the point where the client can prove the code.
pub struct Met {
    pub session: PairingSession,
    pub client: ClientConfirm,
    pub daemon: DaemonConfirm,
    pub hello: ClientHello,
    pub reply: DaemonHello,
}

/// Lets a client that has `code` meet a session.
pub fn meet(session: PairingSession, code: &PairingCode, seed: u64) -> Met {
    let (client, hello) = hello(code, seed);
    let begun = session.begin(&hello, identity().public_key(), &SeededRng::new(seed + 1_000_000).bytes(), MONOTONIC);
    let (daemon, reply) = begun.unwrap();
    Met { client: client.receive(&reply).unwrap(), session, daemon, hello, reply }
}

/// What a confirmation leads to.
pub fn redeem(
    session: PairingSession,
    daemon: DaemonConfirm,
    confirmation: &Confirmation,
) -> (PairingSession, Result<DaemonConfirmed, RedeemError>) {
    let (session, redeemed) = session.redeem_confirmed(daemon, confirmation, MONOTONIC);
    (session, redeemed.map(|(_, confirmed)| confirmed))
}

/// Both sides after a right confirmation: the client's request is still to be answered.
pub fn confirmed(seed: u64) -> (DaemonConfirmed, netclaw::domain::pake::ClientFinish, FinishRequest) {
    let opened = opened(seed);
    let met = meet(opened.session, &opened.code, seed);
    let (client, request) = met.client.ask("laptop").unwrap();
    let (_, confirmed) = redeem(met.session, met.daemon, &request.confirmation);
    (confirmed.unwrap(), client, request)
}

pub fn grant() -> Grant {
    let random: [u8; DEVICE_RANDOM_BYTES] = SeededRng::new(3).bytes();
    let (device, token) = Device::enrol(redeemed_code(), name("laptop"), &random, WALL);
    Grant {
        token,
        device: device.id(),
        device_name: device.name().clone(),
        daemon_name: Some(name("my-server")),
        pin_now: None,
        pin_next: None,
        endpoints: vec![endpoint()],
    }
}

pub fn paired() -> Answer {
    Answer::Paired(Box::new(grant()))
}

/// An answer with one bit of its sealed part changed.
pub fn flipped(mut answer: FinishAnswer, bit: usize) -> FinishAnswer {
    answer.sealed[bit / 8 % answer.sealed.len()] ^= 1 << (bit % 8);
    answer
}

//! A TLS key that is changed under its clients.

use std::io::Read;

use netclaw::domain::identity::IdentityKey;
use netclaw::domain::key_rotation::{Announcement, Urgency};
use netclaw::domain::pin::Pin;
use serde_json::{Value, json};

use super::Port;
use super::tls_client::{Client, ask};
use crate::e2e::raw_http::Request;

/// What a device gets as `transport` of its status.
fn told(port: &Port, pin: Pin, token: &str) -> Value {
    Client::of(pin).send(&Request::status(port.address, token)).json()["transport"].clone()
}

fn bytes(value: &Value) -> Vec<u8> {
    data_encoding::BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

#[test]
fn devices_are_told_of_the_next_key_and_can_believe_it() {
    let port = Port::default();
    let granted = Client::of(port.pin).send(&Request::exchange(port.address, &port.code(), "laptop")).json();
    let token = granted["token"].as_str().unwrap();
    let before = told(&port, port.pin, token);
    assert_eq!(before["pin"], port.pin.to_string());
    assert_eq!((&before["nextPin"], &before["nextSignature"]), (&Value::Null, &Value::Null));
    assert_eq!(before["keyCreatedAt"], "2026-09-21T14:13:20.000Z");

    port.rotation.rotate(Urgency::InTime).unwrap();
    let announced = told(&port, port.pin, token);
    let identity = IdentityKey::from_seed(&[7; 32]).unwrap().public_key();
    assert_eq!(bytes(&announced["identityKey"]), identity.as_bytes());
    let next: Pin = announced["nextPin"].as_str().unwrap().parse().unwrap();
    let announcement = Announcement { daemon: identity.id(), current: port.pin, next };
    announcement.verify(&identity, &bytes(&announced["nextSignature"])).unwrap();

    port.rotation.rotate(Urgency::Now).unwrap();
    let after = told(&port, next, token);
    assert_eq!((after["pin"].clone(), &after["nextPin"]), (announced["nextPin"].clone(), &Value::Null));
}

#[test]
fn this_machine_is_told_of_keys_as_devices_are() {
    let port = Port::default();
    port.rotation.rotate(Urgency::InTime).unwrap();
    let status = Request::new(port.address, "GET /api/status").send().json();
    let next = port.rotation.report().next.unwrap().pin;
    assert_eq!(status["device"], Value::Null);
    assert_eq!(
        (&status["transport"]["pin"], &status["transport"]["nextPin"]),
        (&json!(port.pin.to_string()), &json!(next.to_string()))
    );
}

#[test]
fn b27_a_switch_is_for_the_next_handshake_and_open_connections_live_on() {
    let port = Port::default();
    let live = Request::new(port.address, "GET /api/health/live");
    let (client, config) = (Client::of(port.pin), Client::of(port.pin).config());
    let mut open = client.connect(port.address).unwrap();
    assert_eq!(ask(&mut open, &live).status, 200);
    // A connection that leaves a session to be resumed.
    let mut first = client.connect_with(config.clone(), port.address).unwrap();
    assert_eq!(ask(&mut first, &live).status, 200);
    let resumed = client.connect_with(config.clone(), port.address).unwrap();
    assert_eq!(resumed.conn.handshake_kind(), Some(rustls::HandshakeKind::Resumed));

    port.rotation.rotate(Urgency::InTime).unwrap();
    let next = port.rotation.report().next.unwrap().pin;
    assert_eq!(client.send(&live).status, 200);
    assert!(Client::of(next).connect(port.address).is_err(), "announced is not yet in use");

    port.rotation.rotate(Urgency::Now).unwrap();
    assert_eq!(Client::of(next).send(&live).status, 200);
    assert!(client.connect(port.address).unwrap_err().to_string().contains("another key"));
    // A session of the old key is no way around.
    assert!(client.connect_with(config, port.address).is_err());
    assert_eq!(ask(&mut open, &live).status, 200);
    port.stop();
    assert!(matches!(open.read(&mut [0]), Ok(0) | Err(_)));
}

//! Plain HTTP and TLS on one port.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::Duration;

use netclaw::adapters::http::connections::ConnectionLimits;
use netclaw::domain::pin::Pin;
use netclaw::domain::settings::Settings;
use rustls::version::{TLS12, TLS13};
use serde_json::json;

use super::tls_client::{Client, ask};
use super::{Plan, Port};
use crate::e2e::raw_http::{Request, connect};

/// Shorter than every limit of a daemon.
const AT_ONCE: Duration = Duration::from_secs(5);

/// The record type of a handshake, and the beginning of a ClientHello whose rest does not come.
const HALF_HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

fn live(port: &Port) -> Request {
    Request::new(port.address, "GET /api/health/live")
}

/// A connection that has sent these bytes.
fn sent(port: &Port, bytes: &[u8]) -> TcpStream {
    let mut stream = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port.address).unwrap();
    stream.set_read_timeout(Some(AT_ONCE)).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

/// Whether the daemon ends it now, whatever it says before.
fn is_ended(mut stream: TcpStream) -> bool {
    match stream.read_to_end(&mut Vec::new()) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn plain_http_and_tls_are_served_on_one_port_and_tokens_work_over_both() {
    let port = Port::default();
    let client = Client::of(port.pin);
    assert_eq!(live(&port).send().status, 200);
    assert_eq!(client.send(&live(&port)).json(), json!({ "status": "ok" }));
    let granted = client.send(&Request::exchange(port.address, &port.code(), "laptop"));
    let token = granted.json()["token"].as_str().unwrap().to_owned();
    let status = Request::status(port.address, &token);
    assert_eq!(status.send().json()["device"]["name"], "laptop");
    assert_eq!(client.send(&status).json()["device"]["name"], "laptop");
}

#[test]
fn many_requests_share_one_connection_over_tls_as_over_plain_http() {
    let port = Port::default();
    let mut encrypted = Client::of(port.pin).connect(port.address).unwrap();
    let mut plain = sent(&port, b"");
    for _ in 0..3 {
        assert_eq!(ask(&mut encrypted, &live(&port)).status, 200);
        assert_eq!(ask(&mut plain, &live(&port)).status, 200);
    }
}

#[test]
fn http_1_1_is_spoken_in_tls_1_2_and_1_3_and_nothing_else() {
    let port = Port::default();
    let client = Client::of(port.pin);
    for versions in [vec![&TLS12], vec![&TLS13]] {
        for protocols in [vec![], vec!["http/1.1"], vec!["h2", "http/1.1"]] {
            let client = Client { versions: versions.clone(), protocols: protocols.clone(), ..client.clone() };
            let stream = client.connect(port.address).unwrap();
            let agreed = stream.conn.alpn_protocol().map(<[u8]>::to_vec);
            assert_eq!(agreed, (!protocols.is_empty()).then(|| b"http/1.1".to_vec()));
            assert_eq!(client.send(&live(&port)).status, 200);
        }
        for protocol in ["h2", "h3", "http/1.0", "acme-tls/1"] {
            let client = Client { versions: versions.clone(), protocols: vec![protocol], ..client.clone() };
            assert!(client.connect(port.address).is_err(), "{protocol}");
        }
    }
}

#[test]
fn b27_a_client_with_another_pin_ends_the_handshake() {
    let port = Port::default();
    let other = Client::of(Pin::from_bytes([7; 32]));
    assert!(other.connect(port.address).unwrap_err().to_string().contains("another key"));
    assert_eq!(Client::of(port.pin).send(&live(&port)).status, 200);
}

#[test]
fn what_begins_like_tls_and_is_none_is_ended_and_others_are_served() {
    let port = Port::default();
    for garbage in
        [&b"\x16GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], b"\x16\xff\xff\xff\xff\xff\xff", &[0x16; 20_000]]
    {
        assert!(is_ended(sent(&port, garbage)), "{garbage:?}");
        assert_eq!(live(&port).send().status, 200);
        assert_eq!(Client::of(port.pin).send(&live(&port)).status, 200);
    }
}

#[test]
fn e47_who_does_not_show_what_they_speak_is_given_up() {
    let limits = ConnectionLimits { opening: Duration::from_millis(200), ..ConnectionLimits::DAEMON };
    let port = Port::of(Plan { limits, ..Plan::default() });
    for first_bytes in [&b""[..], &HALF_HELLO[..1], HALF_HELLO] {
        assert!(is_ended(sent(&port, first_bytes)), "{first_bytes:?}");
    }
    // The limit is for the beginning only.
    let mut plain = sent(&port, b"");
    assert_eq!(ask(&mut plain, &live(&port)).status, 200);
    let mut encrypted = Client::of(port.pin).connect(port.address).unwrap();
    assert_eq!(ask(&mut encrypted, &live(&port)).status, 200);
    assert!(is_ended(sent(&port, HALF_HELLO)));
    assert_eq!(ask(&mut plain, &live(&port)).status, 200);
    assert_eq!(ask(&mut encrypted, &live(&port)).status, 200);
}

#[test]
fn e47_silent_and_half_open_connections_make_room_for_others() {
    for first_bytes in [&b""[..], HALF_HELLO, &HALF_HELLO[..1]] {
        let limits = ConnectionLimits { connections: 4, ..ConnectionLimits::DAEMON };
        let port = Port::of(Plan { limits, ..Plan::default() });
        let silent: Vec<TcpStream> = (0..40).map(|_| sent(&port, first_bytes)).collect();
        assert_eq!(Client::of(port.pin).send(&live(&port)).status, 200);
        assert_eq!(live(&port).send().status, 200);
        // The oldest made room.
        assert!(is_ended(silent.into_iter().next().unwrap()));
    }
}

#[test]
fn a_daemon_that_stops_does_not_wait_for_handshakes() {
    let port = Port::with(Settings::default());
    let silent = [sent(&port, b""), sent(&port, HALF_HELLO)];
    let mut idle = Client::of(port.pin).connect(port.address).unwrap();
    assert_eq!(ask(&mut idle, &live(&port)).status, 200);
    port.stop();
    assert!(silent.into_iter().all(is_ended));
    assert!(matches!(idle.read(&mut [0]), Ok(0) | Err(_)));
}

//! Requests whose body does not come.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::Duration;

use netclaw::adapters::http::connections::ConnectionLimits;

use super::{Plan, Port};
use crate::e2e::raw_http::{Request, connect};

/// Shorter than the time after which a body is given up.
const AT_ONCE: Duration = Duration::from_secs(5);

/// A connection whose request has been admitted, and whose body is awaited: the daemon says so when it is asked to.
fn awaited(port: &Port) -> TcpStream {
    let mut stream = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port.address).unwrap();
    stream.set_read_timeout(Some(AT_ONCE)).unwrap();
    let head = "POST /api/pair/exchange HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 99\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[test]
fn bodies_that_do_not_come_keep_no_place_from_others() {
    let limits = ConnectionLimits { connections: 2, ..ConnectionLimits::DAEMON };
    let port = Port::of(Plan { limits, ..Plan::default() });
    let (mut oldest, mut newest) = (awaited(&port), awaited(&port));
    oldest.write_all(b"{").unwrap();
    let mut other = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port.address).unwrap();
    other.set_read_timeout(Some(AT_ONCE)).unwrap();
    let live = Request::new(port.address, "GET /api/health/live");
    other.write_all(live.bytes("close").as_bytes()).unwrap();
    let mut answer = String::new();
    other.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    // The one that had waited longest made room, however recent its last byte; the other one is answered.
    assert!(matches!(oldest.read(&mut [0]), Ok(0) | Err(_)));
    newest.write_all(&[b' '; 99]).unwrap();
    let mut first_byte = [0];
    newest.read_exact(&mut first_byte).unwrap();
    assert_eq!(&first_byte, b"H");
}

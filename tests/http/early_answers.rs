//! Requests that are answered before their body has come.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};

use super::Port;
use crate::e2e::raw_http::{Request, answers, connect};

/// A connection on which a request was refused whose body, of this size, has not been sent.
fn refused(port: &Port, size: usize) -> TcpStream {
    let mut stream = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port.address).unwrap();
    let head = format!(
        "POST /api/pair/exchange HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {size}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(stream.peek(&mut [0]).unwrap(), 1);
    stream
}

#[test]
fn who_still_sends_a_refused_body_reads_the_refusal() {
    const SIZE: usize = 1024 * 1024;
    let port = Port::default();
    let mut stream = refused(&port, SIZE);
    for _ in 0..SIZE / 4096 {
        stream.write_all(&[b' '; 4096]).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let answer = answers(&answer).pop().unwrap();
    assert_eq!(answer.problem(), (413, "payload_too_large".to_owned()));
    // A proxy that reads this sends no other request on the connection.
    assert_eq!(answer.header("connection"), Some("close"));
}

#[test]
fn a_refusal_of_a_body_that_was_read_leaves_the_connection_open() {
    let port = Port::default();
    let mut stream = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port.address).unwrap();
    let unreadable = Request::exchange(port.address, "0000-0000", "x");
    stream.write_all((unreadable.bytes("keep-alive") + &unreadable.bytes("close")).as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let both: Vec<_> = answers(&text).iter().map(|answer| answer.header("connection").map(str::to_owned)).collect();
    assert_eq!(both, [None, Some("close".to_owned())]);
}

#[test]
fn who_never_ends_a_refused_body_is_cut_off() {
    let port = Port::default();
    let mut stream = refused(&port, usize::MAX / 2);
    let much = vec![b' '; 1024 * 1024];
    // More than the daemon throws away and all buffers in between hold.
    let cut_off = (0..64).find_map(|_| stream.write_all(&much).err()).unwrap();
    assert!(matches!(cut_off.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{cut_off}");
}

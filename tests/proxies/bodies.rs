//! Bodies that come slowly, in chunks, or are too large.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use super::lan::{Machine, PUBLIC_NAME};
use super::site::{Site, behind_each_proxy, exchange, guess, request};
use crate::e2e::raw_http::{Answer, Request, answers, connect};

/// Sends `text` from Alice with `send`; it must ask for the connection to be closed.
fn send_with(site: &Site, text: &str, send: impl Fn(&mut TcpStream, &[u8])) -> Answer {
    let Request { from, to, .. } = request("");
    let mut stream = site.lan.namespace(Machine::Alice).run(|| connect(from, to).unwrap());
    send(&mut stream, text.as_bytes());
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answers(&answer).pop().unwrap_or_else(|| panic!("no answer: {answer}"))
}

fn at_once(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
}

/// Each byte in a packet of its own.
fn byte_by_byte(stream: &mut TcpStream, bytes: &[u8]) {
    stream.set_nodelay(true).unwrap();
    for byte in bytes {
        stream.write_all(&[*byte]).unwrap();
    }
}

/// An exchange whose body is sent in chunks of `size` bytes.
fn chunked(body: &str, size: usize) -> String {
    let chunk = |piece: &[u8]| format!("{:x}\r\n{}\r\n", piece.len(), str::from_utf8(piece).unwrap());
    let chunks: String = body.as_bytes().chunks(size).map(chunk).collect();
    format!(
        "POST /api/pair/exchange HTTP/1.1\r\nHost: {PUBLIC_NAME}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunks}0\r\n\r\n"
    )
}

#[test]
fn a_body_may_come_a_byte_at_a_time() {
    behind_each_proxy(|site| {
        let text = exchange(&site.host.code(), "laptop").bytes("close");
        assert_eq!(send_with(&site, &text, byte_by_byte).status, 200);
        assert_eq!(site.host.device_names().iter().filter(|name| *name == "laptop").count(), 1);
    });
}

#[test]
fn a_body_may_come_in_chunks() {
    behind_each_proxy(|site| {
        let body = |name: &str| exchange(&site.host.code(), name).body;
        assert_eq!(send_with(&site, &chunked(&body("one"), 1), at_once).status, 200);
        assert_eq!(send_with(&site, &chunked(&body("two"), 1000), byte_by_byte).status, 200);
    });
}

#[test]
fn a_body_over_the_limit_is_answered_and_the_connection_is_not_broken() {
    behind_each_proxy(|site| {
        for size in [4097, 10_000, 100_000, 1_000_000] {
            let body = " ".repeat(size);
            let whole = exchange("", "").body(&body).bytes("close");
            for text in [whole, chunked(&body, 1000), chunked(&body, 100_000)] {
                let answer = send_with(&site, &text, at_once);
                assert_eq!(answer.problem(), (413, "payload_too_large".to_owned()), "{size}: {text:.200}");
            }
        }
        let slow = exchange("", "").body(&" ".repeat(5000)).bytes("close");
        assert_eq!(send_with(&site, &slow, byte_by_byte).problem(), (413, "payload_too_large".to_owned()));
    });
}

#[test]
fn a06_a_request_that_is_hidden_in_a_body_does_not_bring_its_own_address() {
    behind_each_proxy(|site| {
        let hidden = guess(&site.host.code()).header("X-Forwarded-For", "203.0.113.1").bytes("close");
        let length = hidden.len() + "0\r\n\r\n".len();
        for coding in ["chunked", "xchunked", "identity, chunked", "chunked\r\nTransfer-Encoding: x", "\u{b}chunked"] {
            let text = format!(
                "GET /api/health/live HTTP/1.1\r\nHost: {PUBLIC_NAME}\r\nContent-Length: {length}\r\n\
                 Transfer-Encoding: {coding}\r\n\r\n0\r\n\r\n{hidden}"
            );
            let Request { from, to, .. } = request("");
            let mut stream = site.lan.namespace(Machine::Mallory).run(|| connect(from, to).unwrap());
            stream.write_all(text.as_bytes()).unwrap();
            // Refused, answered once or answered twice: only who the daemon takes it for matters.
            let _ = stream.shutdown(Shutdown::Write).and_then(|()| stream.read_to_end(&mut Vec::new()));
        }
        assert_eq!(site.send(Machine::Alice, &request("GET /api/health/live")).status, 200);
        let log = site.daemon.terminate();
        assert!(!log.contains("203.0.113.1"), "{log}");
    });
}

//! Bodies that come slowly, in chunks, or are too large.

use std::io::{Read, Write};
use std::net::Shutdown;

use super::conversation::Conversation;
use super::lan::{Machine, PUBLIC_NAME};
use super::site::{behind_each_proxy, exchange, guess, request};
use crate::e2e::raw_http::{Request, connect};

/// An exchange whose body is sent in chunks of `size` bytes.
fn chunked(body: &str, size: usize) -> String {
    let chunk = |piece: &[u8]| format!("{:x}\r\n{}\r\n", piece.len(), str::from_utf8(piece).unwrap());
    let chunks: String = body.as_bytes().chunks(size).map(chunk).collect();
    format!(
        "POST /api/pair/exchange HTTP/1.1\r\nHost: {PUBLIC_NAME}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
    )
}

#[test]
fn a_body_may_come_a_byte_at_a_time() {
    behind_each_proxy(|site| {
        let mut conversation = Conversation::start(&site, Machine::Alice);
        conversation.send_byte_by_byte(&exchange(&site.host.code(), "laptop").bytes("keep-alive"));
        assert_eq!(conversation.answer().status, 200);
    });
}

#[test]
fn a_body_may_come_in_chunks() {
    behind_each_proxy(|site| {
        let mut conversation = Conversation::start(&site, Machine::Alice);
        conversation.send(&chunked(&exchange(&site.host.code(), "one").body, 1));
        assert_eq!(conversation.answer().status, 200);
        conversation.send_byte_by_byte(&chunked(&exchange(&site.host.code(), "two").body, 1000));
        assert_eq!(conversation.answer().status, 200);
    });
}

#[test]
fn a_body_over_the_limit_is_answered_and_the_connection_is_not_broken() {
    behind_each_proxy(|site| {
        // Caddy itself breaks a connection on which more than 256 KiB are to come when it has the answer.
        for size in [4097, 10_000, 100_000, 200_000] {
            let body = " ".repeat(size);
            let whole = exchange("", "").body(&body).bytes("keep-alive");
            for text in [whole, chunked(&body, 1000), chunked(&body, 100_000)] {
                let mut conversation = Conversation::start(&site, Machine::Alice);
                conversation.send(&text);
                let answer = conversation.answer();
                assert_eq!(answer.problem(), (413, "payload_too_large".to_owned()), "{size}: {text:.200}");
            }
        }
        let mut conversation = Conversation::start(&site, Machine::Alice);
        conversation.send_byte_by_byte(&exchange("", "").body(&" ".repeat(5000)).bytes("keep-alive"));
        assert_eq!(conversation.answer().problem(), (413, "payload_too_large".to_owned()));
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

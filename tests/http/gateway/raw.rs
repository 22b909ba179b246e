//! Requests that two servers could take for different ones (request smuggling), to the byte.

use super::{Wire, app};

/// What the client gets, until the connection ends, for these bytes; the server behind the route must not be asked.
fn refused(bytes: &str) -> String {
    let (port, server) = app();
    let mut client = Wire::to(port.address);
    client.send(bytes);
    // A client that seems to be gone before it is answered is told nothing.
    let head = client.head();
    client.stream.shutdown(std::net::Shutdown::Write).unwrap();
    let answer = head + &client.rest();
    assert!(!server.is_asked(), "{bytes:?}: {answer}");
    answer
}

#[test]
fn whole_urls_and_other_targets_are_passed_on_to_nobody() {
    for target in ["http://localhost/app/x", "http://evil.example/app/x", "http://localhost/app/../x"] {
        let answer = refused(&format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 40"), "{target}: {answer}");
    }
    for line in [
        "OPTIONS * HTTP/1.1",
        "CONNECT localhost:80 HTTP/1.1",
        "GET app/x HTTP/1.1",
        "GET  /app/x HTTP/1.1",
        "GET /app/ x HTTP/1.1",
    ] {
        let answer = refused(&format!("{line}\r\nHost: localhost\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 4"), "{line}: {answer}");
    }
    let answer = refused("TRACE /app/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
}

#[test]
fn a_request_with_two_lengths_is_one_request_or_none() {
    for fields in [
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 4, 5",
        "Content-Length: +4",
        "Content-Length: 0x4",
        "Content-Length: -1",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked\r\n x",
        "X: 1\nTransfer-Encoding: chunked\n : x",
        "Content-Length: 4\r\n\tx: y",
    ] {
        let answer = refused(&format!("POST /app/ HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n0\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{fields}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{fields}: {answer}");
    }
}

#[test]
fn chunked_wins_over_a_length_and_no_second_request_is_made_of_the_rest() {
    let (port, server) = app();
    let mut client = Wire::to(port.address);
    client.send(
        "POST /app/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n\
         GET /app/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    let mut served = server.accept();
    let head = served.head();
    // It is framed anew, in one way only.
    assert_eq!(super::fields(&head, "content-length"), [""; 0], "{head}");
    assert_eq!(super::fields(&head, "transfer-encoding"), ["chunked"], "{head}");
    assert_eq!((served.chunk().as_str(), served.chunk().as_str()), ("x", ""));
    served.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(client.answer().body, "ok");
}

#[test]
fn requests_in_a_row_are_answered_in_their_order() {
    let (port, server) = app();
    let mut client = Wire::to(port.address);
    let request = |number: u8| format!("GET /app/{number} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.send(request(1) + &request(2) + "GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n" + &request(3));
    let mut served = server.accept();
    for number in 1..=3 {
        assert!(served.head().starts_with(&format!("GET /{number} ")));
        served.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}"));
        assert_eq!(client.answer().body, number.to_string());
        if number == 2 {
            assert_eq!(client.answer().body, "{\"status\":\"ok\"}");
        }
    }
}

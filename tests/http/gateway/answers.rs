//! Answers without bodies, interim answers, and servers that answer badly.

use super::{Server, Wire, app, asked, field};
use crate::http::Port;

/// What a client gets when the server behind the route sends these bytes, and then closes the connection.
fn answered(request: &str, bytes: &str) -> String {
    let (port, server) = app();
    let mut client = asked(&port, &format!("{request} /app/ HTTP/1.1\r\nConnection: close"));
    let mut served = server.accept();
    served.head();
    served.send(bytes);
    drop(served);
    client.rest()
}

#[test]
fn answers_without_a_body_have_none_and_keep_what_they_say_of_it() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n";
    let answer = answered("HEAD", head);
    assert_eq!((field(&answer, "content-length"), field(&answer, "etag")), (Some("5"), Some("\"x\"")));
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    let answer = answered("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    let answer = answered("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 304 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_eq!(field(&answer, "etag"), Some("\"x\""));
    let answer = answered("DELETE", "HTTP/1.1 204 No Content\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 204 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_eq!(field(&answer, "content-length"), None);
    let answer = answered("GET", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 500 ") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn interim_answers_are_not_the_answer() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    let answer = answered("GET", &format!("{interim}{interim}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nok"), "{answer}");
    let answer = answered("GET", &interim.repeat(17));
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
}

#[test]
fn what_belongs_to_the_servers_connection_stays_on_it() {
    let answer = answered(
        "GET",
        "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nProxy-Authenticate: x\r\n\
         Upgrade: h2c\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nDate: today\r\nServer: x\r\nContent-Length: 0\r\n\r\n",
    );
    for name in ["keep-alive", "x-hop", "proxy-authenticate", "upgrade"] {
        assert_eq!(field(&answer, name), None, "{answer}");
    }
    assert_eq!(super::fields(&answer, "set-cookie"), ["a=1", "b=2"]);
    assert_eq!((field(&answer, "date"), field(&answer, "server")), (Some("today"), Some("x")));
    assert_eq!(field(&answer, "connection"), Some("close"));
}

#[test]
fn a_server_that_answers_nonsense_or_nothing_is_a_bad_gateway() {
    let large = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(65 * 1024));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: 1\r\n".repeat(101));
    for bytes in [
        "",
        "HTTP/1.1 200 OK\r\nContent-",
        "SSH-2.0-OpenSSH_9\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        &large,
        &many,
    ] {
        let answer = answered("GET", bytes);
        assert!(answer.starts_with("HTTP/1.1 502 "), "{bytes:.60}: {answer}");
        assert!(answer.contains("\"code\":\"bad_gateway\""), "{bytes:.60}: {answer}");
    }
    // Twice the same length is one length.
    let answer = answered("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok");
    assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
    assert_eq!(field(&answer, "content-length"), Some("2"));
}

#[test]
fn an_answer_that_ends_before_its_end_is_seen_to() {
    for bytes in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    ] {
        let answer = answered("GET", bytes);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 200 "), "{bytes}: {answer}");
        assert!(!answer.ends_with("0\r\n\r\n"), "{bytes}: {answer}");
    }
}

#[test]
fn connections_to_a_server_are_used_again_if_they_can_be() {
    let (port, server) = app();
    let mut served = None;
    for _ in 0..3 {
        let mut client = asked(&port, "GET /app/ HTTP/1.1");
        let wire = served.get_or_insert_with(|| server.accept());
        wire.head();
        wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
        client.head();
        assert_eq!((client.chunk().as_str(), client.chunk().as_str()), ("ok", ""));
    }
    // What a server sends unasked is no answer to the next request.
    let mut wire = served.unwrap();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    let mut client = asked(&port, "GET /app/ HTTP/1.1");
    let mut wire = server.accept();
    wire.head();
    wire.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(client.answer().body, "ok");
    let _client = asked(&port, "GET /app/ HTTP/1.1");
    server.accept().head();
}

#[test]
fn what_follows_an_answer_without_a_body_is_no_part_of_the_next() {
    for (method, answer) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 60\r\n\r\n"),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let (port, server) = app();
        let mut client = asked(&port, &format!("{method} /app/ HTTP/1.1"));
        let mut served = server.accept();
        served.head();
        served.send(format!("{answer}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"));
        client.head();
        client.send("GET /app/next HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let mut served = server.accept();
        assert!(served.head().starts_with("GET /next "), "{method} {answer}");
        served.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
        assert_eq!(client.answer().body, "good");
    }
}

/// A connection of a server that waits for the next request.
fn kept(port: &Port, server: &Server) -> Wire {
    let mut client = asked(port, "GET /app/ HTTP/1.1");
    let mut served = server.accept();
    served.head();
    served.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(client.answer().body, "ok");
    served
}

#[test]
fn what_a_server_took_and_did_not_answer_is_sent_again_only_if_that_does_no_harm() {
    let (port, server) = app();
    let mut served = kept(&port, &server);
    let mut client = asked(&port, "GET /app/again HTTP/1.1");
    assert!(served.head().starts_with("GET /again "));
    drop(served);
    let mut served = server.accept();
    assert!(served.head().starts_with("GET /again "));
    // On a connection of its own, that is the server's fault.
    drop(served);
    assert_eq!(client.answer().problem(), (502, "bad_gateway".to_owned()));

    for fields in ["Content-Length: 0", "Content-Length: 2\r\n\r\nok"] {
        let mut served = kept(&port, &server);
        let mut client = Wire::to(port.address);
        client.send(format!("POST /app/once HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}"));
        if !fields.ends_with("ok") {
            client.send("\r\n\r\n");
        }
        assert!(served.head().starts_with("POST /once "));
        drop(served);
        assert_eq!(client.answer().problem(), (502, "bad_gateway".to_owned()));
        assert!(!server.is_asked());
    }
}

#[test]
fn a_connection_that_the_server_has_closed_meanwhile_costs_no_request() {
    let (port, server) = app();
    for _ in 0..3 {
        let mut client = asked(&port, "GET /app/ HTTP/1.1");
        let mut wire = server.accept();
        wire.head();
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assert_eq!(client.answer().body, "ok");
    }
}

//! Bodies of any size, passed on as they come.

use std::io::{Read, Write};

use super::{Wire, app, asked, field, fields};

/// More than every buffer on the way holds.
const LARGE: usize = 50 * 1024 * 1024;

#[test]
fn a_body_of_known_length_is_passed_on_whole() {
    let (port, server) = app();
    let mut client = asked(&port, "POST /app/ HTTP/1.1\r\nContent-Length: 6");
    client.send("abc");
    let mut served = server.accept();
    let head = served.head();
    assert_eq!((field(&head, "content-length"), fields(&head, "transfer-encoding").len()), (Some("6"), 0));
    assert_eq!(served.take(3), "abc");
    client.send("def");
    assert_eq!(served.take(3), "def");
    served.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.answer().status, 201);
}

#[test]
fn chunks_and_trailers_of_a_request_are_passed_on_as_they_come() {
    let (port, server) = app();
    let mut client = asked(&port, "PUT /app/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum");
    let mut served = server.accept();
    let head = served.head();
    assert_eq!((field(&head, "transfer-encoding"), fields(&head, "content-length").len()), (Some("chunked"), 0));
    assert_eq!(field(&head, "trailer"), Some("X-Sum"));
    for piece in ["one", "two", "three"] {
        client.send(format!("{:x};ext=1\r\n{piece}\r\n", piece.len()));
        assert_eq!(served.chunk(), piece);
    }
    client.send("0\r\nX-Sum: 3\r\nContent-Length: 7\r\n\r\n");
    assert_eq!(served.until("\r\n\r\n"), "0\r\nx-sum: 3\r\n\r\n");
    served.send("HTTP/1.1 204 No Content\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status, answer.header("connection")), (204, None));
    // That was all of it, and the connection is there for the next request.
    client.send("GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.answer().status, 200);
}

#[test]
fn trailers_that_are_not_for_the_server_stay_behind() {
    let (port, server) = app();
    let (_, token) = port.device("laptop", 3);
    let mut client = asked(
        &port,
        "PUT /app/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: X-Hop, keep-alive\r\nConnection: x-too",
    );
    let mut served = server.accept();
    served.head();
    client.send(format!(
        "0\r\nAuthorization: Bearer {token}\r\nCookie: a=b\r\nX-Netclaw-Device: root\r\nX_Netclaw_Device_Id: root\r\n\
         X.Netclaw.Device: root\r\nX-Api-Key: {token}\r\nX-Note: {token}\r\nX-Forwarded-For: 1.2.3.4\r\nX-Hop: 1\r\nx-TOO: 1\r\n\
         X-Sum: 3\r\n\r\n"
    ));
    assert_eq!(served.until("\r\n\r\n"), "0\r\nx-sum: 3\r\n\r\n");
}

#[test]
fn trailers_of_the_servers_connection_stay_on_it() {
    let (port, server) = app();
    for (trailers, passed_back) in [("X-Hop: 1\r\nX-Sum: 3\r\n", "x-sum: 3\r\n\r\n"), ("x-hop: 1\r\n", "\r\n")] {
        let mut client = asked(&port, "GET /app/ HTTP/1.1\r\nTE: trailers\r\nConnection: te");
        let mut served = server.accept();
        served.head();
        served.send(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Hop\r\nConnection: close, X-Hop\r\n\r\n0\r\n{trailers}\r\n"
        ));
        client.head();
        assert_eq!(client.until("\r\n\r\n"), format!("0\r\n{passed_back}"));
    }
}

#[test]
fn chunks_and_trailers_of_an_answer_are_passed_back_as_they_come() {
    let (port, server) = app();
    let mut client = asked(&port, "GET /app/ HTTP/1.1\r\nTE: trailers\r\nConnection: te");
    let mut served = server.accept();
    served.head();
    served.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nContent-Type: text/event-stream\r\n\r\n",
    );
    let head = client.head();
    assert_eq!((field(&head, "transfer-encoding"), field(&head, "trailer")), (Some("chunked"), Some("X-Sum")));
    // Each event arrives before the next one is sent.
    for number in 0..64 {
        let event = format!("data: {number}\n\n");
        served.send(format!("{:x}\r\n{event}\r\n", event.len()));
        assert_eq!(client.chunk(), event);
    }
    served.send("0\r\nX-Sum: 64\r\n\r\n");
    assert_eq!(client.until("\r\n\r\n"), "0\r\nx-sum: 64\r\n\r\n");
}

#[test]
fn an_answer_that_ends_with_its_connection_ends_cleanly() {
    let (port, server) = app();
    let mut client = asked(&port, "GET /app/ HTTP/1.1");
    let mut served = server.accept();
    served.head();
    served.send("HTTP/1.0 200 OK\r\n\r\nfirst");
    assert_eq!(field(&client.head(), "transfer-encoding"), Some("chunked"));
    assert_eq!(client.chunk(), "first");
    served.send("second");
    assert_eq!(client.chunk(), "second");
    drop(served);
    assert_eq!(client.chunk(), "");
}

#[test]
fn fifty_megabytes_go_up_and_the_server_sets_the_pace() {
    let (port, server) = app();
    let mut client = asked(&port, &format!("POST /app/ HTTP/1.1\r\nContent-Length: {LARGE}"));
    let mut served = server.accept();
    served.head();
    let held = held_back(&mut client);
    assert!(held < LARGE / 4, "{held} bytes were taken that nobody reads");
    let mut sender = client.stream.try_clone().unwrap();
    let rest = std::thread::spawn(move || sender.write_all(&vec![b'x'; LARGE - held]).unwrap());
    assert_eq!(count(&mut served, LARGE), LARGE);
    rest.join().unwrap();
    served.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.answer().status, 200);
}

#[test]
fn e48_fifty_megabytes_come_down_and_a_client_that_does_not_read_holds_them_back() {
    let (port, server) = app();
    let mut client = asked(&port, "GET /app/ HTTP/1.1");
    // The system lets buffers grow to more than all that is sent.
    rustix::net::sockopt::set_socket_recv_buffer_size(&client.stream, 256 * 1024).unwrap();
    let mut served = server.accept();
    served.head();
    served.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n"));
    let held = held_back(&mut served);
    assert!(held < LARGE / 2, "{held} bytes were taken for a client that does not read");
    let mut sender = served.stream.try_clone().unwrap();
    let rest = std::thread::spawn(move || sender.write_all(&vec![b'x'; LARGE - held]).unwrap());
    assert_eq!(field(&client.head(), "content-length"), Some(LARGE.to_string().as_str()));
    assert_eq!(count(&mut client, LARGE), LARGE);
    rest.join().unwrap();
}

/// Sends bytes until no more are taken: for a second, which is long enough for any that are on their way.
fn held_back(wire: &mut Wire) -> usize {
    wire.stream.set_write_timeout(Some(std::time::Duration::from_secs(1))).unwrap();
    let piece = [b'x'; 64 * 1024];
    let mut sent = 0;
    while let Ok(length) = wire.stream.write(&piece) {
        sent += length;
    }
    wire.stream.set_write_timeout(None).unwrap();
    sent
}

/// Reads so many bytes; returns how many of them came.
fn count(wire: &mut Wire, expected: usize) -> usize {
    let mut length = wire.unread.len();
    wire.unread.clear();
    let mut bytes = vec![0; 256 * 1024];
    while length < expected {
        match wire.stream.read(&mut bytes).unwrap() {
            0 => break,
            more => length += more,
        }
    }
    length
}

#[test]
fn both_bodies_flow_at_once() {
    let (port, server) = app();
    let mut client = asked(&port, "POST /app/ HTTP/1.1\r\nTransfer-Encoding: chunked");
    let mut served = server.accept();
    served.head();
    served.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.head();
    for word in ["a", "bb", "ccc"] {
        client.send(format!("{:x}\r\n{word}\r\n", word.len()));
        assert_eq!(served.chunk(), word);
        served.send(format!("{:x}\r\n{word}\r\n", word.len()));
        assert_eq!(client.chunk(), word);
    }
    client.send("0\r\n\r\n");
    assert_eq!(served.until("\r\n\r\n"), "0\r\n\r\n");
    served.send("0\r\n\r\n");
    assert_eq!(client.chunk(), "");
}

#[test]
fn a_body_is_asked_for_only_when_the_server_wants_it() {
    let (port, server) = app();
    let expecting = "POST /app/ HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3";
    let mut client = asked(&port, expecting);
    let mut served = server.accept();
    assert_eq!(field(&served.head(), "expect"), Some("100-continue"));
    served.send("HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    assert_eq!(served.take(3), "abc");
    served.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.answer().status, 200);

    let mut client = asked(&port, expecting);
    served.head();
    served.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    let refused = client.answer();
    assert_eq!((refused.status, refused.header("connection")), (413, Some("close")));
}

#[test]
fn a_server_that_does_not_know_expectations_gets_the_body_all_the_same() {
    let (port, server) = app();
    let mut client = asked(&port, "POST /app/ HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3");
    let mut served = server.accept();
    served.head();
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    assert_eq!(served.take(3), "abc");
}

#[test]
fn a_client_that_expects_nothing_hears_of_no_continue() {
    let (port, server) = app();
    let mut client = asked(&port, "POST /app/ HTTP/1.1\r\nContent-Length: 1");
    client.send("a");
    let mut served = server.accept();
    served.head();
    assert_eq!(served.take(1), "a");
    served.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.answer().status, 200);
}

//! Requests that end early: by the client, by the server, by the credential, by the daemon.

use std::io::Write;
use std::net::Shutdown;
use std::time::Duration;

use netclaw::adapters::relay::upstream::Waits;
use netclaw::ports::device_store::DeviceStore;

use super::{Server, Wire, app, asked, routed};
use crate::e2e::raw_http::Request;
use crate::http::{Plan, Port};

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(600);

const STREAM: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";

/// A stream of which the client has read the first piece.
fn streaming(port: &Port, server: &Server, fields: &str) -> (Wire, Wire) {
    let mut client = asked(port, &format!("GET /app/ HTTP/1.1{fields}"));
    let mut served = server.accept();
    served.head();
    served.send(STREAM);
    client.head();
    assert_eq!(client.chunk(), "hello");
    (client, served)
}

#[test]
fn a_client_that_goes_away_takes_its_request_with_it() {
    let (port, server) = app();
    // While the server thinks.
    let client = asked(&port, "GET /app/ HTTP/1.1");
    let mut served = server.accept();
    served.head();
    drop(client);
    served.ends();
    // In the middle of a stream.
    let (client, mut served) = streaming(&port, &server, "");
    drop(client);
    served.ends();
    // In the middle of its own body.
    let mut client = asked(&port, "POST /app/ HTTP/1.1\r\nContent-Length: 9");
    client.send("abc");
    let mut served = server.accept();
    served.head();
    assert_eq!(served.take(3), "abc");
    drop(client);
    served.ends();
}

#[test]
fn a_server_that_goes_away_in_the_middle_ends_the_answer_visibly() {
    let (port, server) = app();
    let (mut client, served) = streaming(&port, &server, "");
    drop(served);
    client.ends();
}

#[test]
fn a_server_that_does_not_answer_in_time_is_a_gateway_timeout() {
    let server = Server::new();
    let short = Duration::from_millis(50);
    let waits = Waits { connect: LONG, answer: short, silence: short, tunnel: LONG };
    let port = Port::of(Plan { settings: routed(&[("/app/", server.url("/"))]), waits, ..Plan::default() });
    let mut client = asked(&port, "GET /app/ HTTP/1.1");
    let mut served = server.accept();
    served.head();
    assert_eq!(client.answer().problem(), (504, "gateway_timeout".to_owned()));
    served.ends();
    // A silence within an answer cuts it off.
    let (mut client, mut served) = streaming(&port, &server, "");
    client.ends();
    served.ends();
}

#[test]
fn a_request_whose_body_stops_is_given_up() {
    let server = Server::new();
    let short = Duration::from_millis(50);
    let waits = Waits { connect: LONG, answer: short, silence: LONG, tunnel: LONG };
    let port = Port::of(Plan { settings: routed(&[("/app/", server.url("/"))]), waits, ..Plan::default() });
    let mut client = asked(&port, "POST /app/ HTTP/1.1\r\nContent-Length: 3");
    client.send("ab");
    let mut served = server.accept();
    served.head();
    let given_up = client.answer();
    assert_eq!(given_up.problem(), (504, "gateway_timeout".to_owned()));
    assert_eq!(given_up.header("connection"), Some("close"));
    assert_eq!(served.rest(), "ab");
}

#[test]
fn a_body_that_is_none_is_the_clients_fault() {
    let (port, server) = app();
    let mut client = asked(&port, "POST /app/ HTTP/1.1\r\nTransfer-Encoding: chunked");
    client.send("1\r\na\r\n");
    let mut served = server.accept();
    served.head();
    assert_eq!(served.chunk(), "a");
    client.send("no chunk\r\n");
    assert_eq!(client.answer().problem(), (400, "invalid_request".to_owned()));
    served.ends();
}

#[test]
fn a_server_that_does_not_shake_hands_in_time_is_a_gateway_timeout() {
    let server = Server::new();
    let waits = Waits { connect: Duration::from_millis(50), answer: LONG, silence: LONG, tunnel: LONG };
    let url = server.url("/").replace("http:", "https:");
    let port = Port::of(Plan { settings: routed(&[("/app/", url)]), waits, ..Plan::default() });
    let refused = asked(&port, "GET /app/ HTTP/1.1").answer();
    assert_eq!(refused.problem(), (504, "gateway_timeout".to_owned()));
    assert!(refused.body.contains("did not accept a connection in time"), "{refused:?}");
}

#[test]
fn d38_streams_of_a_revoked_device_are_closed() {
    let (port, server) = app();
    let (id, token) = port.device("laptop", 3);
    let (_, other) = port.device("phone", 4);
    let authorization = |token: &str| format!("\r\nAuthorization: Bearer {token}");
    let (mut client, mut served) = streaming(&port, &server, &authorization(&token));
    let (mut bystander, mut busy) = streaming(&port, &server, &authorization(&other));
    // One that has no answer yet.
    let mut waiting = asked(&port, &format!("GET /app/ HTTP/1.1{}", authorization(&token)));
    let mut unanswered = server.accept();
    unanswered.head();
    // It revokes itself.
    let revoked = asked(&port, &format!("DELETE /api/pair/device HTTP/1.1{}", authorization(&token))).answer();
    assert_eq!(revoked.status, 204);
    client.ends();
    served.ends();
    assert_eq!(waiting.answer().status, 401);
    unanswered.ends();
    assert!(port.runtime.block_on(port.devices.find(id)).unwrap().is_none());
    busy.send("2\r\nok\r\n");
    assert_eq!(bystander.chunk(), "ok");
}

#[test]
fn d38_a_client_that_does_not_read_is_closed_too() {
    let (port, server) = app();
    let (id, token) = port.device("laptop", 3);
    let (mut client, mut served) = streaming(&port, &server, &format!("\r\nAuthorization: Bearer {token}"));
    let piece = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    served.stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    // Until no more is taken.
    while served.stream.write_all(piece.as_bytes()).is_ok() {}
    port.open.end_all_of(id);
    served.ends();
    assert!(!client.rest().ends_with("0\r\n\r\n"));
}

#[test]
fn streams_end_with_the_secret_that_opened_them() {
    let (port, server) = app();
    let (id, token) = port.device("laptop", 3);
    let (mut client, mut served) = streaming(&port, &server, &format!("\r\nAuthorization: Bearer {token}"));
    port.open.end_all_of(id);
    client.ends();
    served.ends();
}

#[test]
fn a_client_that_has_said_everything_may_close_its_side_only_with_its_request() {
    let (port, server) = app();
    let client = asked(&port, "GET /app/ HTTP/1.1");
    let mut served = server.accept();
    served.head();
    client.stream.shutdown(Shutdown::Write).unwrap();
    served.ends();
}

#[test]
fn the_end_of_the_daemon_leaves_streams_the_drain_time() {
    let server = Server::new();
    let plan = Plan::default();
    let limits =
        netclaw::adapters::http::connections::ConnectionLimits { drain: Duration::from_millis(200), ..plan.limits };
    let port = Port::of(Plan { settings: routed(&[("/app/", server.url("/"))]), limits, ..plan });
    let (mut client, mut served) = streaming(&port, &server, "");
    port.stop();
    client.ends();
    served.ends();
}

#[test]
fn a_daemon_that_stops_is_not_ready_and_answers_while_it_is_there() {
    let (port, server) = app();
    let (mut client, mut served) = streaming(&port, &server, "");
    let mut before = asked(&port, "GET /api/health/live HTTP/1.1");
    assert_eq!(before.answer().status, 200);
    port.stop();
    before.ends();
    let silent = Wire::to(port.address);
    let ready = Request::new(port.address, "GET /api/health/ready").send();
    assert_eq!((ready.status, ready.body.as_str()), (503, r#"{"status":"unavailable"}"#));
    assert_eq!(Request::new(port.address, "GET /api/health/live").send().status, 200);
    // One request to each connection.
    let mut late = Wire::to(port.address);
    late.send("GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2));
    let rest = late.rest();
    assert_eq!((rest.matches("HTTP/1.1 200 ").count(), rest.matches("connection: close").count()), (1, 1), "{rest}");
    // A request that came meanwhile is waited for, too.
    let (mut second, mut serving) = streaming(&port, &server, "");
    served.send("0\r\n\r\n");
    assert_eq!(client.chunk(), "");
    client.ends();
    // Nobody is let in any more, and whoever says nothing is not waited for.
    let mut silent = silent;
    silent.ends();
    assert!(std::net::TcpStream::connect(port.address).is_err());
    serving.send("2\r\nok\r\n0\r\n\r\n");
    assert_eq!((second.chunk().as_str(), second.chunk().as_str()), ("ok", ""));
    second.ends();
}

#[test]
fn a_stream_that_ends_within_the_drain_time_is_passed_on_whole() {
    let (port, server) = app();
    let (mut client, mut served) = streaming(&port, &server, "");
    port.stop();
    served.send("2\r\nok\r\n0\r\n\r\n");
    assert_eq!((client.chunk().as_str(), client.chunk().as_str()), ("ok", ""));
    client.ends();
}

//! Answers that are passed on as they come, through the forwarder and the daemon.

use super::Home;
use crate::http::gateway::{field, stream_event_by_event, talk_to_the_end};

const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn each_event_arrives_before_the_next_one_is_made() {
    let home = Home::default();
    let forwarder = home.forward();
    let mut client = forwarder.asked("GET /v1/chat/completions HTTP/1.1");
    stream_event_by_event(&mut client, &mut home.server.accept());
}

#[test]
fn a_stream_ends_with_its_client_at_the_server_as_well() {
    let home = Home::default();
    let forwarder = home.forward();
    let mut client = forwarder.asked("GET /app/events HTTP/1.1");
    let mut served = home.server.accept();
    served.head();
    served.send(STREAM);
    client.head();
    drop(client);
    served.ends();
}

#[test]
fn d38_a_stream_and_a_tunnel_end_when_the_device_is_revoked() {
    let home = Home::default();
    let mut forwarder = home.forward();
    let mut client = forwarder.asked("GET /app/events HTTP/1.1");
    let mut served = home.server.accept();
    served.head();
    served.send(STREAM);
    client.head();
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket";
    let mut socket = forwarder.asked(&format!("GET /app/ws HTTP/1.1\r\n{upgrade}"));
    let mut other = home.server.accept();
    other.head();
    other.send(format!("HTTP/1.1 101 Switching Protocols\r\n{upgrade}\r\n\r\n"));
    socket.head();
    home.host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
    client.ends();
    socket.ends();
    assert_eq!(forwarder.keyed("GET /v1/models").send().status, 401);
    assert_eq!(forwarder.keyed("GET /v1/models").send().status, 401);
    assert!(forwarder.line().starts_with("warning: the daemon has refused the credential"));
    assert!(forwarder.line().contains("netclaw pair http://"));
    forwarder.line();
    // It was said once, and a new pairing is enough.
    super::pair(&home.host, &home.device);
    assert_eq!(forwarder.keyed("GET /api/status").send().status, 200);
    let said = forwarder.terminate().succeeded().stderr;
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn bytes_go_both_ways_through_a_connection_that_has_changed_its_protocol() {
    let home = Home::default();
    let forwarder = home.forward();
    let own = forwarder.address;
    let mut client = forwarder.asked(&format!(
        "GET /app/ws HTTP/1.1\r\nOrigin: http://{own}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x"
    ));
    let mut served = home.server.accept();
    let head = served.head();
    assert_eq!((field(&head, "upgrade"), field(&head, "sec-websocket-key")), (Some("websocket"), Some("x")), "{head}");
    // Pages of the forwarder are pages of the daemon.
    assert_eq!(field(&head, "origin"), Some(format!("https://{}", home.host.address).as_str()), "{head}");
    served.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly");
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    assert_eq!(client.take(5), "early");
    talk_to_the_end(client, served);
}

#[test]
fn bodies_of_any_size_are_passed_on_as_they_come() {
    let home = Home::default();
    let forwarder = home.forward();
    let mut client = forwarder.asked("POST /v1/files HTTP/1.1\r\nTransfer-Encoding: chunked");
    let mut served = home.server.accept();
    assert_eq!(field(&served.head(), "transfer-encoding"), Some("chunked"));
    let piece = "x".repeat(60_000);
    for _ in 0..40 {
        client.send(format!("{:x}\r\n{piece}\r\n", piece.len()));
        let mut arrived = 0;
        while arrived < piece.len() {
            arrived += served.chunk().len();
        }
    }
    client.send("0\r\n\r\n");
    assert_eq!(served.chunk(), "");
    served.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(client.answer().body, "ok");
}

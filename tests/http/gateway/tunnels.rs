//! Connections that change their protocol, as WebSockets do.

use std::net::Shutdown;
use std::time::Duration;

use netclaw::adapters::relay::upstream::Waits;
use netclaw::domain::gateway::GatewaySettings;
use netclaw::domain::settings::Settings;
use rustix::net::sockopt::set_socket_linger;

use super::{Server, Wire, app, asked, field, routed};
use crate::http::{Plan, Port};

const UPGRADE: &str =
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13";

/// Both ends of a tunnel. The server has sent `early` together with its answer.
fn tunnel(port: &Port, server: &Server, fields: &str, early: &str) -> (Wire, Wire) {
    let mut client = asked(port, &format!("GET /app/ws HTTP/1.1\r\n{UPGRADE}{fields}"));
    let mut served = server.accept();
    let head = served.head();
    assert_eq!((field(&head, "connection"), field(&head, "upgrade")), (Some("upgrade"), Some("websocket")));
    assert_eq!(field(&head, "sec-websocket-key"), Some("x"));
    served.send(format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n{early}"
    ));
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!((field(&head, "upgrade"), field(&head, "sec-websocket-accept")), (Some("websocket"), Some("y")));
    assert!(field(&head, "connection").unwrap().eq_ignore_ascii_case("upgrade"));
    (client, served)
}

#[test]
fn bytes_go_both_ways_and_each_side_ends_on_its_own() {
    let (port, server) = app();
    let (mut client, mut served) = tunnel(&port, &server, "", "early");
    assert_eq!(client.take(5), "early");
    for word in ["ping", "pong"] {
        client.send(word);
        assert_eq!(served.take(4), word);
        served.send(word);
        assert_eq!(client.take(4), word);
    }
    assert_eq!(port.open.count(), 1);
    client.stream.shutdown(Shutdown::Write).unwrap();
    served.ends();
    served.send("last");
    assert_eq!(client.take(4), "last");
    drop(served);
    client.ends();
}

#[test]
fn what_a_client_sends_before_the_answer_is_not_lost() {
    let (port, server) = app();
    let mut client = asked(&port, &format!("GET /app/ws HTTP/1.1\r\n{UPGRADE}"));
    client.send("early");
    let mut served = server.accept();
    served.head();
    served.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    assert_eq!(served.take(5), "early");
    client.head();
}

#[test]
fn d38_a_tunnel_whose_client_is_gone_before_it_is_told_leaves_nothing_behind() {
    let server = Server::new();
    let settings = routed(&[("/app/", server.url("/"))]);
    // One that ended is perhaps about to be given up.
    let gateway = GatewaySettings { requests_per_device: 2, ..settings.gateway };
    let port = Port::with(Settings { gateway, ..settings });
    for _ in 0..16 {
        let mut client = asked(&port, &format!("GET /app/ws HTTP/1.1\r\n{UPGRADE}"));
        // While it is unread, nobody looks whether the client is still there.
        client.send("early");
        let mut served = server.accept();
        served.head();
        set_socket_linger(&client.stream, Some(Duration::ZERO)).unwrap();
        drop(client);
        served.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        served.ends();
    }
}

#[test]
fn no_tunnel_carries_requests_that_nobody_checks() {
    let (port, server) = app();
    for protocol in ["h2c", "HTTP/2.0", "TLS/1.0", "websocket, h2c", "h2c\r\nUpgrade: websocket"] {
        let fields = format!("Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA\r\nUpgrade: {protocol}");
        let mut client = asked(&port, &format!("GET /app/ HTTP/1.1\r\n{fields}"));
        let mut served = server.accept();
        let head = served.head();
        assert_eq!((field(&head, "upgrade"), field(&head, "http2-settings")), (None, None), "{head}");
        served.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
        assert_eq!(client.answer().status, 502);
    }
    // Nor one that is none of those that were asked for.
    let mut client = asked(&port, &format!("GET /app/ws HTTP/1.1\r\n{UPGRADE}"));
    let mut served = server.accept();
    served.head();
    served.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    assert_eq!(client.answer().status, 502);
}

#[test]
fn a_server_may_decline() {
    let (port, server) = app();
    let mut client = asked(&port, &format!("GET /app/ws HTTP/1.1\r\n{UPGRADE}"));
    let mut served = server.accept();
    served.head();
    served.send("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno");
    assert_eq!(client.answer().body, "no");
    client.send("GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.answer().status, 200);
}

#[test]
fn d38_tunnels_of_a_revoked_device_are_closed() {
    let (port, server) = app();
    let (_, token) = port.device("laptop", 3);
    let authorization = format!("\r\nAuthorization: Bearer {token}");
    let (mut client, mut served) = tunnel(&port, &server, &authorization, "");
    let revoked = asked(&port, &format!("DELETE /api/pair/device HTTP/1.1{authorization}")).answer();
    assert_eq!(revoked.status, 204);
    client.ends();
    served.ends();
}

#[test]
fn d38_a_tunnel_of_a_revoked_device_is_closed_before_its_client_has_read_the_answer() {
    let server = Server::new();
    let port = Port::of(Plan { settings: routed(&[("/app/", server.url("/"))]), read: 1, ..Plan::default() });
    let (id, token) = port.device("laptop", 3);
    let authorization = format!("\r\nAuthorization: Bearer {token}");
    let mut client = asked(&port, &format!("GET /app/ws HTTP/1.1\r\n{UPGRADE}{authorization}"));
    let mut served = server.accept();
    served.head();
    served.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    assert_eq!(client.take(1), "H");
    port.open.end_all_of(id);
    served.ends();
    client.ends();
}

#[test]
fn a_tunnel_in_which_nobody_says_anything_is_closed() {
    let server = Server::new();
    let (long, short) = (Duration::from_secs(600), Duration::from_millis(50));
    let waits = Waits { connect: long, answer: long, silence: long, tunnel: short };
    let port = Port::of(Plan { settings: routed(&[("/app/", server.url("/"))]), waits, ..Plan::default() });
    let (mut client, mut served) = tunnel(&port, &server, "", "");
    client.ends();
    served.ends();
}

#[test]
fn the_end_of_the_daemon_leaves_tunnels_the_drain_time() {
    let server = Server::new();
    let plan = Plan::default();
    let limits =
        netclaw::adapters::http::connections::ConnectionLimits { drain: Duration::from_millis(200), ..plan.limits };
    let port = Port::of(Plan { settings: routed(&[("/app/", server.url("/"))]), limits, ..plan });
    let (mut client, mut served) = tunnel(&port, &server, "", "");
    port.stop();
    client.ends();
    served.ends();
}

//! How much one device may have open at once.

use netclaw::adapters::http::connections::ConnectionLimits;
use netclaw::domain::gateway::{GatewaySettings, MAX_ROUTES};
use netclaw::domain::settings::Settings;

use super::{Server, Wire, asked, routed, with_agent};
use crate::http::Port;

/// A daemon that allows two requests at once to each device.
fn narrow() -> (Port, Server) {
    let server = Server::new();
    let settings = routed(&[("/app/", server.url("/"))]);
    let gateway = GatewaySettings { requests_per_device: 2, ..settings.gateway };
    let agent = with_agent(&server.url("/v1")).agent;
    (Port::with(Settings { gateway, agent, ..settings }), server)
}

fn open(port: &Port, server: &Server, token: &str) -> (Wire, Wire) {
    let client = asked(port, &format!("GET /app/ HTTP/1.1\r\nAuthorization: Bearer {token}"));
    let mut served = server.accept();
    served.head();
    (client, served)
}

#[test]
fn the_third_request_of_a_device_waits_for_one_of_the_others() {
    let (port, server) = narrow();
    let ((_, token), (_, other)) = (port.device("laptop", 3), port.device("phone", 4));
    let (mut first, mut served) = open(&port, &server, &token);
    let _second = open(&port, &server, &token);
    let refused = asked(&port, &format!("GET /app/ HTTP/1.1\r\nAuthorization: Bearer {token}")).answer();
    assert_eq!(refused.problem(), (429, "too_many_requests".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("1"));
    let refused = asked(&port, &format!("GET /v1/models HTTP/1.1\r\nAuthorization: Bearer {token}")).answer();
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert_eq!(refused.json()["error"]["type"], "rate_limit_error");
    // Others have places of their own, and what is no stream needs none.
    let _other = open(&port, &server, &other);
    assert_eq!(
        asked(&port, &format!("GET /api/status HTTP/1.1\r\nAuthorization: Bearer {token}")).answer().status,
        200
    );
    // The place is free as soon as the client has its answer.
    served.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(first.answer().status, 200);
    let _third = asked(&port, &format!("GET /app/ HTTP/1.1\r\nAuthorization: Bearer {token}"));
    served.head();
}

#[test]
fn connections_that_wait_for_the_next_request_are_few_however_many_servers_there_are() {
    let server = Server::new();
    let paths: Vec<String> = (0..MAX_ROUTES).map(|number| format!("/{number}/")).collect();
    let routes: Vec<(&str, String)> = paths.iter().map(|path| (path.as_str(), server.url("/"))).collect();
    let port = Port::with(routed(&routes));
    let mut both: Vec<(Wire, Wire)> = Vec::new();
    for _ in 0..2 {
        let client = asked(&port, "GET /7/ HTTP/1.1");
        let mut served = server.accept();
        served.head();
        both.push((client, served));
    }
    for (client, served) in &mut both {
        served.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assert_eq!(client.answer().body, "ok");
    }
    both[1].1.ends();
    let _client = asked(&port, "GET /7/next HTTP/1.1");
    assert!(both[0].1.head().starts_with("GET /next "));
}

#[test]
fn there_are_no_more_connections_than_files() {
    assert_eq!(ConnectionLimits::of_daemon(ConnectionLimits::open_files()).connections, 2048);
    for files in [0, 1, 128, 256, 512, 1024, 4096, u64::MAX] {
        let connections = ConnectionLimits::of_daemon(files).connections as u64;
        assert!((1..=2048).contains(&connections), "{files}");
        assert!(connections == 1 || 2 * connections <= files, "{files}");
    }
    // The servers' connections that wait are among them.
    let idle = MAX_ROUTES + 1;
    assert!(2 * ConnectionLimits::of_daemon(1024).connections + idle <= 1024);
}

#[test]
fn a_stream_keeps_its_place_until_its_end() {
    let (port, server) = narrow();
    let (_, token) = port.device("laptop", 3);
    let (mut client, mut served) = open(&port, &server, &token);
    served.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    client.head();
    assert_eq!(client.chunk(), "a");
    assert_eq!(port.open.count(), 1);
    served.send("0\r\n\r\n");
    assert_eq!(client.chunk(), "");
    // The answer to the next request on the same connection comes after the end of the first.
    client.send("GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.answer().status, 200);
    assert_eq!(port.open.count(), 0);
}

#[test]
fn a_stream_is_not_closed_to_make_room_for_a_stranger() {
    let server = Server::new();
    let plan = crate::http::Plan::default();
    let limits = netclaw::adapters::http::connections::ConnectionLimits { connections: 2, ..plan.limits };
    let port = Port::of(crate::http::Plan { settings: routed(&[("/app/", server.url("/"))]), limits, ..plan });
    // One waits for its answer, the other for the rest of its own body.
    let mut streaming = asked(&port, "GET /app/ HTTP/1.1");
    let mut served = server.accept();
    served.head();
    served.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    streaming.head();
    assert_eq!(streaming.chunk(), "a");
    let mut uploading = asked(&port, "POST /app/ HTTP/1.1\r\nContent-Length: 2");
    uploading.send("a");
    let mut taking = server.accept();
    taking.head();
    assert_eq!(taking.take(1), "a");
    let _stranger = Wire::to(port.address);
    served.send("1\r\nb\r\n");
    assert_eq!(streaming.chunk(), "b");
    uploading.send("b");
    assert_eq!(taking.take(1), "b");
}

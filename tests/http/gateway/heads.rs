//! What a request says once it has been passed on.

use super::{Wire, app, asked, field, fields, routed};
use crate::http::Port;
use crate::http::gateway::Server;

/// The head that the server behind `/app/` sees of a request with these lines.
fn seen(lines: &str) -> String {
    let (port, server) = app();
    let _client = asked(&port, &format!("GET /app/x HTTP/1.1\r\n{lines}Accept: */*"));
    server.accept().head()
}

#[test]
fn a_request_reaches_the_target_with_its_path_query_and_fields() {
    let (port, server) = app();
    let mut client = asked(&port, "GET /app/a/b%20c?q=%2F..&r=\\ HTTP/1.1\r\nX-One: 1\r\nX-One: 2\r\nCookie: a=b");
    let mut served = server.accept();
    let head = served.head();
    assert!(head.starts_with("GET /a/b%20c?q=%2F..&r=\\ HTTP/1.1\r\n"), "{head}");
    assert_eq!(fields(&head, "x-one"), ["1", "2"]);
    assert_eq!(field(&head, "cookie"), Some("a=b"));
    assert_eq!(field(&head, "host"), Some(server.address().to_string().as_str()));
    assert_eq!(fields(&head, "content-length").len() + fields(&head, "transfer-encoding").len(), 0, "{head}");
    served.send("HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nX-Two: 2\r\nCache-Control: public, max-age=9\r\n\r\nok");
    let answer = client.answer();
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    assert_eq!(answer.header("x-two"), Some("2"));
    // What a target says of its answer stands, and the daemon's own fields do not.
    assert_eq!(answer.header("cache-control"), Some("public, max-age=9"));
    assert_eq!(answer.header("x-content-type-options"), None);
}

#[test]
fn an_answer_that_says_nothing_of_caches_is_kept_by_none() {
    let (port, server) = app();
    let mut client = asked(&port, "GET /app/ HTTP/1.1");
    let mut served = server.accept();
    served.head();
    served.send("HTTP/1.1 204 No Content\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status, answer.header("cache-control")), (204, Some("no-store")));
}

#[test]
fn what_belongs_to_a_connection_stays_on_it() {
    let head = seen(
        "Connection: X-Hop, close, te\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nTE: gzip, trailers\r\n\
         Proxy-Authorization: Basic eA==\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n",
    );
    for name in ["x-hop", "keep-alive", "proxy-connection", "proxy-authorization", "upgrade", "http2-settings"] {
        assert_eq!(fields(&head, name), [""; 0], "{head}");
    }
    // Trailers are taken by this daemon, and so by the client.
    assert_eq!((field(&head, "te"), field(&head, "connection")), (Some("trailers"), Some("te")));
    // Nobody is made to lose what is not his to take away.
    let head = seen("Connection: host, x-forwarded-for, x-netclaw-device, accept\r\n");
    assert_eq!(fields(&head, "accept"), [""; 0]);
    assert_eq!((field(&head, "x-forwarded-for"), fields(&head, "host").len()), (Some("127.0.0.1"), 1));
}

#[test]
fn what_a_client_says_of_its_origin_is_dropped_and_said_anew() {
    let (port, server) = app();
    let (id, token) = port.device("L\u{e4}ptop (1)", 3);
    let mut client = Wire::to(port.address);
    client.send(format!(
        "GET /app/ HTTP/1.1\r\nHost: localhost:1\r\nAuthorization: Bearer {token}\r\nX-Forwarded-For: 1.2.3.4\r\n\
         X-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\nX_Forwarded_For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\n\
         X-Real-IP: 1.2.3.4\r\nCF-Connecting-IP: 1.2.3.4\r\nVia: 1.1 x\r\nx-netclaw-device: root\r\n\
         X_NETCLAW_DEVICE: root\r\nX-Netclaw_Device-Id: root\r\nX-Netclaw-Other: root\r\n\
         X.Netclaw.Device: root\r\nX~Netclaw|Device-Id: root\r\nX.Forwarded.For: 1.2.3.4\r\n\r\n"
    ));
    let head = server.accept().head();
    assert!(!head.contains("1.2.3.4") && !head.contains("evil") && !head.contains("root"), "{head}");
    assert!(!head.to_lowercase().contains("authorization") && !head.contains(&token), "{head}");
    assert_eq!(field(&head, "x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(field(&head, "x-forwarded-proto"), Some("http"));
    assert_eq!(field(&head, "x-forwarded-host"), Some("localhost:1"));
    assert_eq!(field(&head, "via"), Some("1.1 netclaw"));
    assert_eq!(field(&head, "x-netclaw-device"), Some("L%C3%A4ptop%20%281%29"));
    assert_eq!(field(&head, "x-netclaw-device-id"), Some(id.as_str()));
}

#[test]
fn a_key_of_the_targets_own_reaches_it() {
    assert_eq!(field(&seen("X-Api-Key: its-own\r\n"), "x-api-key"), Some("its-own"));
}

#[test]
fn this_machine_is_no_device() {
    let head = seen("X-Netclaw-Device: root\r\n");
    assert_eq!(fields(&head, "x-netclaw-device").len() + fields(&head, "x-netclaw-device-id").len(), 0, "{head}");
}

#[test]
fn the_longest_route_wins_and_the_target_keeps_its_own_path() {
    let (short, long) = (Server::new(), Server::new());
    let port = Port::with(routed(&[("/a/", short.url("/one/")), ("/a/b/", long.url("/two/%41/"))]));
    let _client = asked(&port, "GET /a/b/c HTTP/1.1");
    assert!(long.accept().head().starts_with("GET /two/%41/c HTTP/1.1"));
    let _client = asked(&port, "GET /a/bc HTTP/1.1");
    assert!(short.accept().head().starts_with("GET /one/bc HTTP/1.1"));
}

#[test]
fn a_route_without_its_slash_is_redirected_with_its_query() {
    let (port, server) = app();
    let answer = asked(&port, "POST /app?a=b HTTP/1.1\r\nContent-Length: 0").answer();
    assert_eq!((answer.status, answer.header("location")), (308, Some("/app/?a=b")));
    assert_eq!(
        (answer.header("x-content-type-options"), answer.header("cache-control")),
        (Some("nosniff"), Some("no-store"))
    );
    assert!(!server.is_asked());
}

#[test]
fn what_can_be_read_in_two_ways_is_passed_on_to_nobody() {
    let (port, server) = app();
    for path in [
        "/app/../x",
        "/app/.",
        "/app/..",
        "/app/%2e%2e/x",
        "/app/.%2E",
        "/app/a%2fb",
        "/app/a%2Fb",
        "/app/a%5cb",
        "/app/a\\b",
        "/app//x",
        "/app/x//",
        "/app/%",
        "/app/%2",
        "/app/%zz",
        "/app/%00",
        "/app/a%0d%0a",
        "/app/..;/x",
        "/app/;/..;a=b",
        "/app/%252e%252e/x",
        "/app/%252fx",
        "/app/%c0%ae",
        "/app/%ff",
        "/app/<x>",
        "/app/\"",
        "/app/x|y",
        "/app/{x}",
    ] {
        let answer = asked(&port, &format!("GET {path} HTTP/1.1\r\nConnection: close")).answer();
        assert_eq!(answer.status, 400, "{path}");
    }
    for path in ["/api/../app/x", "/app%2fx", "/APP/x", "/apps/x", "/x/../app/x", "/%61pp/x", "//app/x"] {
        let answer = asked(&port, &format!("GET {path} HTTP/1.1\r\nConnection: close")).answer();
        assert_eq!(answer.status, 404, "{path}");
    }
    assert!(!server.is_asked());
    for path in [
        "/app/a.b",
        "/app/...",
        "/app/.x",
        "/app/%41",
        "/app/;x",
        "/app/a=b&c@d:e",
        "/app/%C3%A4",
        "/app/%25",
        "/app/~",
    ] {
        let _client = asked(&port, &format!("GET {path} HTTP/1.1"));
        let head = server.accept().head();
        assert!(head.starts_with(&format!("GET {} HTTP/1.1\r\n", &path[4..])), "{head}");
    }
}

#[test]
fn a_path_whose_letters_are_encoded_cannot_lead_past_a_longer_route() {
    let (short, long) = (Server::new(), Server::new());
    let port = Port::with(routed(&[("/a/", short.url("/")), ("/a/private/", long.url("/"))]));
    assert_eq!(asked(&port, "GET /a/pr%69vate/x HTTP/1.1").answer().status, 400);
    assert!(!short.is_asked() && !long.is_asked());
}

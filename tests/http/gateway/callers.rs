//! Who may use the gateway, in every mode.

use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;
use netclaw::domain::transport::AllowPlaintext;

use super::{Server, Wire, app, asked, field, fields, routed};
use crate::http::{Plan, Port};

/// A daemon in this mode, to which all connections come from `peer`.
fn elsewhere(mode: ExposureMode, peer: &str) -> (Port, Server) {
    let server = Server::new();
    let trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
    let settings = Settings { mode, trusted_proxies, ..routed(&[("/app/", server.url("/"))]) };
    (Port::of(Plan { settings, peer: Some(peer.parse().unwrap()), ..Plan::default() }), server)
}

#[test]
fn nobody_else_gets_through_and_the_target_hears_of_nothing() {
    for (mode, peer) in [
        (ExposureMode::Direct, "127.0.0.1"),
        (ExposureMode::Direct, "192.0.2.9"),
        (ExposureMode::ReverseProxy, "192.0.2.9"),
    ] {
        let (port, server) = elsewhere(mode, peer);
        let (_, token) = port.device("laptop", 3);
        for fields in [
            String::new(),
            "\r\nAuthorization: Bearer nct_wrong".to_owned(),
            format!("\r\nAuthorization: Basic {token}"),
            format!("\r\nAuthorization: Bearer {token}\r\nAuthorization: Bearer {token}"),
            format!("\r\nCookie: token={token}; authorization={token}"),
            "\r\nX-Netclaw-Device: laptop".to_owned(),
        ] {
            let refused = asked(&port, &format!("GET /app/?token={token} HTTP/1.1{fields}")).answer();
            assert_eq!(refused.problem(), (401, "unauthorized".to_owned()), "{fields}");
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        }
        assert!(!server.is_asked());
    }
}

#[test]
fn a_forwarding_header_makes_this_machine_a_stranger() {
    let (port, server) = app();
    assert_eq!(asked(&port, "GET /app/ HTTP/1.1\r\nX-Forwarded-For: 1.2.3.4").answer().status, 401);
    assert_eq!(asked(&port, "GET /app/ HTTP/1.1\r\nVia: 1.1 netclaw").answer().status, 401);
    assert!(!server.is_asked());
}

#[test]
fn a_web_page_of_another_site_is_refused() {
    let (port, server) = app();
    for fields in ["Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site\r\nOrigin: http://evil"]
    {
        assert_eq!(asked(&port, &format!("GET /app/ HTTP/1.1\r\n{fields}")).answer().problem().0, 403);
    }
    let mut client = Wire::to(port.address);
    client.send("GET /app/ HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert_eq!(client.answer().problem(), (403, "forbidden_origin".to_owned()));
    assert!(!server.is_asked());
    let _client = asked(&port, "GET /app/ HTTP/1.1\r\nOrigin: http://localhost");
    assert_eq!(field(&server.accept().head(), "origin"), Some("http://localhost"));
}

#[test]
fn c33_what_a_page_of_another_site_loads_is_refused_without_a_token() {
    let (port, server) = app();
    let (_, token) = port.device("laptop", 3);
    for (path, fields) in [
        ("/app/delete?id=1", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image"),
        ("/app/", "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe"),
        ("/app/", "Sec-Fetch-Site: none\r\nSec-Fetch-Site: none"),
        ("/api/status", "Sec-Fetch-Site: cross-site"),
        ("/api/chat/sessions", "Sec-Fetch-Site: cross-site"),
    ] {
        let refused = asked(&port, &format!("GET {path} HTTP/1.1\r\n{fields}")).answer();
        assert_eq!(refused.problem(), (403, "forbidden_origin".to_owned()), "{path} {fields}");
    }
    let refused = asked(&port, "GET /v1/models HTTP/1.1\r\nSec-Fetch-Site: cross-site").answer();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (403, &"forbidden_origin".into()));
    assert!(!server.is_asked());
    // What a person typed, what a page of the service asks for, and what shows a token.
    for fields in [
        "Sec-Fetch-Site: none".to_owned(),
        "Sec-Fetch-Site: same-origin".to_owned(),
        format!("Sec-Fetch-Site: cross-site\r\nAuthorization: Bearer {token}"),
    ] {
        let _client = asked(&port, &format!("GET /app/ HTTP/1.1\r\n{fields}"));
        server.accept().head();
    }
}

#[test]
fn the_client_address_is_the_one_that_a_trusted_hop_names() {
    let (port, server) = elsewhere(ExposureMode::ReverseProxy, "192.0.2.9");
    let (_, token) = port.device("laptop", 3);
    let request = |forwarded: &str| {
        format!("GET /app/ HTTP/1.1\r\nAuthorization: Bearer {token}\r\nX-Forwarded-Proto: https\r\n{forwarded}")
    };
    let _client = asked(&port, &request("X-Forwarded-For: 6.6.6.6, 2001:db8::1"));
    let head = server.accept().head();
    assert_eq!(
        (field(&head, "x-forwarded-for"), field(&head, "x-forwarded-proto")),
        (Some("2001:db8::1"), Some("https"))
    );
    // Whoever is no hop is not believed.
    let (port, server) = elsewhere(ExposureMode::ReverseProxy, "198.51.100.1");
    port.device("laptop", 3);
    let _client = asked(&port, &request("X-Forwarded-For: 6.6.6.6"));
    let head = server.accept().head();
    assert_eq!(
        (field(&head, "x-forwarded-for"), field(&head, "x-forwarded-proto")),
        (Some("198.51.100.1"), Some("http"))
    );
}

#[test]
fn a_token_in_the_clear_is_refused_before_anything_is_passed_on() {
    let server = Server::new();
    let settings = Settings {
        mode: ExposureMode::Direct,
        allow_plaintext: AllowPlaintext::Never,
        ..routed(&[("/app/", server.url("/"))])
    };
    let port = Port::of(Plan { settings, peer: Some([192, 0, 2, 9].into()), ..Plan::default() });
    let (_, token) = port.device("laptop", 3);
    let refused = asked(&port, &format!("GET /app/ HTTP/1.1\r\nAuthorization: Bearer {token}")).answer();
    assert_eq!(refused.problem(), (403, "tls_required".to_owned()));
    assert!(!server.is_asked());
}

#[test]
fn a_good_token_says_who_is_calling_in_local_mode_too() {
    let (port, server) = app();
    let (id, token) = port.device("laptop", 3);
    let _client = asked(&port, &format!("GET /app/ HTTP/1.1\r\nauthorization: bearer {token}"));
    let head = server.accept().head();
    assert_eq!(fields(&head, "x-netclaw-device-id"), [id.as_str()]);
}

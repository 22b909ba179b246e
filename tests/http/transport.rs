//! Codes and tokens are accepted only where nobody in between can read them.

use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;
use netclaw::domain::transport::AllowPlaintext;
use netclaw::ports::activity_log::ActivityLog;
use netclaw::ports::device_store::DeviceStore;

use super::tls_client::Client;
use super::{Plan, Port};
use crate::e2e::raw_http::{Answer, Request};
use crate::fakes::samples::ip;

const STRANGER: &str = "192.0.2.7";
const PROXY: &str = "10.0.0.2";

/// A port in this mode, whose every connection seems to come from `peer`.
fn port(mode: ExposureMode, peer: &str, allow_plaintext: AllowPlaintext) -> Port {
    let trusted_proxies = vec![format!("{PROXY}/32").parse().unwrap()];
    let settings = Settings { mode, trusted_proxies, allow_plaintext, ..Settings::default() };
    Port::of(Plan { settings, peer: Some(ip(peer)), ..Plan::default() })
}

fn networks(list: &[&str]) -> AllowPlaintext {
    AllowPlaintext::From(list.iter().map(|network| network.parse().unwrap()).collect())
}

/// A token of a new device, got over TLS.
fn token(port: &Port) -> String {
    let granted = Client::of(port.pin).send(&Request::exchange(port.address, &port.code(), "laptop"));
    granted.json()["token"].as_str().unwrap_or_else(|| panic!("{granted:?}")).to_owned()
}

fn was_used(port: &Port) -> bool {
    let devices = port.runtime.block_on(port.devices.list()).unwrap();
    devices.iter().any(|device| port.activity.last_use(device.id()).is_some())
}

#[track_caller]
fn assert_refused(answer: &Answer) {
    assert_eq!(answer.problem(), (403, "tls_required".to_owned()));
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("https://") && detail.contains("Daemon.AllowPlaintext"), "{detail}");
}

#[test]
fn a_token_in_the_clear_is_refused_unlooked_at_and_is_not_used() {
    let port = port(ExposureMode::Direct, STRANGER, AllowPlaintext::Never);
    let token = token(&port);
    for line in ["GET /api/status", "HEAD /api/status", "GET /api/auth/verify", "DELETE /api/pair/device"] {
        let request = Request::new(port.address, line);
        for credential in [&token, "nct_x", &token.to_uppercase()] {
            let answer = request.clone().header("Authorization", &format!("Bearer {credential}")).send();
            // Whether it was the right one is not told.
            assert_eq!(answer.status, 403, "{line}");
        }
        assert_eq!(request.clone().header("Authorization", "Basic eDp5").send().status, 403);
        assert!([401, 0].contains(&request.send().status), "{line}");
    }
    // Where nobody needs one, too: it has been seen by then.
    let live = Request::new(port.address, "GET /api/health/live");
    assert_refused(&live.clone().header("Authorization", &format!("Bearer {token}")).send());
    assert_eq!(live.send().status, 200);
    assert_refused(&Request::status(port.address, &token).send());
    assert!(!was_used(&port));

    assert_eq!(Client::of(port.pin).send(&Request::status(port.address, &token)).json()["device"]["name"], "laptop");
    assert!(was_used(&port));
}

#[test]
fn a_code_in_the_clear_is_refused_and_not_counted() {
    let port = port(ExposureMode::Direct, STRANGER, AllowPlaintext::Never);
    let code = port.code();
    for _ in 0..30 {
        assert_refused(&port.exchange(&code));
        assert_refused(&port.exchange("2222-2222"));
    }
    assert_refused(&Request::new(port.address, "POST /api/pair/exchange").send());
    let granted = Client::of(port.pin).send(&Request::exchange(port.address, &code, "laptop"));
    assert_eq!(granted.status, 200);
}

#[test]
fn a_trusted_hop_says_whether_the_client_was_protected() {
    let port = port(ExposureMode::ReverseProxy, PROXY, AllowPlaintext::Never);
    let status = Request::status(port.address, &token(&port));
    let through = |lines: &[&str]| {
        let request = status.clone().header("X-Forwarded-For", "198.51.100.7");
        lines.iter().fold(request, |request, line| request.header("X-Forwarded-Proto", line)).send().status
    };
    for lines in [&["https"][..], &["HTTPS"], &["http, https"], &["http", "https"], &[" https "], &["http,https"]] {
        assert_eq!(through(lines), 200, "{lines:?}");
    }
    let lies: &[&[&str]] = &[
        &[],
        &[""],
        &["http"],
        &["https, http"],
        &["https", "http"],
        &["https", ""],
        &["httpss"],
        &["https:"],
        &["\"https\""],
    ];
    for lines in lies {
        assert_eq!(through(lines), 403, "{lines:?}");
    }
    for (header, value) in [
        ("Forwarded", "proto=https"),
        ("X-Forwarded-Scheme", "https"),
        ("X-Forwarded-Ssl", "on"),
        ("X-Scheme", "https"),
        ("Front-End-Https", "on"),
        ("CF-Visitor", "{\"scheme\":\"https\"}"),
    ] {
        assert_refused(&status.clone().header(header, value).send());
    }
    // The proxy ends our TLS too, and still knows better how its client came.
    let client = Client::of(port.pin);
    assert_eq!(client.send(&status).status, 200);
    assert_refused(&client.send(&status.clone().header("X-Forwarded-Proto", "http")));
}

#[test]
fn nobody_else_is_believed_to_be_behind_https() {
    for (mode, peer) in [
        (ExposureMode::Direct, STRANGER),
        (ExposureMode::Direct, PROXY),
        (ExposureMode::ReverseProxy, STRANGER),
        (ExposureMode::ReverseProxy, "127.0.0.1"),
        (ExposureMode::TailscaleServe, STRANGER),
        (ExposureMode::Local, "127.0.0.1"),
    ] {
        let port = port(mode, peer, AllowPlaintext::Never);
        let status = Request::status(port.address, &token(&port)).header("X-Forwarded-Proto", "https");
        assert_refused(&status.send());
        assert_eq!(Client::of(port.pin).send(&status).status, 200, "{mode}");
    }
}

#[test]
fn behind_a_tunnel_the_tunnel_is_believed() {
    for mode in [ExposureMode::TailscaleServe, ExposureMode::TailscaleFunnel, ExposureMode::CloudflareTunnel] {
        let port = port(mode, "127.0.0.1", AllowPlaintext::Never);
        let status = Request::status(port.address, &token(&port));
        assert_eq!(status.send().status, 200, "the host itself, {mode}");
        let through = |scheme| {
            let request = status.clone().header("CF-Connecting-IP", STRANGER).header("X-Forwarded-For", STRANGER);
            request.header("X-Forwarded-Proto", scheme).send().status
        };
        assert_eq!((through("https"), through("http")), (200, 403), "{mode}");
    }
}

#[test]
fn plaintext_is_allowed_for_the_clients_of_the_listed_networks_only() {
    let listed = || networks(&["100.64.0.0/10", "fd7a:115c:a1e0::/48", "192.0.2.128/32"]);
    for (peer, expected) in [
        ("100.64.0.0", 200),
        ("100.127.255.255", 200),
        ("::ffff:100.64.0.1", 200),
        ("fd7a:115c:a1e0:ffff::1", 200),
        ("192.0.2.128", 200),
        ("100.63.255.255", 403),
        ("100.128.0.0", 403),
        ("fd7a:115c:a1e1::1", 403),
        ("192.0.2.127", 403),
        ("192.0.2.129", 403),
    ] {
        let port = port(ExposureMode::Direct, peer, listed());
        let token = token(&port);
        assert_eq!(Request::status(port.address, &token).send().status, expected, "{peer}");
        assert_eq!(port.exchange(&port.code()).status == 403, expected == 403, "{peer}");
    }
    // Behind a proxy it is the client that counts.
    let port = port(ExposureMode::ReverseProxy, PROXY, listed());
    let status = Request::status(port.address, &token(&port)).header("X-Forwarded-Proto", "http");
    assert_eq!(status.clone().header("X-Forwarded-For", "100.64.0.9").send().status, 200);
    assert_eq!(status.clone().header("X-Forwarded-For", "100.64.0.9, 198.51.100.7").send().status, 403);
}

#[test]
fn plaintext_can_be_allowed_for_everyone() {
    let port = port(ExposureMode::Direct, STRANGER, AllowPlaintext::Always);
    assert_eq!(port.exchange(&port.code()).status, 200);
}

#[test]
fn s02_loopback_without_a_token_is_served_in_local_mode_over_tls_as_well() {
    let port = Port::default();
    let client = Client::of(port.pin);
    let status = Request::new(port.address, "GET /api/status");
    assert_eq!(client.send(&status).json()["device"], serde_json::Value::Null);
    assert_eq!(client.send(&status.clone().header("X-Forwarded-For", "127.0.0.1")).status, 401);
    assert_eq!(client.send(&status.clone().header("Authorization", "Bearer nct_x")).status, 401);
    assert_eq!(client.send(&status.clone().header("Host", "evil.com")).problem().1, "forbidden_origin");
    let with_origin = |scheme| status.clone().header("Origin", &format!("{scheme}://{}", port.address));
    assert_eq!(client.send(&with_origin("https")).status, 200);
    assert_eq!(client.send(&with_origin("http")).problem().1, "forbidden_origin");
    assert_eq!(with_origin("http").send().status, 200);
    assert_eq!(with_origin("https").send().problem().1, "forbidden_origin");
    // Another machine's TLS makes it nobody's operator.
    let elsewhere = Port::of(Plan { peer: Some(ip(STRANGER)), ..Plan::default() });
    let localhost = Request::new(elsewhere.address, "GET /api/status").header("Host", "localhost");
    assert_eq!(Client::of(elsewhere.pin).send(&localhost).problem(), (401, "unauthorized".to_owned()));
}

//! The proxy on the machine of a daemon in the mode `local`, which trusts no hop.

use std::net::Ipv4Addr;

use serde_json::json;

use super::super::lan::{Lan, Machine};
use super::super::site::{PORT, host_on, socket};
use super::{APP_NAME, DEVICE, beside_each};
use crate::e2e::raw_http::Request;
use crate::proxies::namespace;

#[test]
fn a_paired_device_reaches_the_service_and_nobody_else_does() {
    beside_each(|guarded| {
        guarded.assert_unauthorized(&guarded.request("GET /"));
        let request = guarded.paired("GET /", &guarded.pair());
        for request in [request.clone(), request.header("X-Forwarded-For", "127.0.0.1").header("Via", "1.1 cdn")] {
            assert_eq!(guarded.send(&request).status, 200);
            let arrived = guarded.service.take().pop().unwrap();
            assert_eq!(arrived.header("x-netclaw-device"), Some(DEVICE.1));
            assert!(!arrived.mentions("nct_"), "{arrived:?}");
        }
    });
}

#[test]
fn what_is_served_without_a_token_here_is_not_served_through_the_proxy() {
    beside_each(|guarded| {
        for host in ["localhost", "127.0.0.1:5199", "app.example.com"] {
            for line in ["GET /", "GET /api/status", "GET /api/auth/verify", "GET /.netclaw/verify"] {
                let answer = guarded.send(&guarded.request(line).header("Host", host));
                // Caddy has an empty answer for names that it does not know.
                assert!(
                    answer.status >= 400 || (answer.status, &*answer.body) == (200, ""),
                    "{host} {line}: {answer:?}"
                );
                guarded.assert_unreached();
            }
        }
    });
}

/// Traefik cannot leave out the headers by which the daemon sees that a request began elsewhere.
#[test]
fn a_request_that_shows_where_it_came_from_is_refused_whatever_its_token() {
    if let Some(obstacle) = namespace::obstacle() {
        println!("skipped: {obstacle}");
        return;
    }
    let lan = Lan::default();
    let settings = json!({ "Daemon": { "ExposureMode": "local" } }).to_string();
    let host = host_on(&lan, Ipv4Addr::LOCALHOST.into(), &settings);
    let _daemon = host.daemon();
    let exchange = Request::exchange(host.address, &host.code(), "laptop");
    let token = lan.send(Machine::Daemon, &exchange).json()["token"].as_str().unwrap().to_owned();
    let verify = Request::new(socket(Ipv4Addr::LOCALHOST.into(), PORT), "GET /api/auth/verify");
    let verify = verify.header("Authorization", &format!("Bearer {token}"));
    assert_eq!(lan.send(Machine::Daemon, &verify).status, 204);
    let forwarded = [
        ("X-Forwarded-For", "10.0.0.11"),
        ("X-Forwarded-Host", APP_NAME),
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Uri", "/"),
    ];
    for (name, value) in forwarded {
        let answer = lan.send(Machine::Daemon, &verify.clone().header(name, value));
        assert_eq!(answer.problem(), (403, "tls_required".to_owned()), "{name}");
    }
}

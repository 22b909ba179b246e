//! The mode `direct`: two machines on one network, and nothing in between.

use super::lan::Machine;
use super::site::{client_on, in_direct_mode};
use crate::e2e::raw_http::Request;

#[test]
fn another_machine_pairs_gets_its_status_and_unpairs() {
    in_direct_mode(|lan, host| {
        let client = client_on(lan, Machine::Alice);
        for (endpoint, name) in [(host.endpoint(), "by address"), ("http://my-server:5199".to_owned(), "by name")] {
            let code = format!("{}\n", host.code());
            client.netclaw_reading(&["pair", &endpoint, "--name", name], &code).succeeded();
            assert!(client.netclaw(&["status"]).succeeded().stdout.contains(&endpoint));
            assert!(host.device_names().contains(&name.to_owned()));
            client.netclaw(&["unpair"]).succeeded();
            assert!(!host.device_names().contains(&name.to_owned()));
        }
    });
}

#[test]
fn a06_forwarding_headers_mean_nothing() {
    in_direct_mode(|lan, host| {
        let code = host.code();
        let wrong = if code.starts_with('2') { "3333-3333" } else { "2222-2222" };
        let wrong = Request::exchange(host.address, wrong, "x");
        let spoofed = |claim: &str| wrong.clone().header("X-Forwarded-For", claim).header("Forwarded", claim);
        let claims = ["203.0.113.1", "127.0.0.1", "10.0.0.1", "::1", "nonsense", "10.0.0.12"];
        let statuses = claims.map(|claim| lan.send(Machine::Mallory, &spoofed(claim)).status);
        assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
        assert_eq!(lan.send(Machine::Bob, &Request::exchange(host.address, &code, "laptop")).status, 200);
    });
}

#[test]
fn c31_and_c34_another_name_is_refused() {
    in_direct_mode(|lan, host| {
        let live = Request::new(host.address, "GET /api/health/live");
        for (name, status) in [
            ("10.0.0.1:5199", 200),
            ("my-server:5199", 200),
            ("my-server.lan", 200),
            ("evil.com", 403),
            ("10.0.0.1.evil.com", 403),
            ("evil@10.0.0.1", 403),
            ("", 403),
        ] {
            let answer = lan.send(Machine::Mallory, &live.clone().header("Host", name));
            assert_eq!(answer.status, status, "{name}");
        }
        let foreign = live.header("Origin", "https://evil.com");
        assert_eq!(lan.send(Machine::Mallory, &foreign).problem(), (403, "forbidden_origin".to_owned()));
    });
}

#[test]
fn s02_nothing_is_served_without_a_token_not_even_to_the_machine_itself() {
    in_direct_mode(|lan, host| {
        for machine in [Machine::Alice, Machine::Daemon] {
            let status = Request::new(host.address, "GET /api/status").header("Host", "localhost");
            assert_eq!(lan.send(machine, &status).problem(), (401, "unauthorized".to_owned()), "{machine:?}");
        }
    });
}

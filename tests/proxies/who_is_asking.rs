//! Whose attempts are counted behind a proxy: attacks.md A.

use std::net::{IpAddr, Ipv6Addr};

use netclaw::adapters::control::SocketControlChannel;
use netclaw::ports::control_channel::ControlChannel;
use serde_json::json;

use super::lan::Machine;
use super::site::{
    Site, behind_each_proxy, behind_each_proxy_of, exchange, guess, other_than, over_v6, past_the_proxy, request,
    status,
};
use crate::e2e::raw_http::Request;

/// Attempts that an address has in a minute.
const ATTEMPTS: usize = 5;

/// Uses up what `machine` may try in this minute.
#[track_caller]
fn use_up_attempts(site: &Site, machine: Machine, wrong: &Request) {
    for _ in 0..ATTEMPTS {
        assert_eq!(site.send(machine, wrong).problem(), (401, "wrong_code".to_owned()));
    }
}

#[track_caller]
fn assert_used_up(site: &Site, machine: Machine, request: &Request) {
    assert_eq!(site.send(machine, request).problem(), (429, "rate_limited".to_owned()));
}

#[test]
fn the_daemon_sees_the_address_of_the_client() {
    behind_each_proxy(|site| {
        let token = site.pair("laptop");
        assert_eq!(site.send(Machine::Alice, &status(&token)).status, 200);
        assert_eq!(site.last_address("laptop"), Machine::Alice.v4().to_string());
        assert_eq!(site.send(Machine::Mallory, &over_v6(status(&token))).status, 200);
        assert_eq!(site.last_address("laptop"), Machine::Mallory.v6().to_string());
        assert_eq!(site.send(Machine::Alice, &guess(&site.host.code())).status, 401);
        let log = site.daemon.terminate();
        assert!(log.contains("wrong pairing code client=10.0.0.11\n"), "{log}");
    });
}

#[test]
fn the_operator_can_see_whom_the_daemon_takes_a_client_of_the_proxy_for() {
    behind_each_proxy(|site| {
        let control =
            SocketControlChannel::new(site.host.path("run/control.sock"), rustix::process::geteuid().as_raw());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let beacon = runtime.block_on(control.open_beacon()).unwrap();
        let live = request("GET /api/health/live").header("X-Netclaw-Beacon", beacon.as_str());
        let seen = site.send(Machine::Alice, &live.header("X-Forwarded-For", "203.0.113.1")).json();
        let sighting = json!({ "peer": "10.0.0.2", "client": "10.0.0.11", "isTrusted": true, "hasHeader": true });
        assert_eq!(seen["sighting"], sighting);
    });
}

#[test]
fn a04_addresses_of_one_network_share_their_attempts_and_the_next_network_has_its_own() {
    behind_each_proxy(|site| {
        let code = site.host.code();
        let wrong = over_v6(guess(&code));
        let rotated = Request { from: Machine::Alice.other_v6(), ..wrong.clone() };
        for request in [&wrong, &rotated, &wrong, &rotated, &wrong] {
            assert_eq!(site.send(Machine::Alice, request).status, 401);
        }
        assert_used_up(&site, Machine::Alice, &rotated);
        assert_eq!(site.send(Machine::Bob, &over_v6(exchange(&code, "laptop"))).status, 200);
    });
}

#[test]
fn a05_an_ipv4_client_is_one_client_whether_it_comes_mapped_into_ipv6_or_by_the_proxy() {
    behind_each_proxy_of(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |site| {
        let code = site.host.code();
        let wrong = guess(&code);
        let mapped = past_the_proxy(wrong.clone());
        for request in [&wrong, &mapped, &wrong, &mapped, &wrong] {
            assert_eq!(site.send(Machine::Alice, request).status, 401);
        }
        assert_used_up(&site, Machine::Alice, &mapped);
        assert_used_up(&site, Machine::Alice, &wrong);
        assert_eq!(site.send(Machine::Bob, &exchange(&code, "laptop")).status, 200);
    });
}

#[test]
fn a06_what_a_client_claims_of_its_address_does_not_pass_the_proxy() {
    let long = ["203.0.113.9"; 800].join(", ");
    let claims = [
        ("X-Forwarded-For", "203.0.113.1"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("x-forwarded-for", "::1, 10.0.0.1, 10.0.0.2"),
        ("X-Forwarded-For", "2001:db8::1"),
        ("X-Forwarded-For", "\"[2001:db8::1]:80\", unknown, ,"),
        ("X_Forwarded_For", "203.0.113.1"),
        ("Forwarded", "for=203.0.113.2;proto=https"),
        ("X-Real-IP", "203.0.113.3"),
        ("CF-Connecting-IP", "203.0.113.4"),
        ("True-Client-IP", "203.0.113.5"),
        ("X-Forwarded-For", long.as_str()),
        ("Connection", "X-Forwarded-For"),
    ];
    behind_each_proxy(|site| {
        let wrong = guess(&site.host.code());
        let claiming = |(name, value): &(&str, &str)| {
            let lied = wrong.clone().header(name, value).header(name, "198.51.100.1");
            site.send(Machine::Alice, &lied).status
        };
        let first: Vec<u16> = claims[..ATTEMPTS].iter().map(claiming).collect();
        assert_eq!(first, [401; ATTEMPTS]);
        for claim in &claims {
            // A proxy may have had enough of ten thousand bytes itself.
            let status = claiming(claim);
            assert!(status == 429 || (claim.1.len() > 8192 && status == 400), "{status} for {claim:.50?}");
        }
        let log = site.daemon.terminate();
        let guesses = log.lines().filter(|line| line.contains("wrong pairing code"));
        assert!(guesses.clone().all(|line| line.ends_with("client=10.0.0.11")), "{log}");
        assert_eq!(guesses.count(), ATTEMPTS);
    });
}

#[test]
fn a06_who_goes_past_the_proxy_is_counted_as_who_they_are() {
    behind_each_proxy(|site| {
        let code = site.host.code();
        let wrong = past_the_proxy(guess(&code)).header("X-Real-IP", "203.0.113.3");
        let victim = Machine::Alice.v4().to_string();
        use_up_attempts(&site, Machine::Mallory, &wrong.clone().header("X-Forwarded-For", &victim));
        for claim in ["203.0.113.1", "10.0.0.2", "10.0.0.12, 10.0.0.2", "127.0.0.1", "nonsense", ""] {
            assert_used_up(&site, Machine::Mallory, &wrong.clone().header("X-Forwarded-For", claim));
        }
        assert_eq!(site.send(Machine::Alice, &exchange(&code, "laptop")).status, 200);
        let log = site.daemon.terminate();
        assert_eq!(log.matches("wrong pairing code client=10.0.0.66\n").count(), ATTEMPTS, "{log}");
    });
}

#[test]
fn a06_behind_a_trusted_proxy_the_right_most_address_counts() {
    behind_each_proxy(|site| {
        let wrong = past_the_proxy(guess(&site.host.code()));
        let appended = |client: &str| wrong.clone().header("X-Forwarded-For", &format!("203.0.113.1, {client}"));
        use_up_attempts(&site, Machine::Proxy, &appended("10.0.0.11"));
        assert_used_up(&site, Machine::Alice, &guess("2222-2222"));
        assert_eq!(site.send(Machine::Proxy, &appended("10.0.0.12")).status, 401);
    });
}

#[test]
fn a07_a_proxy_that_forwards_loopback_is_not_this_machine() {
    behind_each_proxy(|site| {
        let direct = past_the_proxy(request("GET /api/status"));
        for loopback in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.0.0.1, 127.0.0.1", "[::1]:5199"] {
            let forwarded = direct.clone().header("X-Forwarded-For", loopback);
            for host in ["localhost", "127.0.0.1:5199", "10.0.0.1"] {
                let answer = site.send(Machine::Proxy, &forwarded.clone().header("Host", host));
                assert_eq!(answer.problem(), (401, "unauthorized".to_owned()), "{loopback} {host}");
            }
        }
        let from_the_proxy = Request { to: "127.0.0.1:80".parse().unwrap(), ..request("GET /api/status") };
        assert_eq!(site.send(Machine::Proxy, &from_the_proxy).problem(), (401, "unauthorized".to_owned()));
        let wrong = other_than(&site.host.code());
        let from_loopback = Request { to: from_the_proxy.to, ..exchange(wrong, "x") };
        use_up_attempts(&site, Machine::Proxy, &from_loopback);
        assert_used_up(&site, Machine::Proxy, &from_loopback);
        assert_eq!(site.send(Machine::Bob, &guess(wrong)).status, 401);
    });
}

//! What is refused behind a proxy, by whom, and that the refusal arrives as the daemon wrote it: attacks.md C.

use super::lan::{Machine, PUBLIC_NAME};
use super::site::{behind_each_proxy, exchange, guess, past_the_proxy, request, status};
use crate::e2e::raw_http::{Answer, Request};

/// Whether the daemon wrote it, and not the proxy.
fn is_the_daemons(answer: &Answer) -> bool {
    answer.header("x-content-type-options") == Some("nosniff")
}

#[test]
fn s02_nothing_is_served_without_a_token() {
    behind_each_proxy(|site| {
        for line in ["GET /api/status", "GET /api/auth/verify", "POST /api/auth/verify", "DELETE /api/pair/device"] {
            for machine in [Machine::Alice, Machine::Proxy, Machine::Daemon] {
                let bare = site.send(machine, &request(line));
                assert_eq!(bare.status, 401, "{line} from {machine:?}");
                assert_eq!(bare.header("www-authenticate"), Some("Bearer"));
                let wrong = site.send(machine, &request(line).header("Authorization", "Bearer nct_x"));
                assert_eq!(wrong.status, 401, "{line} from {machine:?}");
            }
        }
        assert_eq!(site.send(Machine::Alice, &request("GET /api/health/live")).status, 200);
        assert_eq!(site.send(Machine::Alice, &request("GET /api/health/ready")).status, 200);
    });
}

#[test]
fn c31_and_c34_a_page_under_another_name_does_not_get_through() {
    behind_each_proxy(|site| {
        let live = request("GET /api/health/live");
        for own in [PUBLIC_NAME, "NETCLAW.example.com", "netclaw.example.com:80"] {
            assert_eq!(site.send(Machine::Alice, &live.clone().header("Host", own)).status, 200, "{own}");
        }
        for other in [
            "evil.com",
            "netclaw.example.com.evil.com",
            "evil-netclaw.example.com",
            "evil.com:80",
            "netclaw.example.com@evil.com",
            "localhost",
            "127.0.0.1:80",
            "10.0.0.2",
            "10.0.0.1:5199",
            "[::1]",
            "",
        ] {
            let answer = site.send(Machine::Alice, &live.clone().header("Host", other));
            assert!([400, 403, 421].contains(&answer.status), "{other}: {answer:?}");
        }
        let absolute = request("GET http://evil.com/api/health/live");
        assert!([400, 403, 421].contains(&site.send(Machine::Alice, &absolute).status));
        let two = live.clone().header("host", "evil.com");
        assert!([400, 403, 421].contains(&site.send(Machine::Alice, &two).status));
        let none = live.without("Host");
        assert!([400, 403, 421].contains(&site.send(Machine::Alice, &none).status));
    });
}

#[test]
fn the_health_check_of_a_proxy_is_answered() {
    behind_each_proxy(|site| {
        let check = past_the_proxy(request("GET /api/health/ready")).header("Host", "10.0.0.1");
        assert_eq!(site.send(Machine::Proxy, &check).status, 200);
    });
}

#[test]
fn c32_a_form_of_a_web_page_is_refused() {
    behind_each_proxy(|site| {
        let code = site.host.code();
        for kind in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"] {
            let post = exchange(&code, "x").without("Content-Type").header("Content-Type", kind);
            let answer = site.send(Machine::Alice, &post);
            assert_eq!(answer.problem(), (415, "unsupported_media_type".to_owned()), "{kind}");
        }
    });
}

#[test]
fn c33_a_page_of_another_site_is_refused_and_one_of_the_public_name_is_served() {
    behind_each_proxy(|site| {
        let own = status(&site.pair("laptop"));
        for origin in ["http://netclaw.example.com", "https://netclaw.example.com"] {
            assert_eq!(site.send(Machine::Alice, &own.clone().header("Origin", origin)).status, 200, "{origin}");
        }
        for origin in ["https://evil.com", "null", "http://netclaw.example.com:8080", "http://10.0.0.1:5199", ""] {
            let answer = site.send(Machine::Alice, &own.clone().header("Origin", origin));
            assert_eq!(answer.problem(), (403, "forbidden_origin".to_owned()), "{origin}");
        }
    });
}

#[test]
fn c35_and_c36_there_is_no_route_to_a_code_or_to_the_operators_commands() {
    behind_each_proxy(|site| {
        let bearer = format!("Bearer {}", site.pair("laptop"));
        for path in [
            "/pairing",
            "/api/pairing",
            "/api/pair",
            "/devices",
            "/devices/revoke",
            "/lockouts",
            "/lockouts/clear",
            "/status",
            "/stop",
            "//pairing",
            "/api/../pairing",
            "/api/%2e%2e/pairing",
            "/run/control.sock",
        ] {
            for method in ["GET", "POST"] {
                let bare = request(&format!("{method} {path}"));
                for request in [bare.clone(), bare.header("Authorization", &bearer)] {
                    let answer = site.send(Machine::Alice, &request);
                    assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
                    assert!(is_the_daemons(&answer), "{method} {path}: {answer:?}");
                }
            }
        }
    });
}

#[test]
fn refusals_arrive_as_the_daemon_wrote_them() {
    behind_each_proxy(|site| {
        let code = site.host.code();
        for (status, problem, header, request) in refused_requests(&code) {
            let answer = site.send(Machine::Alice, &request);
            assert_eq!(answer.problem(), (status, problem.to_owned()));
            assert_eq!(answer.json()["status"], status);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
            assert!(is_the_daemons(&answer), "{answer:?}");
            assert!(header.is_none_or(|name| answer.header(name).is_some()), "{answer:?}");
        }
    });
}

/// One request for each kind of refusal: status, code, the header that must be there, and the request.
fn refused_requests(code: &str) -> Vec<(u16, &'static str, Option<&'static str>, Request)> {
    let large = exchange(&"x".repeat(4096), "x");
    let form = exchange(code, "x").without("Content-Type").header("Content-Type", "text/plain");
    let foreign = request("GET /api/health/live").header("Origin", "https://evil.com");
    let wrong = guess(code);
    let mut requests = vec![
        (400, "invalid_request", None, exchange("0000-0000", "x")),
        (401, "unauthorized", Some("www-authenticate"), request("GET /api/status")),
        (403, "forbidden_origin", None, foreign),
        (404, "not_found", None, request("GET /nowhere")),
        (405, "method_not_allowed", Some("allow"), request("POST /api/status")),
        (413, "payload_too_large", None, large),
        (415, "unsupported_media_type", None, form),
    ];
    requests.extend((0..5).map(|_| (401, "wrong_code", Some("www-authenticate"), wrong.clone())));
    requests.push((429, "rate_limited", Some("retry-after"), wrong));
    requests
}

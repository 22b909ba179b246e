//! The figures over a real socket, of what really happened.

use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;

use super::Port;
use super::gateway::{Server, app, asked, with_agent};
use crate::e2e::raw_http::Request;
use crate::metrics::text::Figures;

/// A port with a device, and the figures as that device sees them.
struct Watched {
    port: Port,
    token: String,
}

impl Watched {
    fn new() -> Self {
        let port = Port::default();
        let token = port.exchange(&port.code()).json()["token"].as_str().unwrap().to_owned();
        Self { port, token }
    }

    fn request(&self, line: &str) -> Request {
        Request::new(self.port.address, line)
    }

    fn scrape(&self) -> Figures {
        let answer = self.request("GET /metrics").header("Authorization", &format!("Bearer {}", self.token)).send();
        assert_eq!(answer.status, 200, "{answer:?}");
        Figures::read(&answer.body)
    }

    /// What `act` changes, beside what the look at it does.
    fn moved(&self, act: impl FnOnce()) -> Vec<String> {
        let before = self.scrape();
        act();
        let after = self.scrape();
        let own = ["netclaw_requests_total{route=\"metrics\",status=\"2xx\"}", ACCEPTED];
        let changes = after
            .since(&before)
            .into_iter()
            .map(|(series, by)| (series, if own.contains(&series) { by - 1.0 } else { by }));
        changes.filter(|(_, by)| *by != 0.0).map(|(series, by)| format!("{series} {by}")).collect()
    }
}

const ACCEPTED: &str = "netclaw_authentications_total{outcome=\"accepted\"}";

#[test]
fn a_pairing_and_its_wrong_codes_are_counted_one_by_one() {
    let watched = Watched::new();
    let port = &watched.port;
    let changes = watched.moved(|| {
        let code = port.code();
        let wrong = if code.starts_with('2') { "3333-3333" } else { "2222-2222" };
        assert_eq!(Request::exchange(port.address, wrong, "phone").from(1).send().status, 401);
        assert_eq!(Request::exchange(port.address, wrong, "phone").from(2).send().status, 401);
        assert_eq!(Request::exchange(port.address, &code, "laptop").from(3).send().status, 409, "the name is taken");
        assert_eq!(Request::exchange(port.address, &code, "phone").from(3).send().status, 200);
        assert_eq!(Request::exchange(port.address, &code, "phone").from(3).send().status, 404);
        // Refused before it is an attempt.
        assert_eq!(Request::exchange(port.address, "0000", "phone").from(3).send().status, 400);
    });
    let expected = [
        "netclaw_devices 1",
        "netclaw_pairing_attempts_total{outcome=\"no_code\"} 1",
        "netclaw_pairing_attempts_total{outcome=\"paired\"} 1",
        "netclaw_pairing_attempts_total{outcome=\"refused\"} 1",
        "netclaw_pairing_attempts_total{outcome=\"wrong_code\"} 2",
        "netclaw_pairing_codes_total 1",
        "netclaw_requests_total{route=\"pairing\",status=\"2xx\"} 1",
        "netclaw_requests_total{route=\"pairing\",status=\"4xx\"} 5",
    ];
    assert_eq!(changes, expected);
}

#[test]
fn a_block_is_counted_once_and_shown_while_it_lasts() {
    let watched = Watched::new();
    let port = &watched.port;
    let changes = watched.moved(|| {
        for _ in 0..2 {
            let code = port.code();
            let wrong = if code.starts_with('2') { "3333-3333" } else { "2222-2222" };
            for _ in 0..5 {
                assert_eq!(Request::exchange(port.address, wrong, "phone").from(1).send().status, 401);
            }
            port.minutes_pass(1);
        }
        for _ in 0..3 {
            assert_eq!(Request::exchange(port.address, "2222-2222", "phone").from(1).send().status, 429);
        }
    });
    let expected = [
        "netclaw_locked_out_addresses 1",
        "netclaw_lockouts_total 1",
        "netclaw_pairing_attempts_total{outcome=\"locked_out\"} 3",
        "netclaw_pairing_attempts_total{outcome=\"wrong_code\"} 10",
        "netclaw_pairing_codes_total 2",
        "netclaw_requests_total{route=\"pairing\",status=\"4xx\"} 13",
    ];
    assert_eq!(changes, expected);
    assert_eq!(watched.moved(|| port.minutes_pass(20)), ["netclaw_locked_out_addresses -1"]);
}

#[test]
fn requests_are_counted_by_what_they_are_for_and_never_by_their_path() {
    let watched = Watched::new();
    let changes = watched.moved(|| {
        for (line, status) in [
            ("GET /api/health/live", 200),
            ("GET /api/status", 200),
            ("HEAD /api/status", 200),
            ("POST /api/status", 405),
            ("GET /api/auth/verify", 401),
            ("GET /api/auth/verify?x=nct_secret", 401),
            ("DELETE /api/pair/device", 401),
            ("GET /metrics", 401),
            ("GET /metrics/", 404),
            ("GET /some/path", 404),
            ("GET /another/path", 404),
        ] {
            assert_eq!(watched.request(line).send().status, status, "{line}");
        }
        let bad = watched.request("GET /api/status").header("Authorization", "Bearer nct_x");
        assert_eq!(bad.send().status, 401);
        let rebound = watched.request("GET /api/status").header("Host", "evil.example");
        assert_eq!(rebound.send().status, 403);
        let good =
            watched.request("PUT /api/auth/verify").header("Authorization", &format!("Bearer {}", watched.token));
        assert_eq!(good.send().status, 204);
    });
    let expected = [
        "netclaw_authentications_total{outcome=\"accepted\"} 1",
        "netclaw_authentications_total{outcome=\"refused\"} 1",
        "netclaw_requests_total{route=\"device\",status=\"4xx\"} 1",
        "netclaw_requests_total{route=\"health\",status=\"2xx\"} 1",
        "netclaw_requests_total{route=\"metrics\",status=\"4xx\"} 1",
        "netclaw_requests_total{route=\"status\",status=\"2xx\"} 2",
        "netclaw_requests_total{route=\"status\",status=\"4xx\"} 3",
        "netclaw_requests_total{route=\"unknown\",status=\"4xx\"} 3",
        "netclaw_requests_total{route=\"verify\",status=\"2xx\"} 1",
        "netclaw_requests_total{route=\"verify\",status=\"4xx\"} 2",
    ];
    assert_eq!(changes, expected);
}

#[test]
fn a_request_that_stays_open_is_counted_once_and_shown_while_it_is() {
    let (port, server) = app();
    let (_, token) = port.device("prometheus", 3);
    let watched = Watched { port, token };
    let before = watched.scrape();
    let mut client = asked(&watched.port, "GET /app/stream?secret HTTP/1.1");
    let mut served = server.accept();
    served.head();
    served.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    client.head();
    assert_eq!(client.chunk(), "hello");
    let during = watched.scrape();
    for series in [
        "netclaw_opened_requests_total",
        "netclaw_open_requests",
        "netclaw_requests_total{route=\"gateway\",status=\"2xx\"}",
    ] {
        assert_eq!(during.value(series) - before.value(series), 1.0, "{series}");
    }
}

#[test]
fn requests_to_the_agent_are_counted_by_whose_fault_it_was() {
    let server = Server::new();
    let port = Port::with(with_agent(&server.url("/v1")));
    let (_, token) = port.device("prometheus", 3);
    let watched = Watched { port, token };
    let changes = watched.moved(|| {
        // It becomes a tunnel, its body is none, and its server goes away.
        let mut client = asked(&watched.port, "GET /v1/x HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket");
        let mut served = server.accept();
        served.head();
        served.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
        client.head();
        drop(served);
        client.ends();
        let mut client = asked(&watched.port, "POST /v1/x HTTP/1.1\r\nTransfer-Encoding: chunked");
        let mut served = server.accept();
        served.head();
        client.send("no chunk\r\n");
        assert_eq!(client.answer().status, 400);
        served.ends();
        let mut client = asked(&watched.port, "GET /v1/x HTTP/1.1");
        server.accept().head();
        assert_eq!(client.answer().status, 502);
    });
    for (status, count) in [("1xx", 1), ("4xx", 1), ("5xx", 1)] {
        let counted = format!("netclaw_requests_total{{route=\"agent\",status=\"{status}\"}} {count}");
        assert!(changes.contains(&counted), "{counted}: {changes:?}");
    }
}

#[test]
fn the_devices_are_those_that_are_paired() {
    let watched = Watched::new();
    let other = watched.port.code();
    let other = Request::exchange(watched.port.address, &other, "phone").send().json();
    let other = format!("Bearer {}", other["token"].as_str().unwrap());
    let revoked = watched.moved(|| {
        assert_eq!(watched.request("DELETE /api/pair/device").header("Authorization", &other).send().status, 204);
    });
    assert!(revoked.contains(&"netclaw_devices -1".to_owned()), "{revoked:?}");
    assert_eq!(watched.request("GET /metrics").header("Authorization", &other).send().status, 401);
}

#[test]
fn without_a_token_there_are_no_figures_in_any_mode() {
    for mode in ExposureMode::ALL {
        let port = Port::with(Settings {
            mode: *mode,
            trusted_proxies: vec!["127.20.0.0/16".parse().unwrap()],
            ..Settings::default()
        });
        for line in ["GET /metrics", "HEAD /metrics"] {
            let answer = Request::new(port.address, line).send();
            assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")), "{mode} {line}");
        }
        assert_eq!(Request::new(port.address, "POST /metrics").send().problem().0, 405);
    }
}

#[test]
fn the_figures_are_sent_as_the_format_wants_and_say_nothing_of_anyone() {
    let watched = Watched::new();
    let authorized = |line: &str| watched.request(line).header("Authorization", &format!("Bearer {}", watched.token));
    let answer = authorized("GET /metrics").send();
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for private in ["nct_", "laptop", "127.", "/api", &watched.port.pin.to_string()] {
        assert!(!answer.body.contains(private), "{private}");
    }
    let head = authorized("HEAD /metrics").send();
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-type"), answer.header("content-type"));
}

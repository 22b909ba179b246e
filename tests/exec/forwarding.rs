//! The spellings of where a tunnel leads, and from where.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use netclaw::adapters::exec::forwarding::{leads_to, public_endpoint};

#[test]
fn every_spelling_of_a_loopback_service_leads_to_it() {
    for daemon in [SocketAddr::from((Ipv4Addr::LOCALHOST, 5199)), SocketAddr::from((Ipv6Addr::LOCALHOST, 5199))] {
        for target in [
            "5199",
            "localhost:5199",
            "127.0.0.1:5199",
            "[::1]:5199",
            "http://localhost:5199",
            "http://localhost.:5199/",
            "HTTP://127.0.0.1:5199/",
            "http://[::1]:5199",
            "http://0.0.0.0:5199",
        ] {
            assert!(leads_to(target, daemon), "{target}");
        }
    }
    assert!(leads_to("http://localhost", SocketAddr::from((Ipv4Addr::LOCALHOST, 80))));
}

#[test]
fn other_services_are_not_the_daemon() {
    for target in [
        "",
        "5198",
        "51990",
        "99999999999999999999",
        "localhost",
        "http://localhost:5198",
        "https://localhost:5199",
        "https+insecure://localhost:5199",
        "http://localhost:5199/sub",
        "http://localhost:5199/http://localhost:5199",
        "http://localhost.evil:5199",
        "http://127.0.0.1@evil:5199",
        "http://192.168.1.5:5199",
        "unix:/run/x.sock",
        "http_status:404",
        "tcp://localhost:5199",
    ] {
        assert!(!leads_to(target, SocketAddr::from((Ipv4Addr::LOCALHOST, 5199))), "{target}");
    }
}

#[test]
fn only_names_stand_for_an_endpoint() {
    let endpoint = |host| public_endpoint(host).map(|endpoint| endpoint.to_string());
    assert_eq!(endpoint("claw.example.com").as_deref(), Some("https://claw.example.com"));
    assert_eq!(endpoint("Bücher.example").as_deref(), Some("https://xn--bcher-kva.example"));
    for host in ["", "*.example.com", "*", "a/b", "a@b", "a:80", "a b", "a\u{1b}[2J", "localhost", "127.0.0.1", "[::1]"]
    {
        assert_eq!(endpoint(host), None, "{host}");
    }
}

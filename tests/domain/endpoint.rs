//! Endpoints: every spelling is what it is.

use netclaw::domain::endpoint::{Endpoint, EndpointError};
use proptest::prelude::*;

fn shown(text: &str) -> Result<String, EndpointError> {
    Endpoint::parse(text).map(|endpoint| endpoint.to_string())
}

#[test]
fn an_endpoint_has_one_spelling() {
    for (text, expected) in [
        ("http://my-server:5199", "http://my-server:5199"),
        ("http://my-server:5199/", "http://my-server:5199"),
        ("HTTP://My-Server:5199", "http://my-server:5199"),
        ("http://my-server:80", "http://my-server"),
        ("https://my-server:443/", "https://my-server"),
        ("https://my-server:80", "https://my-server:80"),
        ("https://example.org/netclaw/", "https://example.org/netclaw"),
        ("https://example.org/a/b///", "https://example.org/a/b"),
        ("https://example.org/a/../b", "https://example.org/b"),
        ("http://[::1]:5199", "http://[::1]:5199"),
        ("http://[2001:DB8:0:0::1]:5199/", "http://[2001:db8::1]:5199"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ] {
        assert_eq!(shown(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn two_spellings_of_one_place_are_equal() {
    let parse = |text| Endpoint::parse(text).unwrap();
    assert_eq!(parse("HTTP://LOCALHOST:80/"), parse("http://localhost"));
    assert_eq!(parse("http://0x7f.1:5199"), parse("http://127.0.0.1:5199"));
    assert_ne!(parse("http://localhost"), parse("https://localhost"));
    assert_ne!(parse("http://localhost:5199"), parse("http://localhost:5200"));
    assert_ne!(parse("http://example.org/a"), parse("http://example.org/A"));
}

#[test]
fn a_wildcard_becomes_the_loopback_of_its_family() {
    for text in ["http://0.0.0.0:5199", "http://0:5199", "http://0x0.0:5199/"] {
        assert_eq!(shown(text).as_deref(), Ok("http://127.0.0.1:5199"), "{text}");
    }
    for text in ["http://[::]:5199", "http://[0:0:0:0:0:0:0:0]:5199"] {
        assert_eq!(shown(text).as_deref(), Ok("http://[::1]:5199"), "{text}");
    }
}

#[test]
fn b25_names_that_only_look_like_loopback_are_not() {
    for text in [
        "http://127.evil.com",
        "http://127.0.0.1.evil.com:5199",
        "http://localhost.evil",
        "http://localhost-evil.com",
        "http://evil.com/127.0.0.1",
        "http://evil.com/localhost",
        "http://[::2]",
        "http://[::ffff:192.168.0.1]",
        "http://128.0.0.1",
        "http://192.168.0.1",
    ] {
        assert!(!Endpoint::parse(text).unwrap().is_loopback(), "{text}");
    }
}

#[test]
fn b25_every_spelling_of_loopback_is_loopback() {
    for text in [
        "http://127.0.0.1",
        "http://127.0.0.1.:5199",
        "http://127.1",
        "http://0x7f.1",
        "http://2130706433",
        "http://0177.0.0.1",
        "http://127.255.255.255",
        "http://localhost",
        "http://LOCALHOST.:5199",
        "http://[::1]",
        "http://[0:0::0:1]:5199",
        "http://[::ffff:127.0.0.1]",
        "http://[::]",
        "http://0.0.0.0",
        "http://ｌocalhost",
    ] {
        assert!(Endpoint::parse(text).unwrap().is_loopback(), "{text}");
    }
}

#[test]
fn b25_credentials_are_refused() {
    for text in [
        "http://127.0.0.1@evil.com",
        "http://user:password@host",
        "http://user@host",
        "http://:password@host",
        "http://@host",
        "http://:@host",
        "https://host\\@evil.com",
    ] {
        assert_eq!(shown(text), Err(EndpointError::Credentials), "{text}");
    }
}

#[test]
fn query_and_fragment_are_refused() {
    for text in ["http://host?", "http://host/?code=ABCD", "http://host#", "http://host/#top", "http://host/a?b#c"] {
        assert_eq!(shown(text), Err(EndpointError::QueryOrFragment), "{text}");
    }
}

#[test]
fn other_schemes_and_none_are_refused() {
    for text in [
        "",
        "http",
        "http:/host",
        "http:host",
        "my-server:5199",
        "ftp://host",
        "file:///etc",
        "//host",
        " http://x",
        "httpx://h",
        "ｈttp://h",
        "javascript:alert(1)",
    ] {
        assert_eq!(shown(text), Err(EndpointError::NoScheme), "{text}");
    }
}

#[test]
fn what_is_no_url_is_refused() {
    for text in [
        "http://",
        "https://",
        "http://[::1",
        "http://[fe80::1%25eth0]",
        "http://host:65536",
        "http://host:x",
        "http://256.0.0.1",
        "http://a b",
        "http://%00",
        "http://exa\u{1b}mple",
    ] {
        assert_eq!(shown(text), Err(EndpointError::NotAUrl), "{text}");
    }
}

#[test]
fn paths_are_joined_below_the_endpoint() {
    let joined = |text| Endpoint::parse(text).unwrap().join("/api/status");
    assert_eq!(joined("http://host:5199/"), "http://host:5199/api/status");
    assert_eq!(joined("https://host/netclaw/"), "https://host/netclaw/api/status");
}

#[test]
fn only_https_is_https() {
    assert!(Endpoint::parse("HTTPS://host").unwrap().is_https());
    assert!(!Endpoint::parse("http://host:443").unwrap().is_https());
}

#[test]
fn a_listener_is_reached_from_its_own_machine() {
    let of = |address: &str| Endpoint::of_listener(address.parse().unwrap()).to_string();
    assert_eq!(of("127.0.0.1:5199"), "http://127.0.0.1:5199");
    assert_eq!(of("0.0.0.0:8080"), "http://127.0.0.1:8080");
    assert_eq!(of("[::]:8080"), "http://[::1]:8080");
    assert_eq!(of("192.168.1.5:80"), "http://192.168.1.5");
}

#[test]
fn the_default_is_the_default_port_on_loopback() {
    assert_eq!(Endpoint::default().to_string(), "http://127.0.0.1:5199");
    assert_eq!(Endpoint::parse("http://127.0.0.1:5199"), Ok(Endpoint::default()));
}

proptest! {
    #[test]
    fn what_is_shown_reads_back(text in "https?://[a-z0-9.:/%\\[\\]é-]{1,30}|https?://[a-z]{1,9}(:[0-9]{1,5})?(/[ -~]{0,9}){0,3}") {
        if let Ok(endpoint) = Endpoint::parse(&text) {
            let shown = endpoint.to_string();
            prop_assert_eq!(Endpoint::parse(&shown), Ok(endpoint), "{}", shown);
            prop_assert!(!shown.ends_with('/'));
            prop_assert!(shown.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}|https?://.{0,40}") {
        let _ = Endpoint::parse(&text).map(|endpoint| endpoint.is_loopback());
    }
}

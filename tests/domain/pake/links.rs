//! Bindings, and the links that a daemon knows.

use netclaw::domain::binding::{Binding, Links, Origin, OriginError, Pin};
use netclaw::domain::endpoint::Endpoint;

fn endpoint(text: &str) -> Endpoint {
    Endpoint::parse(text).unwrap()
}

fn origin(text: &str) -> Binding {
    Binding::Origin(Origin::parse(text).unwrap())
}

#[test]
fn an_origin_is_spelled_as_browsers_spell_it() {
    for (text, expected) in [
        ("https://Agent.Example.org/", "https://agent.example.org"),
        ("https://agent.example.org:443/netclaw", "https://agent.example.org"),
        ("https://agent.example.org:5199", "https://agent.example.org:5199"),
        ("https://[2001:DB8::1]:5199", "https://[2001:db8::1]:5199"),
        ("http://127.0.0.1:5199", "http://127.0.0.1:5199"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://localhost", "http://localhost"),
    ] {
        let origin = Origin::of(&endpoint(text)).unwrap();
        assert_eq!(origin.as_str(), expected);
        assert_eq!(Origin::parse(expected), Ok(origin));
    }
}

#[test]
fn b22_http_to_another_machine_is_no_link_to_pair_over() {
    for text in ["http://my-server:5199", "http://192.168.1.5:5199", "http://127.evil.com", "http://localhost.evil"] {
        assert_eq!(Origin::of(&endpoint(text)), Err(OriginError::Unprotected), "{text}");
        assert_eq!(Origin::parse(text), Err(OriginError::Unprotected), "{text}");
    }
}

#[test]
fn an_origin_in_another_spelling_is_refused() {
    let long = format!("https://{}.org", "a".repeat(300));
    for text in [
        "https://agent.example.org/",
        "https://agent.example.org:443",
        "https://AGENT.example.org",
        "https://agent.example.org/path",
        "agent.example.org",
        "https://user@agent.example.org",
        "http://0.0.0.0:5199",
        "http://0x7f.1",
        "",
        &long,
    ] {
        assert_eq!(Origin::parse(text), Err(OriginError::Malformed), "{text}");
    }
}

#[test]
fn a_daemon_knows_its_keys_its_endpoints_and_perhaps_plain_loopback() {
    let links = Links {
        pins: vec![Pin::of_spki(b"now"), Pin::of_spki(b"next")],
        endpoints: vec![endpoint("https://agent.example.org/netclaw"), endpoint("http://my-server:5199")],
        plain_loopback: false,
    };
    for known in
        [Binding::Spki(Pin::of_spki(b"now")), Binding::Spki(Pin::of_spki(b"next")), origin("https://agent.example.org")]
    {
        assert!(links.know(&known), "{known:?}");
    }
    for unknown in [
        Binding::Spki(Pin::of_spki(b"a proxy's")),
        origin("https://agent.example.org:444"),
        origin("https://evil.example.org"),
        origin("https://localhost"),
        origin("http://localhost:5199"),
    ] {
        assert!(!links.know(&unknown), "{unknown:?}");
    }
    let local = Links { plain_loopback: true, ..Links::default() };
    assert!(local.know(&origin("http://localhost:8000")) && local.know(&origin("http://[::1]:1")));
    assert!(!local.know(&origin("https://localhost:8000")));
}

#[test]
fn only_endpoints_that_others_can_use_are_told() {
    let endpoints = ["https://agent.example.org", "http://127.0.0.1:5199", "http://my-server:5199"].map(endpoint);
    let links = Links { endpoints: endpoints.to_vec(), ..Links::default() };
    assert_eq!(links.external(), [endpoints[0].clone(), endpoints[2].clone()]);
}

#[test]
fn a_pin_is_the_sha_256_of_the_public_key() {
    let shown = format!("{:?}", Pin::of_spki(b"abc"));
    assert_eq!(shown, "Pin(ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad)");
}

//! What protects a link, and what may go over it.

use netclaw::domain::binding::Binding;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::link::{Approach, Guard, Link, Meeting, Pins, Unprotected};
use netclaw::domain::pin::Pin;

const OWN: Pin = Pin::from_bytes([1; 32]);
const OTHER: Pin = Pin::from_bytes([2; 32]);
const NEXT: Pin = Pin::from_bytes([3; 32]);

fn endpoint(text: &str) -> Endpoint {
    Endpoint::parse(text).unwrap()
}

#[test]
fn b18_a_code_is_shown_on_loopback_and_behind_a_public_certificate_only() {
    let table = [
        ("http://my-server:5199", Meeting::Plain, Err(Unprotected)),
        ("http://192.168.1.7:5199", Meeting::Plain, Err(Unprotected)),
        ("http://127.evil.com", Meeting::Plain, Err(Unprotected)),
        ("http://localhost.evil", Meeting::Plain, Err(Unprotected)),
        ("http://my-server:5199", Meeting::Key(OWN), Ok(false)),
        ("http://127.0.0.1:5199", Meeting::Key(OWN), Ok(false)),
        ("https://agent.example.org", Meeting::Key(OWN), Ok(false)),
        ("http://127.0.0.1:5199", Meeting::Plain, Ok(true)),
        ("http://[::1]:5199", Meeting::Plain, Ok(true)),
        ("http://localhost:5199", Meeting::Plain, Ok(true)),
        ("https://agent.example.org", Meeting::PublicCertificate, Ok(true)),
        // What cannot be met, but must not be believed either.
        ("https://agent.example.org", Meeting::Plain, Err(Unprotected)),
        ("https://localhost", Meeting::Plain, Err(Unprotected)),
        ("http://my-server", Meeting::PublicCertificate, Err(Unprotected)),
    ];
    for (place, meeting, expected) in table {
        let approach = Approach::of(&endpoint(place), meeting);
        assert_eq!(approach.map(|approach| approach.may_show_code), expected, "{place} {meeting:?}");
    }
}

#[test]
fn b18_a_handshake_is_bound_to_the_key_that_was_met_and_goes_over_no_other() {
    let approach = Approach::of(&endpoint("http://my-server:5199/agent"), Meeting::Key(OWN)).unwrap();
    assert_eq!(approach.binding, Binding::Spki(OWN));
    assert_eq!(approach.link.guard(), Guard::Pinned(Pins { current: OWN, next: None }));
    assert_eq!(approach.link.url("/api/x"), "https://my-server:5199/agent/api/x");
}

#[test]
fn a_pinned_link_speaks_tls_whatever_the_scheme_says() {
    let pins = Some(Pins { current: OWN, next: None });
    for (place, url) in [
        ("http://my-server:5199", "https://my-server:5199/x"),
        ("http://my-server", "https://my-server:80/x"),
        ("http://my-server:443", "https://my-server/x"),
        ("http://[fd00::7]:5199", "https://[fd00::7]:5199/x"),
        ("https://my-server", "https://my-server/x"),
        ("https://my-server:5199", "https://my-server:5199/x"),
    ] {
        assert_eq!(Link::of_pairing(&endpoint(place), pins).url("/x"), url);
        assert_eq!(Link::of_pairing(&endpoint(place), None).url("/x"), format!("{place}/x"));
    }
}

#[test]
fn s05_a_token_goes_nowhere_without_protection() {
    let pins = Some(Pins { current: OWN, next: None });
    for place in ["http://my-server:5199", "http://10.0.0.1:5199", "http://127.evil.com", "http://[fd00::1]"] {
        assert_eq!(Link::of_pairing(&endpoint(place), None).check(), Err(Unprotected), "{place}");
        assert_eq!(Link::of_pairing(&endpoint(place), pins).check(), Ok(()), "{place}");
    }
    for place in ["https://my-server", "http://127.0.0.1:5199", "http://localhost", "http://[::1]:1"] {
        assert_eq!(Link::of_endpoint(&endpoint(place)).check(), Ok(()), "{place}");
    }
}

#[test]
fn the_key_of_the_link_is_always_among_the_stored_ones() {
    let pins = |current, next| Pins::of_pairing(OWN, current, next);
    assert_eq!(pins(Some(OWN), Some(NEXT)), Pins { current: OWN, next: Some(NEXT) });
    assert_eq!(pins(Some(OTHER), Some(OWN)), Pins { current: OTHER, next: Some(OWN) });
    assert_eq!(pins(None, None), Pins { current: OWN, next: None });
    assert_eq!(pins(Some(OTHER), Some(NEXT)), Pins { current: OWN, next: None });
}

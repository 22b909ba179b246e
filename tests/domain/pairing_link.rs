//! What a pairing link looks like, and what is none.

use netclaw::domain::endpoint::{Endpoint, EndpointError};
use netclaw::domain::link::{Approach, Meeting, Misled, Unprotected};
use netclaw::domain::link_secret::LinkSecret;
use netclaw::domain::pairing_link::{LinkError, MAX_LINK_BYTES, PairingLink};
use netclaw::domain::pin::Pin;
use proptest::prelude::*;

const SECRET: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

fn pin() -> Pin {
    Pin::from_bytes([7; 32])
}

fn link(endpoint: &str) -> PairingLink {
    PairingLink::new(Endpoint::parse(endpoint).unwrap(), pin(), LinkSecret::from_random(SECRET))
}

fn refused(text: &str) -> LinkError {
    PairingLink::parse(text).unwrap_err()
}

#[test]
fn the_daemons_own_tls_is_pinned_and_a_proxys_is_not() {
    let p = pin().text();
    let cases = [
        ("http://192.168.1.20:5199", format!("netclaw://192.168.1.20:5199/?c=aaaqeayeaudaocajbifqydiob4#p={p}")),
        ("http://[fd00::1]:5199", format!("netclaw://[fd00::1]:5199/?c=aaaqeayeaudaocajbifqydiob4#p={p}")),
        ("http://my-server", format!("netclaw://my-server/?c=aaaqeayeaudaocajbifqydiob4#p={p}")),
        ("https://claw.example.com", "netclaw://claw.example.com/?c=aaaqeayeaudaocajbifqydiob4&s=https".to_owned()),
        (
            "https://example.com:8443/a/b",
            "netclaw://example.com:8443/a/b?c=aaaqeayeaudaocajbifqydiob4&s=https".to_owned(),
        ),
    ];
    for (endpoint, expected) in cases {
        let link = link(endpoint);
        assert_eq!(link.reveal().as_str(), expected);
        let read = PairingLink::parse(&format!("  {expected}\r\n")).unwrap();
        assert_eq!((read.endpoint(), read.pin()), (link.endpoint(), link.pin()));
        assert_eq!(read.secret().id(), link.secret().id());
        assert_eq!(read.pin().is_some(), endpoint.starts_with("http:"));
    }
}

#[test]
fn a_pin_in_a_link_begins_with_its_fingerprint() {
    let (text, fingerprint) = (pin().text(), pin().fingerprint());
    assert!(text.starts_with(&fingerprint.replace('-', "")), "{text} {fingerprint}");
    assert_eq!(Pin::parse_text(&text), Ok(pin()));
    assert!(Pin::parse_text(&text[1..]).is_err() && Pin::parse_text(&text.to_uppercase()).is_err());
}

#[test]
fn what_is_missing_doubled_or_changed_is_refused() {
    let good = link("http://my-server:5199").reveal().to_string();
    let (before, p) = good.split_once("#p=").unwrap();
    let c = before.split_once("?c=").unwrap().1;
    assert_eq!(refused("http://my-server:5199"), LinkError::NotALink);
    assert_eq!(refused(""), LinkError::NotALink);
    assert_eq!(refused(before), LinkError::Pin);
    assert_eq!(refused(&format!("{before}#p={}", &p[..51])), LinkError::Pin);
    assert_eq!(refused(&format!("{good}&p={p}")), LinkError::Pin);
    assert_eq!(refused(&format!("netclaw://my-server:5199/?s=https&c={c}#p={p}")), LinkError::Pin);
    assert_eq!(refused(&format!("netclaw://my-server:5199/?s=http&c={c}#p={p}")), LinkError::Scheme);
    assert_eq!(refused(&format!("netclaw://my-server:5199/?s=https&s=https&c={c}")), LinkError::Scheme);
    assert_eq!(refused(&format!("netclaw://my-server:5199/#p={p}")), LinkError::Secret);
    assert_eq!(refused(&format!("netclaw://my-server:5199/?c={c}&c={c}#p={p}")), LinkError::Secret);
    assert_eq!(refused(&format!("netclaw://my-server:5199/?c={}#p={p}", &c[1..])), LinkError::Secret);
    assert_eq!(refused(&format!("netclaw://my-server:5199/?c={}#p={p}", c.to_uppercase())), LinkError::Secret);
    assert_eq!(refused(&format!("netclaw://my server/?c={c}#p={p}")), LinkError::ForeignCharacters);
    assert_eq!(refused(&format!("netclaw://my-s\u{1b}erver/?c={c}#p={p}")), LinkError::ForeignCharacters);
    assert_eq!(refused(&format!("netclaw://me@evil/?c={c}#p={p}")), LinkError::Endpoint(EndpointError::Credentials));
    assert_eq!(refused(&format!("netclaw:///?c={c}#p={p}")), LinkError::Endpoint(EndpointError::NotAUrl));
    assert_eq!(refused(&format!("netclaw://{}/?c={c}#p={p}", "a".repeat(MAX_LINK_BYTES))), LinkError::TooLong);
    // A later version may say more.
    let later = format!("NETCLAW://my-server:5199/?x=1&c={c}&y#q=2&p={p}");
    assert_eq!(PairingLink::parse(&later).unwrap().endpoint().to_string(), "http://my-server:5199");
}

#[test]
fn nothing_shows_the_secret_but_revealing_it() {
    let link = link("http://my-server:5199");
    for shown in [format!("{link:?}"), format!("{:?}", link.secret()), format!("{:?}", link.secret().id())] {
        assert!(shown.contains("redacted") && !shown.contains("aaaq"), "{shown}");
    }
    let error = format!("{:?}", refused("netclaw://my-server/?c=aaaqeayeaudaocajbifqydiob4"));
    assert!(!error.contains("aaaq"), "{error}");
}

#[test]
fn a_pinned_link_is_good_for_its_key_only_and_on_loopback_too() {
    let other = Pin::from_bytes([8; 32]);
    for place in ["http://my-server:5199", "http://127.0.0.1:5199"] {
        let link = link(place);
        let approach = Approach::of_link(&link, Meeting::Key(pin())).unwrap();
        assert!(!approach.may_show_code);
        let misled = Misled::OtherKey { expected: pin(), found: other };
        assert_eq!(Approach::of_link(&link, Meeting::Key(other)), Err(misled));
        let unprotected = Err(Misled::Unprotected(Unprotected));
        assert_eq!(Approach::of_link(&link, Meeting::Plain), unprotected);
        assert_eq!(Approach::of_link(&link, Meeting::PublicCertificate), unprotected);
    }
}

#[test]
fn a_link_without_a_pin_is_bound_like_its_address_and_never_shown() {
    let link = link("https://claw.example.com");
    for meeting in [Meeting::PublicCertificate, Meeting::Key(pin())] {
        let approach = Approach::of_link(&link, meeting).unwrap();
        let typed = Approach::of(link.endpoint(), meeting).unwrap();
        assert_eq!((&approach.binding, approach.link), (&typed.binding, typed.link));
        assert!(!approach.may_show_code);
    }
    assert!(Approach::of_link(&link, Meeting::Plain).is_err());
}

proptest! {
    #[test]
    fn garbage_is_refused_and_never_panics(text in ".{0,200}") {
        let _ = PairingLink::parse(&text);
        let _ = PairingLink::parse(&format!("netclaw://{text}"));
        let unpinned = PairingLink::parse(&format!("netclaw://h/?c={text}"));
        prop_assert!(unpinned.is_err());
    }

    #[test]
    fn every_link_is_read_back_as_it_was(secret: [u8; 16], pin: [u8; 32], port: u16, https: bool, path in "[a-z]{0,9}") {
        let scheme = if https { "https" } else { "http" };
        let endpoint = Endpoint::parse(&format!("{scheme}://host:{port}/{path}")).unwrap();
        let link = PairingLink::new(endpoint.clone(), Pin::from_bytes(pin), LinkSecret::from_random(secret));
        let read = PairingLink::parse(&link.reveal()).unwrap();
        prop_assert_eq!(read.endpoint(), &endpoint);
        prop_assert_eq!(read.pin(), (!https).then_some(Pin::from_bytes(pin)));
        prop_assert_eq!(read.secret().id(), LinkSecret::from_random(secret).id());
        prop_assert_eq!(read.reveal(), link.reveal());
    }

    #[test]
    fn no_changed_character_of_a_secret_is_the_same_secret(at in 0_usize..26, symbol in "[a-z2-7]") {
        let text = link("http://h").reveal().to_string();
        let start = text.find("?c=").unwrap() + 3;
        let mut changed = text.clone();
        changed.replace_range(start + at..=start + at, &symbol);
        match PairingLink::parse(&changed) {
            Ok(read) => prop_assert_eq!(read.secret().id() == LinkSecret::from_random(SECRET).id(), changed == text),
            Err(why) => prop_assert_eq!(why, LinkError::Secret),
        }
    }
}

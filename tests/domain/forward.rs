//! What a forwarder lets through.

use data_encoding::BASE64;
use netclaw::domain::forward::guard::{Claims, ForeignPage, Guard};
use netclaw::domain::forward::key::{ForwardKey, KEY_BYTES};
use netclaw::domain::forward::moved_here;
use netclaw::domain::forward::proxies::Exemptions;
use netclaw::domain::forward::reserved::{RefusedPath, check};
use netclaw::domain::gateway::path::AmbiguousPath;

fn claims<'a>(host: &'a str, origin: Option<&'a str>, fetch_site: Option<&'a str>) -> Claims<'a> {
    Claims { host: Some(host), origin, fetch_site }
}

#[test]
fn tools_people_and_the_forwarders_own_pages_are_let_through() {
    for (port, host) in [(8080, "127.0.0.1:8080"), (80, "127.0.0.1:80"), (80, "127.0.0.1")] {
        let (guard, own) = (Guard::of_port(port), format!("http://{host}"));
        for origin in [None, Some(own.as_str())] {
            for site in [None, Some("none"), Some("same-origin")] {
                assert_eq!(guard.check(&claims(host, origin, site)), Ok(()), "{host} {origin:?} {site:?}");
            }
        }
    }
}

#[test]
fn other_names_of_the_port_are_refused() {
    let guard = Guard::of_port(8080);
    assert_eq!(guard.check(&Claims::default()), Err(ForeignPage::Host));
    for host in [
        "evil.com",
        "evil.com:8080",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:8081",
        "127.0.0.1:08080",
        "127.0.0.2:8080",
        // Another user may have the same port of ::1.
        "localhost:8080",
        "LocalHost:8080",
        "[::1]:8080",
        "localhost",
        "localhost.:8080",
        "localhost.evil:8080",
        "::1:8080",
        "0.0.0.0:8080",
        "x@127.0.0.1:8080",
        "",
    ] {
        assert_eq!(guard.check(&claims(host, None, None)), Err(ForeignPage::Host), "{host}");
    }
}

#[test]
fn pages_of_other_sites_are_refused_and_other_ports_are_other_sites() {
    let (guard, host) = (Guard::of_port(8080), "127.0.0.1:8080");
    for origin in [
        "https://evil.com",
        "null",
        "",
        "http://127.0.0.1",
        "http://127.0.0.1:8081",
        "https://127.0.0.1:8080",
        "http://localhost:8080",
        "http://127.0.0.1:8080/",
        "http://127.0.0.1:8080.evil.com",
    ] {
        assert_eq!(guard.check(&claims(host, Some(origin), None)), Err(ForeignPage::Page), "{origin}");
    }
    for site in ["cross-site", "same-site", "", "None", "same-origin, none"] {
        assert_eq!(guard.check(&claims(host, None, Some(site))), Err(ForeignPage::Page), "{site}");
    }
}

#[test]
fn a_key_is_shown_as_a_bearer_token_or_as_anyones_password() {
    let key = ForwardKey::of(&[7; KEY_BYTES]);
    let text = key.reveal().to_owned();
    assert_eq!((text.len(), &text[..4]), (30, "ncf_"));
    assert_ne!(text, ForwardKey::of(&[8; KEY_BYTES]).reveal());
    let basic = |pair: &str| format!("Basic {}", BASE64.encode(pair.as_bytes()));
    for shown in
        [format!("Bearer {text}"), format!("bearer  {text}"), basic(&format!("me:{text}")), basic(&format!(":{text}"))]
    {
        assert!(key.is_shown_by(&shown), "{shown}");
    }
    for shown in [
        text.clone(),
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {}", &text[..29]),
        format!("Bearer {text}a"),
        format!("Bearer {}", text.to_uppercase()),
        format!("Token {text}"),
        basic(&text),
        basic(&format!("{text}:")),
        basic(&format!("me:x:{text}")),
        format!("Basic {text}"),
        format!("Basic {}", basic(&format!("me:{text}")).trim_end_matches('=')),
    ] {
        assert!(!key.is_shown_by(&shown), "{shown}");
    }
    assert_eq!(format!("{key:?}"), "ForwardKey(…)");
    for (text, is_in) in [(format!("a{text}b"), true), (text[1..].to_owned(), false), (text.to_uppercase(), false)] {
        assert_eq!(key.is_in(text.as_bytes()), is_in, "{text}");
    }
}

#[test]
fn what_is_about_the_credential_is_reserved_however_it_is_spelled() {
    for path in [
        "/api/pair/device",
        "/api/pair",
        "/api/pair/",
        "/api/pair/v2/start",
        "/api/device/rotate",
        "/api/device/rotate/confirm",
        "/API/Pair/Device",
        "/api/pair/%64evice",
        "/%61pi/p%61ir/device",
        "/api/%70%61%69%72/device",
        "/api/%2570air/device",
        "/%2561pi/pair/device",
        "/a%2570i/p%61ir/device",
        "/%25%36%31pi/pair/device",
        "/%252561pi/%252570air/device",
        "/ap%2549/pair/device",
        "/%2561pi;x/device/rotate",
        "/api;x=1/pair;y/device",
        "/api/device;/rotate",
    ] {
        assert_eq!(check(path), Err(RefusedPath::Reserved), "{path}");
    }
    for (path, why) in [
        ("/x/../api/pair/device", AmbiguousPath::DotSegment),
        ("//api/pair/device", AmbiguousPath::EmptySegment),
        ("/api//pair/device", AmbiguousPath::EmptySegment),
        ("/api/./pair/device", AmbiguousPath::DotSegment),
        ("/api%2fpair/device", AmbiguousPath::EncodedSeparator),
        ("/api\\pair\\device", AmbiguousPath::Character),
        ("api/pair/device", AmbiguousPath::NoPath),
    ] {
        assert_eq!(check(path), Err(RefusedPath::Ambiguous(why)), "{path}");
    }
}

#[test]
fn everything_else_of_the_daemon_is_not_reserved() {
    for path in [
        "/",
        "/v1/models",
        "/v1/files/a%20b",
        "/api/status",
        "/api/auth/verify",
        "/api/pairs",
        "/app/api/pair/",
        "/a%C3%A9/",
        "/app/100%25/x",
    ] {
        assert_eq!(check(path), Ok(()), "{path}");
    }
}

#[test]
fn places_of_the_daemon_become_places_of_the_forwarder() {
    let moved = |location: &str| moved_here(location, "https://my-server:5199/claw", "http://127.0.0.1:8080");
    for (there, here) in [
        ("https://my-server:5199/claw/x?y#z", "http://127.0.0.1:8080/x?y#z"),
        ("HTTPS://MY-server:5199/claw", "http://127.0.0.1:8080"),
        ("https://my-server:5199/claw?y", "http://127.0.0.1:8080?y"),
    ] {
        assert_eq!(moved(there).as_deref(), Some(here), "{there}");
    }
    for elsewhere in [
        "/claw/x",
        "x",
        "",
        "https://my-server:5199/",
        "https://my-server:5199/clawx",
        "https://my-server:51990/claw/",
        "http://my-server:5199/claw/",
        "https://my-server:5199@evil/claw/",
    ] {
        assert_eq!(moved(elsewhere), None, "{elsewhere}");
    }
}

#[test]
fn a_forwarder_is_exempt_from_every_proxy_and_what_was_exempt_stays_so() {
    let beside = |variables: &[(&'static str, &'static str)]| Exemptions::beside(variables.iter().copied());
    let exempted = |variables: &[(&'static str, &'static str)]| {
        let Exemptions { upper, lower } = beside(variables).unwrap_or_else(|| panic!("{variables:?}"));
        (upper, lower)
    };
    let both = |list: &str| (list.to_owned(), list.to_owned());
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "https_proxy", "Socks_Proxy", "npm_config_proxy"] {
        assert_eq!(exempted(&[(name, "http://p:1")]), both("127.0.0.1"), "{name}");
    }
    let proxied = |more: &[(&'static str, &'static str)]| [&[("ALL_PROXY", "http://p:1")], more].concat();
    assert_eq!(exempted(&proxied(&[("NO_PROXY", "a, b,")])), both("a, b,127.0.0.1"));
    assert_eq!(exempted(&proxied(&[("no_proxy", "a")])), both("a,127.0.0.1"));
    assert_eq!(exempted(&proxied(&[("NO_PROXY", "a"), ("no_proxy", "")])), ("a,127.0.0.1".into(), "127.0.0.1".into()));
    assert_eq!(exempted(&proxied(&[("NO_PROXY", "*")])), both("*"));
    assert_eq!(exempted(&proxied(&[("NO_PROXY", "127.0.0.1")])), both("127.0.0.1"));
    // Only few tools take a space for a comma.
    assert_eq!(exempted(&proxied(&[("NO_PROXY", "a 127.0.0.1")])), both("a 127.0.0.1,127.0.0.1"));
    assert_eq!(exempted(&proxied(&[("NO_PROXY", "127.0.0.10"), ("no_proxy", "*")])).0, "127.0.0.10,127.0.0.1");
    for nothing_to_do in [
        &[] as &[_],
        &[("NO_PROXY", "a")],
        &[("HTTP_PROXY", " "), ("HTTP_PROXY_HOST", "p"), ("_PROX", "p"), ("é_proxé", "p")],
        &proxied(&[("NO_PROXY", "127.0.0.1,a"), ("no_proxy", "*")]),
    ] {
        assert_eq!(beside(nothing_to_do), None, "{nothing_to_do:?}");
    }
}

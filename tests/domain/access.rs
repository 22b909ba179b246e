//! Who is refused for where the request seems to come from, and who needs no token.

use netclaw::domain::access::{ForbiddenOrigin, RequestOrigin, is_forwarding_header};
use netclaw::domain::exposure::ExposureMode;

use crate::fakes::samples::address;

fn check(host: Option<&str>, origin: Option<&str>) -> Result<(), ForbiddenOrigin> {
    RequestOrigin { peer: address("127.0.0.1"), forwarded: false, host, origin }.check_site(ExposureMode::Local)
}

#[test]
fn names_and_literals_of_loopback_are_ours() {
    for host in [
        "localhost",
        "localhost:5199",
        "LocalHost:80",
        "127.0.0.1",
        "127.0.0.1:5199",
        "127.8.9.10:1",
        "[::1]",
        "[::1]:5199",
        "[0:0:0:0:0:0:0:1]:5199",
        "localhost:",
    ] {
        assert_eq!(check(Some(host), None), Ok(()), "{host}");
    }
}

#[test]
fn c31_a_foreign_host_is_refused() {
    for host in [
        "evil.com",
        "evil.com:5199",
        "localhost.evil.com",
        "localhost.evil.com:5199",
        "evil.localhost",
        "127.0.0.1.evil.com",
        "127.evil.com",
        "localhost@evil.com",
        "evil.com@localhost",
        "evil.com:5199@localhost",
        "localhost, evil.com",
        "evil.com localhost",
        "my-server:5199",
    ] {
        assert_eq!(check(Some(host), None), Err(ForbiddenOrigin::Host), "{host}");
    }
}

#[test]
fn c31_a_missing_or_malformed_host_is_refused() {
    assert_eq!(check(None, None), Err(ForbiddenOrigin::Host));
    for host in [
        "",
        ":",
        ":5199",
        " ",
        " localhost",
        "localhost ",
        "localhost:http",
        "localhost:-1",
        "localhost:+1",
        "localhost:51 99",
        "localhost:5199:5199",
        "localhost:５１９９",
        "http://localhost",
        "localhost/",
        "localhost#",
        "localhost\u{0}",
        "localhost\t",
        "[]",
        "[",
        "]",
        "[::1",
        "::1",
        "::1]",
        "[::1]]",
        "[[::1]]",
        "[::1]5199",
        "[::1]:x",
        "[::1%lo]",
        "[::1%25lo]:5199",
        "[127.0.0.1]",
        "[localhost]",
        "127.0.0.1]",
        "ｌocalhost",
        "lоcalhost",
    ] {
        assert_eq!(check(Some(host), None), Err(ForbiddenOrigin::Host), "{host:?}");
    }
}

#[test]
fn c34_wildcard_private_and_odd_spellings_of_addresses_are_refused() {
    for host in [
        "0.0.0.0",
        "0.0.0.0:5199",
        "0",
        "[::]",
        "[::]:5199",
        "192.168.1.5:5199",
        "10.0.0.1",
        "169.254.1.1",
        "172.17.0.1",
        "[fe80::1]",
        "[fd00::1]:5199",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "2130706433",
        "127.0.0.1.",
        "localhost.",
        "localhost.:5199",
        "127.0.0.256",
        "0127.0.0.1",
        "127.0.0.01",
        "128.0.0.1",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[::2]",
    ] {
        assert_eq!(check(Some(host), None), Err(ForbiddenOrigin::Host), "{host}");
    }
}

#[test]
fn the_same_origin_is_allowed() {
    for host in ["localhost:5199", "127.0.0.1:5199", "[::1]:5199", "localhost"] {
        assert_eq!(check(Some(host), Some(&format!("http://{host}"))), Ok(()), "{host}");
    }
    assert_eq!(check(Some("localhost:5199"), Some("http://LOCALHOST:5199")), Ok(()));
}

#[test]
fn c33_another_origin_is_refused() {
    for origin in [
        "https://evil",
        "http://evil.com",
        "http://evil.com:5199",
        "http://localhost",
        "http://localhost:5200",
        "https://localhost:5199",
        "http://127.0.0.1:5199",
        "http://[::1]:5199",
        "http://localhost:5199.evil.com",
        "http://localhost:5199@evil.com",
        "http://evil.com@localhost:5199",
        "http://localhost:5199/",
        "http://localhost:5199, http://evil.com",
        "http://evil.com, http://localhost:5199",
        "null",
        "",
        " ",
        "*",
        "localhost:5199",
        "//localhost:5199",
        "file://",
        "chrome-extension://abc",
        "http:localhost:5199",
        " http://localhost:5199",
        "http://localhost:5199 ",
        "ws://localhost:5199",
        "http://http://localhost:5199",
    ] {
        assert_eq!(check(Some("localhost:5199"), Some(origin)), Err(ForbiddenOrigin::Origin), "{origin:?}");
    }
}

#[test]
fn c31_dns_rebinding_is_refused_although_host_and_origin_agree() {
    let rebound = check(Some("evil.com:5199"), Some("http://evil.com:5199"));
    assert_eq!(rebound, Err(ForbiddenOrigin::Host));
}

#[test]
fn only_a_clean_loopback_peer_needs_no_token() {
    let needs_no_token = |peer, forwarded| {
        let host = Some("localhost:5199");
        RequestOrigin { peer: address(peer), forwarded, host, origin: None }.needs_no_token(ExposureMode::Local)
    };
    for peer in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"] {
        assert!(needs_no_token(peer, false), "{peer}");
        assert!(!needs_no_token(peer, true), "{peer}, forwarded");
    }
    for peer in ["192.168.1.5", "10.0.0.1", "0.0.0.0", "::", "fe80::1", "::ffff:192.168.1.5", "128.0.0.1", "::2"] {
        assert!(!needs_no_token(peer, false), "{peer}");
    }
}

#[test]
fn a06_every_header_of_a_proxy_or_tunnel_is_a_sign_of_a_hop() {
    for name in [
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-anything",
        "x-forwarded",
        "forwarded-for",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-original-forwarded-for",
        "x-envoy-external-address",
        "true-client-ip",
        "client-ip",
        "cf-connecting-ip",
        "cf-connecting-ipv6",
        "cf-ray",
        "cf-visitor",
        "cf-ipcountry",
        "cdn-loop",
        "fastly-client-ip",
        "fly-client-ip",
        "tailscale-user-login",
        "tailscale-user-name",
        "x-azure-clientip",
        "x-appengine-user-ip",
        "do-connecting-ip",
        "x-remote-ip",
        "wl-proxy-client-ip",
        "proxy-client-ip",
        "x-nf-client-connection-ip",
    ] {
        assert!(is_forwarding_header(name), "{name}");
    }
}

#[test]
fn headers_that_ordinary_clients_send_are_no_sign_of_a_hop() {
    for name in [
        "host",
        "origin",
        "authorization",
        "user-agent",
        "accept",
        "content-type",
        "x-request-id",
        "connection",
        "x-real",
        "",
    ] {
        assert!(!is_forwarding_header(name), "{name}");
    }
}

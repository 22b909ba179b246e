//! Who is refused for where the request seems to come from, and who needs no token.

use netclaw::domain::access::{AccessPolicy, ForbiddenOrigin, RequestOrigin, is_forwarding_header};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;

use crate::fakes::samples::address;

fn policy(mode: ExposureMode) -> AccessPolicy {
    let settings = Settings {
        mode,
        trusted_proxies: vec!["10.0.0.2/32".parse().unwrap(), "10.1.0.0/24".parse().unwrap()],
        external_url: Some(Endpoint::parse("https://claw.example.com").unwrap()),
        ..Settings::default()
    };
    AccessPolicy::of(&settings, "box.corp.example")
}

fn from<'a>(peer: &str, forwarded: bool, host: Option<&'a str>, origin: Option<&'a str>) -> RequestOrigin<'a> {
    let (peer, forwarded_for) = (address(peer), Vec::new());
    let (local, is_tls, forwarded_scheme, fetch_site) = (None, false, None, None);
    RequestOrigin { peer, local, is_tls, forwarded, forwarded_for, forwarded_scheme, host, origin, fetch_site }
}

fn check(host: Option<&str>, origin: Option<&str>) -> Result<(), ForbiddenOrigin> {
    policy(ExposureMode::Local).check_site(&from("127.0.0.1", false, host, origin))
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
fn c33_in_local_mode_pages_of_the_external_url_are_foreign() {
    for origin in ["https://claw.example.com", "http://claw.example.com"] {
        assert_eq!(check(Some("localhost:5199"), Some(origin)), Err(ForbiddenOrigin::Origin), "{origin}");
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
        policy(ExposureMode::Local).needs_no_token(&from(peer, forwarded, Some("localhost:5199"), None)).unwrap()
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
fn a07_no_other_mode_ever_serves_loopback_without_a_token() {
    for mode in ExposureMode::ALL.iter().filter(|mode| **mode != ExposureMode::Local) {
        let request = from("127.0.0.1", false, Some("localhost:5199"), None);
        assert_eq!(policy(*mode).needs_no_token(&request), Ok(false), "{mode}");
        let of_a_page = RequestOrigin { fetch_site: Some("cross-site"), ..request };
        assert_eq!(policy(*mode).needs_no_token(&of_a_page), Ok(false), "{mode}");
    }
}

#[test]
fn c33_a_page_of_another_site_needs_a_token_although_it_shows_no_origin() {
    let local = policy(ExposureMode::Local);
    for (fetch_site, served) in [
        (None, Ok(true)),
        (Some("none"), Ok(true)),
        (Some("same-origin"), Ok(true)),
        (Some("same-site"), Err(ForbiddenOrigin::Origin)),
        (Some("cross-site"), Err(ForbiddenOrigin::Origin)),
        (Some("None"), Err(ForbiddenOrigin::Origin)),
        (Some(""), Err(ForbiddenOrigin::Origin)),
    ] {
        let request = RequestOrigin { fetch_site, ..from("127.0.0.1", false, Some("localhost:5199"), None) };
        assert_eq!(local.needs_no_token(&request), served, "{fetch_site:?}");
        // With a token it is for the token to say.
        assert_eq!(local.check_site(&request), Ok(()));
    }
}

#[test]
fn elsewhere_addresses_private_names_and_the_configured_ones_are_ours() {
    for mode in ExposureMode::ALL.iter().filter(|mode| **mode != ExposureMode::Local) {
        for host in [
            "192.168.1.5:5199",
            "10.0.0.1",
            "[fd00::1]:5199",
            "127.0.0.1:5199",
            "localhost",
            "my-server:5199",
            "my_server",
            "my-server.local:5199",
            "My-Server.LAN",
            "box.tail1234.ts.net",
            "box.corp.example:5199",
            "claw.example.com",
            "CLAW.example.com:443",
        ] {
            let checked = policy(*mode).check_site(&from("192.168.1.9", false, Some(host), None));
            assert_eq!(checked, Ok(()), "{mode}: {host}");
        }
    }
}

#[test]
fn c34_elsewhere_a_name_that_a_stranger_can_own_is_refused() {
    for mode in ExposureMode::ALL {
        for host in [
            Some("evil.com"),
            Some("evil.com:5199"),
            Some("192.168.1.5.evil.com"),
            Some("claw.example.com.evil.com"),
            Some("evil-claw.example.com"),
            Some("local.evil.com"),
            Some("evil.com@localhost"),
            Some("evil com"),
            Some("192.168.1.5:http"),
            Some(""),
            None,
        ] {
            for peer in ["192.168.1.9", "127.0.0.1", "10.0.0.2"] {
                let checked = policy(*mode).check_site(&from(peer, true, host, None));
                assert_eq!(checked, Err(ForbiddenOrigin::Host), "{mode}: {host:?} from {peer}");
            }
        }
    }
}

#[test]
fn a_trusted_hop_that_adds_its_header_answers_for_the_name() {
    for (mode, hop) in [(ExposureMode::ReverseProxy, "10.0.0.2"), (ExposureMode::TailscaleServe, "127.0.0.1")] {
        let passed_on = |peer, forwarded_for: &'static [&'static str]| {
            let forwarded_for = forwarded_for.to_vec();
            let request = RequestOrigin { forwarded_for, ..from(peer, true, Some("any.example.org"), None) };
            policy(mode).check_site(&request)
        };
        assert_eq!(passed_on(hop, &["198.51.100.7"]), Ok(()));
        // Only https: a page that was made to reach this port under a name of its own adds what header it likes.
        for (origin, expected) in
            [("https://any.example.org", Ok(())), ("http://any.example.org", Err(ForbiddenOrigin::Origin))]
        {
            let forwarded_for = vec!["198.51.100.7"];
            let request = RequestOrigin { forwarded_for, ..from(hop, true, Some("any.example.org"), Some(origin)) };
            assert_eq!(policy(mode).check_site(&request), expected, "{mode}: {origin}");
        }
        assert_eq!(passed_on(hop, &[]), Err(ForbiddenOrigin::Host));
        assert_eq!(passed_on("192.168.1.9", &["198.51.100.7"]), Err(ForbiddenOrigin::Host));
    }
}

#[test]
fn elsewhere_the_same_origin_and_the_external_url_are_allowed() {
    for mode in ExposureMode::ALL.iter().filter(|mode| **mode != ExposureMode::Local) {
        let check = |origin| policy(*mode).check_site(&from("192.168.1.9", false, Some("10.0.0.1:5199"), Some(origin)));
        for origin in ["http://10.0.0.1:5199", "https://10.0.0.1:5199", "https://claw.example.com"] {
            assert_eq!(check(origin), Ok(()), "{mode}: {origin}");
        }
        for origin in [
            "https://evil",
            "http://10.0.0.1",
            "http://claw.example.com",
            "https://claw.example.com.evil.com",
            "null",
            "ws://10.0.0.1:5199",
        ] {
            assert_eq!(check(origin), Err(ForbiddenOrigin::Origin), "{mode}: {origin}");
        }
    }
}

#[test]
fn a06_each_mode_reads_its_own_header_and_no_other() {
    let header = |mode| policy(mode).client_header();
    assert_eq!(header(ExposureMode::Local), None);
    assert_eq!(header(ExposureMode::Direct), None);
    assert_eq!(header(ExposureMode::ReverseProxy), Some("x-forwarded-for"));
    assert_eq!(header(ExposureMode::TailscaleServe), Some("x-forwarded-for"));
    assert_eq!(header(ExposureMode::TailscaleFunnel), Some("x-forwarded-for"));
    assert_eq!(header(ExposureMode::CloudflareTunnel), Some("cf-connecting-ip"));
}

#[test]
fn a08_a_client_is_who_the_own_hop_says_it_is() {
    let client = |mode, peer, lines: &[&'static str]| {
        let request = RequestOrigin { forwarded_for: lines.to_vec(), ..from(peer, true, Some("localhost"), None) };
        policy(mode).client(&request).to_string()
    };
    for (mode, peer, lines, expected) in [
        (ExposureMode::Local, "127.0.0.1", &["198.51.100.7"][..], "127.0.0.1"),
        (ExposureMode::Direct, "192.168.1.9", &["198.51.100.7"], "192.168.1.9"),
        // Behind proxies: the right-most entry that is none of them.
        (ExposureMode::ReverseProxy, "10.0.0.2", &["6.6.6.6, 198.51.100.7, 10.1.0.9"], "198.51.100.7"),
        (ExposureMode::ReverseProxy, "10.0.0.2", &["6.6.6.6", "198.51.100.7"], "198.51.100.7"),
        (ExposureMode::ReverseProxy, "10.0.0.2", &["127.0.0.1"], "127.0.0.1"),
        (ExposureMode::ReverseProxy, "10.0.0.2", &[], "10.0.0.2"),
        (ExposureMode::ReverseProxy, "10.0.0.3", &["198.51.100.7"], "10.0.0.3"),
        (ExposureMode::ReverseProxy, "127.0.0.1", &["198.51.100.7"], "127.0.0.1"),
        // A tunnel is one hop: what stands before its own entry was written by a client.
        (ExposureMode::TailscaleServe, "127.0.0.1", &["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
        (ExposureMode::TailscaleFunnel, "::1", &["6.6.6.6", "2001:db8::7"], "2001:db8::7"),
        (ExposureMode::CloudflareTunnel, "127.0.0.1", &["6.6.6.6, 127.0.0.1"], "127.0.0.1"),
        (ExposureMode::CloudflareTunnel, "127.0.0.1", &["6.6.6.6, nonsense"], "127.0.0.1"),
        (ExposureMode::CloudflareTunnel, "127.0.0.1", &["198.51.100.7"], "198.51.100.7"),
        (ExposureMode::CloudflareTunnel, "192.168.1.9", &["198.51.100.7"], "192.168.1.9"),
    ] {
        assert_eq!(client(mode, peer, lines), expected, "{mode}, {peer}, {lines:?}");
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

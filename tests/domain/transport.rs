//! Which way a request came, and what may come that way.

use netclaw::domain::access::{AccessPolicy, RequestOrigin};
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;
use netclaw::domain::transport::{AllowPlaintext, TlsRequired, Transport};

use crate::fakes::samples::address;

const PROXY: &str = "10.0.0.2";

fn policy(mode: ExposureMode) -> AccessPolicy {
    let trusted_proxies = vec!["10.0.0.2/32".parse().unwrap()];
    AccessPolicy::of(&Settings { mode, trusted_proxies, ..Settings::default() }, "my-server")
}

/// A request from `peer` to the machine with the address 192.0.2.1.
fn request<'a>(peer: &str, is_tls: bool, forwarded_scheme: Option<&'a str>) -> RequestOrigin<'a> {
    RequestOrigin {
        peer: address(peer),
        local: Some(address("192.0.2.1")),
        is_tls,
        forwarded: forwarded_scheme.is_some(),
        forwarded_for: Vec::new(),
        forwarded_scheme,
        host: Some("192.0.2.1"),
        origin: None,
        fetch_site: None,
    }
}

#[test]
fn a_request_has_come_as_its_connection_and_its_trusted_hop_have_it() {
    use ExposureMode::{CloudflareTunnel, Direct, Local, ReverseProxy, TailscaleServe};
    use Transport::{HopTls, OwnTls, Plain, SameMachine};
    for (mode, peer, is_tls, scheme, expected) in [
        (Direct, "192.0.2.7", false, None, Plain),
        (Direct, "192.0.2.7", true, None, OwnTls),
        (Direct, "192.0.2.7", false, Some("https"), Plain),
        (Direct, "192.0.2.7", true, Some("http"), OwnTls),
        (Direct, PROXY, false, Some("https"), Plain),
        // From this machine, by whichever of its addresses.
        (Direct, "127.0.0.1", false, None, SameMachine),
        (Direct, "::1", false, None, SameMachine),
        (Direct, "192.0.2.1", false, None, SameMachine),
        (Direct, "::ffff:192.0.2.1", false, None, SameMachine),
        (Direct, "192.0.2.1", false, Some("https"), Plain),
        (Local, "127.0.0.1", false, None, SameMachine),
        (Local, "127.0.0.1", true, None, OwnTls),
        (Local, "127.0.0.1", false, Some("https"), Plain),
        // Behind a hop, whose word goes before everything else.
        (ReverseProxy, PROXY, false, Some("https"), HopTls),
        (ReverseProxy, PROXY, true, Some("https"), HopTls),
        (ReverseProxy, PROXY, false, Some("http"), Plain),
        (ReverseProxy, PROXY, true, Some("http"), Plain),
        (ReverseProxy, PROXY, false, None, Plain),
        (ReverseProxy, PROXY, true, None, OwnTls),
        (ReverseProxy, "192.0.2.7", false, Some("https"), Plain),
        (ReverseProxy, "127.0.0.1", false, Some("https"), Plain),
        (TailscaleServe, "127.0.0.1", false, Some("https"), HopTls),
        (TailscaleServe, "127.0.0.1", false, Some("http"), Plain),
        (TailscaleServe, "192.0.2.7", false, Some("https"), Plain),
        (CloudflareTunnel, "::1", false, Some("http, https"), HopTls),
        (CloudflareTunnel, "::1", false, Some("https, http"), Plain),
        (CloudflareTunnel, "::1", false, None, SameMachine),
    ] {
        let transport = policy(mode).transport(&request(peer, is_tls, scheme));
        assert_eq!(transport, expected, "{mode}, {peer}, TLS: {is_tls}, {scheme:?}");
    }
}

#[test]
fn only_plain_ways_are_refused_and_only_where_they_are_not_allowed() {
    let client = address("100.64.0.9");
    let listed = AllowPlaintext::From(vec!["100.64.0.0/10".parse().unwrap()]);
    for transport in [Transport::OwnTls, Transport::HopTls, Transport::SameMachine] {
        assert_eq!(transport.check(client, &AllowPlaintext::Never), Ok(()));
    }
    assert_eq!(Transport::Plain.check(client, &AllowPlaintext::Never), Err(TlsRequired));
    assert_eq!(Transport::Plain.check(client, &AllowPlaintext::Always), Ok(()));
    assert_eq!(Transport::Plain.check(client, &listed), Ok(()));
    assert_eq!(Transport::Plain.check(address("192.0.2.7"), &listed), Err(TlsRequired));
}

#[test]
fn a_list_covers_its_networks_in_every_spelling_and_nothing_beside_them() {
    let listed = |network: &str| AllowPlaintext::From(vec![network.parse().unwrap()]);
    for (network, inside, outside) in [
        ("100.64.0.0/10", ["100.64.0.0", "100.127.255.255"], ["100.63.255.255", "100.128.0.0"]),
        ("::ffff:100.64.0.0/106", ["100.64.0.0", "::ffff:100.127.255.255"], ["100.63.255.255", "100.128.0.0"]),
        ("fd00::/64", ["fd00::", "fd00::ffff:ffff:ffff:ffff"], ["fcff:ffff::", "fd00:0:0:1::"]),
        ("192.0.2.7/32", ["192.0.2.7", "64:ff9b::192.0.2.7"], ["192.0.2.6", "192.0.2.8"]),
    ] {
        assert!(inside.iter().all(|inside| listed(network).covers(address(inside))), "{network}");
        assert!(!outside.iter().any(|outside| listed(network).covers(address(outside))), "{network}");
    }
    assert!(!AllowPlaintext::From(Vec::new()).covers(address("127.0.0.1")));
}

#[test]
fn a_setting_is_shown_as_it_is_written() {
    let listed = AllowPlaintext::From(vec!["100.64.0.0/10".parse().unwrap(), "fd00::/64".parse().unwrap()]);
    let shown = [AllowPlaintext::Never, AllowPlaintext::Always, listed].map(|allowed| allowed.to_string());
    assert_eq!(shown, ["false", "true", "100.64.0.0/10, fd00::/64"]);
}

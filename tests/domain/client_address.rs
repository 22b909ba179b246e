//! Client addresses: one canonical form, and the right one behind trusted hops.

use netclaw::domain::client_address::{ClientAddress, LimitKey, NotAnAddress, TrustedHops};
use proptest::prelude::*;

use crate::fakes::samples::{address, ip};

fn parse(text: &str) -> Result<String, NotAnAddress> {
    text.parse().map(|address: ClientAddress| address.to_string())
}

fn hops(networks: &[&str]) -> TrustedHops {
    TrustedHops::new(networks.iter().map(|network| network.parse().unwrap()).collect())
}

/// The client behind 10.0.0.1, when 10.0.0.0/8 is trusted.
fn behind_proxy(headers: &[&str]) -> String {
    ClientAddress::behind(ip("10.0.0.1"), &hops(&["10.0.0.0/8"]), headers.iter().copied()).to_string()
}

fn limit_key(text: &str) -> LimitKey {
    text.parse::<ClientAddress>().unwrap().limit_key()
}

#[test]
fn a05_every_spelling_of_an_ipv4_address_is_that_address() {
    for text in [
        "192.0.2.7",
        " 192.0.2.7\t",
        "192.0.2.7:443",
        "[192.0.2.7]",
        "\"192.0.2.7\"",
        "\"192.0.2.7:443\"",
        "::ffff:192.0.2.7",
        "::FFFF:c000:207",
        "[::ffff:192.0.2.7]:443",
        "0:0:0:0:0:ffff:192.0.2.7",
        "64:ff9b::192.0.2.7",
        "64:ff9b::c000:207",
        "[64:ff9b::c000:207]:1",
        "64:ff9b:0:0:0:0:c000:0207",
        "::ffff:192.0.2.7%eth0",
    ] {
        assert_eq!(parse(text).as_deref(), Ok("192.0.2.7"), "{text}");
        assert_eq!(limit_key(text), limit_key("192.0.2.7"), "{text}");
    }
}

#[test]
fn a05_every_spelling_of_an_ipv6_address_is_that_address() {
    for text in [
        "2001:db8::1",
        "2001:0DB8:0000:0000:0000:0000:0000:0001",
        "2001:db8:0:0::1",
        "[2001:db8::1]",
        "[2001:db8::1]:443",
        "\"[2001:db8::1]:443\"",
        "2001:db8::1%eth0",
        "[2001:db8::1%eth0]",
        "[2001:db8::1%eth0]:443",
        "[2001:db8::1%3]:443",
    ] {
        assert_eq!(parse(text).as_deref(), Ok("2001:db8::1"), "{text}");
    }
}

#[test]
fn other_ipv6_addresses_that_hold_an_ipv4_address_stay_what_they_are() {
    for text in ["::192.0.2.7", "64:ff9b:1::c000:207", "64:ff9b::1:c000:207", "2002:c000:207::1", "::ffff:0:c000:207"] {
        assert_ne!(parse(text).as_deref(), Ok("192.0.2.7"), "{text}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for text in [
        "",
        " ",
        "unknown",
        "_hidden",
        "localhost",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.07",
        "0xc0.0.2.7",
        "1.2.3.4.5",
        "192.0.2.7:",
        "192.0.2.7:65536",
        "192.0.2.7:x",
        "[2001:db8::1",
        "2001:db8::1]",
        "[]",
        "[]:80",
        "[2001:db8::1]x",
        "[2001:db8::1]:",
        "2001:db8:::1",
        "for=192.0.2.7",
        "192.0.2.7, 192.0.2.8",
        "192.0.2.7/24",
        "１９２.0.2.7",
        "%eth0",
    ] {
        assert_eq!(parse(text), Err(NotAnAddress), "{text:?}");
    }
}

#[test]
fn a04_one_ipv6_network_is_one_address_to_the_limits() {
    let key = limit_key("2001:db8:1:2::1");
    assert_eq!(key.to_string(), "2001:db8:1:2::/64");
    for same in ["2001:db8:1:2::", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2:8000::"] {
        assert_eq!(limit_key(same), key, "{same}");
    }
    for other in ["2001:db8:1:3::1", "2001:db8:1:1:ffff:ffff:ffff:ffff", "2001:db8::1"] {
        assert_ne!(limit_key(other), key, "{other}");
    }
}

#[test]
fn ipv4_addresses_are_counted_one_by_one() {
    assert_eq!(limit_key("192.0.2.7").to_string(), "192.0.2.7");
    assert_ne!(limit_key("192.0.2.7"), limit_key("192.0.2.8"));
}

#[test]
fn a05_a_network_that_begins_like_nat64_is_itself_and_no_ipv4_address() {
    let key = "64:ff9b::1:0:0".parse::<ClientAddress>().unwrap().limit_key();
    assert_eq!(key.to_string(), "64:ff9b::/64");
    assert_eq!("64:ff9b::/64".parse(), Ok(key));
    assert_ne!("64:ff9b::".parse(), Ok(key));
}

#[test]
fn a_limit_key_reads_back_as_it_is_shown_and_as_any_of_its_addresses() {
    for text in ["192.0.2.7", "2001:db8:1:2::1", "::1"] {
        let key = limit_key(text);
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!(text.parse(), Ok(key));
    }
    for text in ["", "/64", "192.0.2.7/64", "192.0.2.7/32", "2001:db8::/48", "2001:db8::/65"] {
        assert_eq!(text.parse::<LimitKey>(), Err(NotAnAddress), "{text}");
    }
}

#[test]
fn loopback_is_seen_through_its_disguises_and_nothing_else_is_loopback() {
    for text in ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"] {
        assert!(address(text).is_loopback(), "{text}");
    }
    for text in ["0.0.0.0", "::", "128.0.0.1", "::2", "192.168.0.1", "::127.0.0.1", "fe80::1"] {
        assert!(!address(text).is_loopback(), "{text}");
    }
}

#[test]
fn a06_headers_from_an_untrusted_peer_are_ignored() {
    let peer = ip("203.0.113.9");
    for headers in [vec!["192.0.2.7"], vec!["10.0.0.1"], vec!["127.0.0.1", "::1"], vec![""], vec![]] {
        for trusted in [TrustedHops::NONE, hops(&["10.0.0.0/8"])] {
            let client = ClientAddress::behind(peer, &trusted, headers.iter().copied());
            assert_eq!(client, ClientAddress::of(peer), "{headers:?}");
        }
    }
}

#[test]
fn a06_behind_a_trusted_hop_the_right_most_untrusted_entry_counts() {
    for (headers, client) in [
        (vec!["192.0.2.7"], "192.0.2.7"),
        (vec!["192.0.2.7, 10.9.9.9"], "192.0.2.7"),
        (vec!["6.6.6.6, 192.0.2.7"], "192.0.2.7"),
        (vec!["6.6.6.6", "192.0.2.7"], "192.0.2.7"),
        (vec!["6.6.6.6", "5.5.5.5,192.0.2.7 , 10.1.1.1", "10.2.2.2"], "192.0.2.7"),
        (vec!["10.3.3.3, 6.6.6.6, 10.1.1.1"], "6.6.6.6"),
        (vec!["\"[2001:db8::1]:4711\""], "2001:db8::1"),
        (vec!["192.0.2.7:1234, ::ffff:10.1.1.1"], "192.0.2.7"),
        (vec!["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        (vec![], "10.0.0.1"),
    ] {
        assert_eq!(behind_proxy(&headers), client, "{headers:?}");
    }
}

#[test]
fn a06_nonsense_is_counted_against_the_hop_that_sent_it() {
    for (headers, client) in [
        (vec![""], "10.0.0.1"),
        (vec!["unknown"], "10.0.0.1"),
        (vec!["192.0.2.7, unknown"], "10.0.0.1"),
        (vec!["192.0.2.7, "], "10.0.0.1"),
        (vec!["192.0.2.7, \u{1b}[2J, 10.1.1.1"], "10.1.1.1"),
        (vec!["unknown, 192.0.2.7"], "192.0.2.7"),
    ] {
        assert_eq!(behind_proxy(&headers), client, "{headers:?}");
    }
}

#[test]
fn a06_a_very_long_header_is_read_from_the_right_and_not_to_its_end() {
    let spoofed = "6.6.6.6, ".repeat(100_000);
    assert_eq!(behind_proxy(&[&format!("{spoofed}192.0.2.7")]), "192.0.2.7");
    let trusted = "10.1.1.1, ".repeat(100_000);
    assert_eq!(behind_proxy(&[&format!("6.6.6.6, {trusted}10.2.2.2")]), "10.1.1.1", "more hops than any set-up has");
}

#[test]
fn a07_a_forwarded_loopback_is_an_address_like_any_other() {
    let client = ClientAddress::behind(ip("10.0.0.1"), &hops(&["10.0.0.0/8"]), ["6.6.6.6, 127.0.0.1"].into_iter());
    assert_eq!(client, address("127.0.0.1"));
    assert_eq!(client.limit_key(), limit_key("127.0.0.1"), "it is limited under its own key, not exempt");
}

#[test]
fn a08_a_loopback_tunnel_does_not_make_its_clients_one() {
    let tunnel = hops(&["127.0.0.0/8", "::1/128"]);
    let behind = |peer, header| ClientAddress::behind(ip(peer), &tunnel, [header].into_iter()).limit_key();
    assert_ne!(behind("127.0.0.1", "192.0.2.7"), behind("127.0.0.1", "192.0.2.8"));
    assert_eq!(behind("::ffff:127.0.0.1", "192.0.2.7"), behind("::1", "192.0.2.7"));
}

#[test]
fn trusted_hops_see_through_disguises() {
    let trusted = hops(&["10.0.0.0/8", "2001:db8::/32"]);
    for text in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "2001:db8:ffff::1"] {
        assert!(trusted.contains(address(text)), "{text}");
    }
    for text in ["11.0.0.1", "9.255.255.255", "2001:db9::1", "::10.1.2.3"] {
        assert!(!trusted.contains(address(text)), "{text}");
    }
    assert!(!TrustedHops::NONE.contains(address("127.0.0.1")));
}

#[test]
fn trusted_networks_may_be_written_in_disguise_too() {
    let trusted = hops(&["::ffff:10.0.0.0/104"]);
    assert!(trusted.contains(address("10.1.2.3")) && trusted.contains(address("::ffff:10.1.2.3")));
    assert!(!trusted.contains(address("11.1.2.3")));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}|[0-9a-f:.%\\[\\]/]{0,40}") {
        if let Ok(client) = text.parse::<ClientAddress>() {
            prop_assert_eq!(client.to_string().parse(), Ok(client));
        }
        if let Ok(key) = text.parse::<LimitKey>() {
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }
    }

    #[test]
    fn every_address_reads_back_in_every_form(address: std::net::IpAddr, port: u16) {
        let client = ClientAddress::of(address);
        let socket = std::net::SocketAddr::new(address, port).to_string();
        for text in [address.to_string(), client.to_string(), socket, format!("[{address}]")] {
            prop_assert_eq!(text.parse(), Ok(client), "{}", text);
        }
    }

    #[test]
    fn what_a_client_writes_itself_never_decides(spoofed in ".{0,60}", real: std::net::Ipv4Addr) {
        prop_assume!(real.octets()[0] != 10);
        prop_assert_eq!(behind_proxy(&[&spoofed, &real.to_string()]), real.to_string());
        prop_assert_eq!(behind_proxy(&[&format!("{spoofed},{real}")]), real.to_string());
    }
}

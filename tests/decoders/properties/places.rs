//! Addresses of clients, endpoints of daemons, and who may ask under which name.

use std::net::IpAddr;

use netclaw::domain::access::{AccessPolicy, ForbiddenOrigin, RequestOrigin};
use netclaw::domain::binding::{MAX_ORIGIN_CHARS, Origin};
use netclaw::domain::client_address::{ClientAddress, LimitKey, TrustedHops};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;

use super::is_showable;

/// An address has one canonical form, and no form is taken for another address.
pub fn client_address(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(address) = text.parse::<ClientAddress>() {
        check_address(address);
        assert_eq!(format!(" \"{}\" ", text.trim()).parse(), Ok(address));
    }
    if let Ok(key) = text.parse::<LimitKey>() {
        assert_eq!(key.to_string().parse(), Ok(key));
    }
}

fn check_address(address: ClientAddress) {
    let ip = address.ip();
    assert_eq!(ClientAddress::of(ip), address);
    assert_eq!(address.to_string().parse(), Ok(address));
    assert_eq!(format!("[{address}]:80").parse(), Ok(address));
    assert_eq!(address.limit_key().to_string().parse(), Ok(address.limit_key()));
    match ip {
        IpAddr::V4(v4) => {
            for disguise in [format!("::ffff:{v4}"), format!("[::ffff:{v4}%eth0]:1"), format!("64:ff9b::{v4}")] {
                assert_eq!(disguise.parse(), Ok(address), "{disguise}");
            }
        }
        IpAddr::V6(v6) => {
            assert_eq!(v6.to_ipv4_mapped(), None);
            let [a, b, c, d, ..] = v6.segments();
            let neighbour = format!("{a:x}:{b:x}:{c:x}:{d:x}::1").parse::<ClientAddress>().unwrap();
            // Unless that is an IPv4 address in disguise.
            assert!(neighbour.ip().is_ipv4() || neighbour.limit_key() == address.limit_key());
        }
    }
}

/// Whom a request is counted for, the lines of its header being the lines of the input: the peer if that is nobody's hop, else
/// an address that is in the header, and nothing that the client itself may have written.
pub fn forwarding(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let lines: Vec<&str> = text.lines().collect();
    let hops = TrustedHops::new(["10.0.0.0/24", "fd00::/64"].map(|net| net.parse().unwrap()).to_vec());
    let [hop, stranger]: [IpAddr; 2] = ["10.0.0.2", "203.0.113.7"].map(|ip| ip.parse().unwrap());
    assert_eq!(ClientAddress::behind(stranger, &hops, lines.iter().copied()), ClientAddress::of(stranger));
    let client = ClientAddress::behind(hop, &hops, lines.iter().copied());
    let mut named = lines.iter().flat_map(|line| line.split(',')).filter_map(|entry| entry.parse().ok());
    assert!(client.ip() == hop || named.any(|address: ClientAddress| address == client));
    if !hops.contains(client) {
        let forged = ["198.51.100.1, 127.0.0.1"].into_iter().chain(lines.iter().copied());
        assert_eq!(ClientAddress::behind(hop, &hops, forged), client);
    }
}

/// An endpoint reads back as itself, and its parts go together.
pub fn endpoint(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(endpoint) = Endpoint::parse(text) else { return };
    let shown = endpoint.to_string();
    assert_eq!(Endpoint::parse(&shown).as_ref(), Ok(&endpoint), "{text:?} {shown:?}");
    assert!(is_showable(&shown) && shown.is_ascii() && !shown.contains(['@', '?', '#', ' ']), "{shown:?}");
    assert!(shown.starts_with(if endpoint.is_https() { "https://" } else { "http://" }) && !shown.ends_with('/'));
    let secure = endpoint.over_tls();
    assert!(secure.is_https() && secure.port() == endpoint.port() && secure.host() == endpoint.host());
    assert_eq!(secure.is_loopback(), endpoint.is_loopback());
    assert_eq!(endpoint.join("/api"), format!("{shown}/api"));
    match Origin::of(&endpoint) {
        Ok(origin) if origin.as_str().len() <= MAX_ORIGIN_CHARS => {
            assert!(endpoint.is_https() || endpoint.is_loopback());
            assert_eq!(origin.as_str(), endpoint.origin());
            assert_eq!(Origin::parse(origin.as_str()), Ok(origin));
        }
        Ok(_) => {}
        Err(_) => assert!(!endpoint.is_https() && !endpoint.is_loopback()),
    }
}

/// Who may ask under which name. The first byte chooses the mode and the peer; then come lines: the host, the origin, the
/// scheme, and those of the forwarding header.
pub fn access(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let Ok(text) = str::from_utf8(rest) else { return };
    let mut lines = text.split('\n');
    let (host, origin, forwarded_scheme) = (lines.next(), lines.next(), lines.next());
    let forwarded_for: Vec<&str> = lines.collect();
    let modes = ExposureMode::ALL;
    let mode = modes[usize::from(choice & 15) % modes.len()];
    let peers = ["127.0.0.1", "10.0.0.2", "203.0.113.7", "::1"].map(|ip| ip.parse::<ClientAddress>().unwrap());
    let request = RequestOrigin {
        peer: peers[usize::from(choice >> 4 & 3)],
        local: None,
        is_tls: choice & 64 != 0,
        forwarded: !forwarded_for.is_empty() || forwarded_scheme.is_some(),
        forwarded_for,
        forwarded_scheme,
        host,
        origin,
        fetch_site: None,
    };
    let settings = Settings {
        mode,
        trusted_proxies: vec!["10.0.0.2/32".parse().unwrap()],
        external_url: Some(Endpoint::parse("https://claw.example").unwrap()),
        ..Settings::default()
    };
    check_policy(&AccessPolicy::of(&settings, "my-server"), &request);
}

fn check_policy(policy: &AccessPolicy, request: &RequestOrigin<'_>) {
    let is_local = policy.mode() == ExposureMode::Local;
    assert!(
        policy.needs_no_token(request) != Ok(true) || (is_local && request.peer.is_loopback() && !request.forwarded)
    );
    assert!(policy.trusts(request.peer) || policy.client(request) == request.peer);
    let allowed = policy.check_site(request);
    // What a browser would make of the host. A name that only looks like ours is not.
    let url = request.host.and_then(|host| Endpoint::parse(&format!("http://{host}")).ok());
    let is_vouched_for = policy.trusts(request.peer) && !request.forwarded_for.is_empty() && !is_local;
    match (&url, allowed) {
        (_, Err(ForbiddenOrigin::Host)) => {}
        (Some(url), _) if is_local => assert!(url.is_loopback(), "{request:?}"),
        (Some(url), _) if !is_vouched_for => assert!(is_own(&url.host().unwrap()), "{request:?}"),
        _ => assert!(request.host.is_some()),
    }
    if let (Ok(()), Some(origin)) = (allowed, request.origin) {
        let (_, site) = origin.split_once("://").expect("an origin has a scheme");
        let is_same = request.host.is_some_and(|host| host.eq_ignore_ascii_case(site));
        assert!(is_same || (!is_local && origin == "https://claw.example"), "{request:?}");
    }
}

/// Whether no stranger's DNS record can have this name.
fn is_own(host: &str) -> bool {
    const ENDINGS: [&str; 7] = [".local", ".home.arpa", ".internal", ".lan", ".home", ".localdomain", ".ts.net"];
    let is_address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
    is_address || !host.contains('.') || host == "claw.example" || ENDINGS.iter().any(|end| host.ends_with(end))
}

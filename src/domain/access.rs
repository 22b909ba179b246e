//! Which requests are from where they seem: protection against web pages, and the narrow case in which no token is
//! needed.
//!
//! A web page can make the browser on this machine send requests to loopback: with its own `Origin`, or, after DNS
//! rebinding, with its own name in `Host`. A tunnel or proxy delivers the whole internet from loopback. Neither is the
//! operator.

use core::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;

use super::client_address::ClientAddress;
use super::exposure::ExposureMode;

/// Headers that proxies and tunnels add. One of them on a request proves a hop in between.
///
/// Names in lower case. Browsers and command-line clients send none of these.
const FORWARDING_HEADERS: &[&str] = &[
    "via",
    "x-real-ip",
    "x-remote-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "x-appengine-user-ip",
    "x-azure-clientip",
    "x-envoy-external-address",
    "x-nf-client-connection-ip",
    "true-client-ip",
    "client-ip",
    "proxy-client-ip",
    "wl-proxy-client-ip",
    "do-connecting-ip",
    "cdn-loop",
    "fastly-client-ip",
    "fly-client-ip",
];
/// Every header that begins so is one.
const FORWARDING_PREFIXES: &[&str] = &["forwarded", "x-forwarded", "cf-", "tailscale-"];

/// What a request says of where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct RequestOrigin<'a> {
    /// The other end of the connection.
    pub peer: ClientAddress,
    /// Whether any forwarding header is present.
    pub forwarded: bool,
    /// The host that the request is for: the `Host` header, or `None` when there is not exactly one.
    pub host: Option<&'a str>,
    /// The `Origin` header, as browsers send it.
    pub origin: Option<&'a str>,
}

/// The request is not for this daemon, or was made by a web page of another site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ForbiddenOrigin {
    /// `Host` is not a name of ours: DNS rebinding, or a proxy in front of a daemon in local mode.
    #[error("the Host header does not name this daemon")]
    Host,
    /// `Origin` is another site's.
    #[error("the request was made by a web page of another site")]
    Origin,
}

impl RequestOrigin<'_> {
    /// Refuses requests that a web page or a stray proxy made.
    ///
    /// # Errors
    ///
    /// * [`ForbiddenOrigin::Host`] unless `Host` is `localhost` or a loopback literal.
    /// * [`ForbiddenOrigin::Origin`] when `Origin` is present and is not the very host that is asked.
    pub fn check_site(&self, mode: ExposureMode) -> Result<(), ForbiddenOrigin> {
        match mode {
            ExposureMode::Local => {}
        }
        let host = self.host.filter(|host| is_loopback_host(host)).ok_or(ForbiddenOrigin::Host)?;
        let is_same = |origin: &str| {
            origin.split_once("://").is_some_and(|(scheme, site)| scheme == "http" && site.eq_ignore_ascii_case(host))
        };
        if self.origin.is_none_or(is_same) { Ok(()) } else { Err(ForbiddenOrigin::Origin) }
    }

    /// Whether a request without a token is served, given that [`RequestOrigin::check_site`] passed: only in a mode that
    /// trusts loopback, from a loopback peer, and with no sign of a hop in between.
    pub fn needs_no_token(&self, mode: ExposureMode) -> bool {
        mode.trusts_loopback() && self.peer.is_loopback() && !self.forwarded
    }
}

/// Whether a header with this lower-case name is one that proxies and tunnels add.
pub fn is_forwarding_header(name: &str) -> bool {
    FORWARDING_HEADERS.contains(&name) || FORWARDING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a `Host` value (RFC 9110 section 7.2: host and optional port) is `localhost` or a loopback literal.
///
/// Other spellings of loopback (`0x7f.1`, `127.1`, a trailing dot) are not accepted: no client of ours sends them.
fn is_loopback_host(value: &str) -> bool {
    let (host, port) = match value.rsplit_once(':') {
        Some((host, port)) if !value.ends_with(']') => (host, port),
        _ => (value, ""),
    };
    let is_v6 = |host: &str| {
        let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        literal.and_then(|literal| literal.parse().ok()).is_some_and(|address: Ipv6Addr| address.is_loopback())
    };
    let is_v4 = |host: &str| host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback());
    port.bytes().all(|byte| byte.is_ascii_digit())
        && (host.eq_ignore_ascii_case("localhost") || is_v4(host) || is_v6(host))
}

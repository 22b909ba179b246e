//! Which requests are from where they seem: protection against web pages, and the narrow case in which no token is
//! needed.
//!
//! A web page can make the browser on this machine send requests to loopback: with its own `Origin`, or, after DNS
//! rebinding, with its own name in `Host`. A tunnel or proxy delivers the whole internet from loopback. Neither is the
//! operator.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use thiserror::Error;

use super::client_address::{ClientAddress, TrustedHops};
use super::endpoint::Endpoint;
use super::exposure::{ExposureMode, Hop};
use super::settings::Settings;
use super::transport::{AllowPlaintext, TlsRequired, Transport};

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

/// Endings of names that only a resolver of the own network answers: RFC 6762 and 8375, ICANN's reserved `internal`, what
/// home routers use, and Tailscale's, below which nobody chooses an address.
const PRIVATE_SUFFIXES: &[&str] = &[".local", ".home.arpa", ".internal", ".lan", ".home", ".localdomain", ".ts.net"];

/// The header, in lower case, in which a trusted hop says whether the client reached it over `https`.
pub const SCHEME_HEADER: &str = "x-forwarded-proto";

/// What a request says of where it comes from.
#[derive(Clone, Debug)]
pub struct RequestOrigin<'a> {
    /// The other end of the connection.
    pub peer: ClientAddress,
    /// The address of this machine that the connection goes to, where it is known.
    pub local: Option<ClientAddress>,
    /// Whether the connection is encrypted with the daemon's own key.
    pub is_tls: bool,
    /// Whether any forwarding header is present.
    pub forwarded: bool,
    /// The values of the header that [`AccessPolicy::client_header`] names, first line first.
    pub forwarded_for: Vec<&'a str>,
    /// The value of the last [`SCHEME_HEADER`].
    pub forwarded_scheme: Option<&'a str>,
    /// The host that the request is for: the `Host` header, or `None` when there is not exactly one.
    pub host: Option<&'a str>,
    /// The `Origin` header, as browsers send it.
    pub origin: Option<&'a str>,
    /// The `Sec-Fetch-Site` header, as browsers send it; anything else when there are several.
    pub fetch_site: Option<&'a str>,
}

/// The request is not for this daemon, or was made by a web page of another site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ForbiddenOrigin {
    /// `Host` is not a name of ours: DNS rebinding, or a proxy in front of a daemon in local mode.
    #[error("the Host header does not name this daemon; Daemon.ExternalUrl on its host says what it is called")]
    Host,
    /// `Origin` is another site's.
    #[error("the request was made by a web page of another site")]
    Origin,
}

/// Whose requests are believed to come from where, as the configuration has it.
#[derive(Clone, Debug)]
pub struct AccessPolicy {
    mode: ExposureMode,
    trusted_hops: TrustedHops,
    allow_plaintext: AllowPlaintext,
    host_name: String,
    external: Option<Endpoint>,
}

impl AccessPolicy {
    /// The policy of a daemon with these settings, on a machine of this name.
    pub fn of(settings: &Settings, host_name: &str) -> Self {
        let trusted_hops = match settings.mode.profile().hop {
            Hop::None => TrustedHops::NONE,
            Hop::TrustedProxies => TrustedHops::new(settings.trusted_proxies.clone()),
            Hop::Tunnel(_) => TrustedHops::loopback(),
        };
        let (mode, external) = (settings.mode, settings.external_url.clone());
        let allow_plaintext = settings.allow_plaintext.clone();
        Self { mode, trusted_hops, allow_plaintext, host_name: host_name.to_owned(), external }
    }

    /// How the daemon is exposed.
    pub const fn mode(&self) -> ExposureMode {
        self.mode
    }

    /// The header, in lower case, in which a trusted hop says whose request it passes on.
    pub const fn client_header(&self) -> Option<&'static str> {
        self.mode.profile().hop.header()
    }

    /// Whether `peer` is a hop whose word is taken.
    pub fn trusts(&self, peer: ClientAddress) -> bool {
        self.trusted_hops.contains(peer)
    }

    /// Whose request it is: what limits count and the activity log shows.
    ///
    /// A tunnel is one hop, so only its own entry is read. Behind reverse proxies it is the right-most entry that is not
    /// itself a trusted proxy.
    pub fn client(&self, request: &RequestOrigin<'_>) -> ClientAddress {
        let peer = request.peer.ip();
        let lines = request.forwarded_for.iter().copied();
        match self.mode.profile().hop {
            Hop::None => request.peer,
            Hop::TrustedProxies => ClientAddress::behind(peer, &self.trusted_hops, lines),
            Hop::Tunnel(_) => {
                let own = lines.last().and_then(|line| line.rsplit(',').next());
                ClientAddress::behind(peer, &self.trusted_hops, own.into_iter())
            }
        }
    }

    /// Refuses requests that a web page or a stray proxy made.
    ///
    /// A trusted hop that adds its header has looked at the name itself, and pages under such a name come over https.
    /// Everyone else must name this machine in a way that no stranger's DNS record can: by address, by a name without dots or
    /// of the own network, by the machine's own name, or by `Daemon.ExternalUrl`. In local mode only loopback will do.
    ///
    /// # Errors
    ///
    /// * [`ForbiddenOrigin::Host`] when `Host` is no such name.
    /// * [`ForbiddenOrigin::Origin`] when `Origin` is present and is neither the host that is asked nor the external URL.
    pub fn check_site(&self, request: &RequestOrigin<'_>) -> Result<(), ForbiddenOrigin> {
        let host = request.host.ok_or(ForbiddenOrigin::Host)?;
        let is_own_name = self.is_own_name(host);
        if !is_own_name && !self.is_vouched_for(request) {
            return Err(ForbiddenOrigin::Host);
        }
        let trusts_loopback = self.mode.profile().trusts_loopback;
        let is_external = |origin: &str| {
            self.external.as_ref().is_some_and(|external| !trusts_loopback && external.origin() == origin)
        };
        let is_same = |origin: &str| {
            let Some((scheme, site)) = origin.split_once("://") else { return false };
            let schemes: &[&str] = match (self.transport(request), is_own_name, trusts_loopback) {
                (Transport::OwnTls, ..) => &["https"],
                (_, true, true) => &["http"],
                (_, true, false) => &["http", "https"],
                // A page under a stranger's name that was made to reach this port came over http, whatever header it adds.
                (_, false, _) => &["https"],
            };
            schemes.contains(&scheme) && site.eq_ignore_ascii_case(host)
        };
        if request.origin.is_none_or(|origin| is_external(origin) || is_same(origin)) {
            return Ok(());
        }
        Err(ForbiddenOrigin::Origin)
    }

    /// Whether a request without a token is served, given that [`AccessPolicy::check_site`] passed: only in a mode that
    /// trusts loopback, from a loopback peer, and with no sign of a hop in between.
    ///
    /// # Errors
    ///
    /// [`ForbiddenOrigin::Origin`] when it would be, and a web page of another site is behind it: an image, a script, a frame
    /// or a link there asks without an `Origin`.
    pub fn needs_no_token(&self, request: &RequestOrigin<'_>) -> Result<bool, ForbiddenOrigin> {
        if !self.mode.profile().trusts_loopback || !request.peer.is_loopback() || request.forwarded {
            return Ok(false);
        }
        if is_of_no_other_site(request.fetch_site) { Ok(true) } else { Err(ForbiddenOrigin::Origin) }
    }

    /// What protected a request on its way here.
    ///
    /// The word of a trusted hop goes before everything else: it knows the client's own way, and how the request then came
    /// here is the operator's affair. A connection from one of this machine's own addresses to that same address does not
    /// leave it, any more than one over loopback does; but a forwarding header shows that it began elsewhere.
    pub fn transport(&self, request: &RequestOrigin<'_>) -> Transport {
        // Right-most, as the hop itself has added it.
        let scheme = request.forwarded_scheme.filter(|_| self.trusts(request.peer));
        let scheme = scheme.and_then(|line| line.rsplit(',').next()).map(str::trim);
        let is_own = request.peer.is_loopback() || request.local == Some(request.peer);
        match scheme {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => Transport::HopTls,
            Some(_) => Transport::Plain,
            None if request.is_tls => Transport::OwnTls,
            None if is_own && !request.forwarded => Transport::SameMachine,
            None => Transport::Plain,
        }
    }

    /// Checks that a request which carries a code or a token has been protected on its way.
    ///
    /// # Errors
    ///
    /// [`TlsRequired`] when it has not been, and the configuration does not allow that from this client. The credential
    /// must not be looked at then.
    pub fn check_transport(&self, request: &RequestOrigin<'_>) -> Result<(), TlsRequired> {
        self.transport(request).check(self.client(request), &self.allow_plaintext)
    }

    /// Whether a trusted hop, which has looked at the name, passed the request on.
    fn is_vouched_for(&self, request: &RequestOrigin<'_>) -> bool {
        !self.mode.profile().trusts_loopback && !request.forwarded_for.is_empty() && self.trusts(request.peer)
    }

    fn is_own_name(&self, host: &str) -> bool {
        if self.mode.profile().trusts_loopback {
            return is_loopback_host(host);
        }
        let Some(name) = without_port(host) else { return false };
        let is = |own: &str| name.eq_ignore_ascii_case(own);
        is_address(name)
            || is_private_name(name)
            || is(&self.host_name)
            || self.external.as_ref().and_then(Endpoint::host).is_some_and(|own| is(&own))
    }
}

/// Whether no web page of another site is behind a request with this `Sec-Fetch-Site` (Fetch Metadata Request Headers), which
/// pages cannot set. Tools and old browsers do not send it.
///
/// Other ports of loopback are other sites, whatever browsers call them: another user of the machine may listen there. So only
/// `none`, what a person typed or chose, and `same-origin` will do.
pub fn is_of_no_other_site(fetch_site: Option<&str>) -> bool {
    fetch_site.is_none_or(|site| matches!(site, "none" | "same-origin"))
}

/// Whether a header with this lower-case name is one that proxies and tunnels add.
pub fn is_forwarding_header(name: &str) -> bool {
    FORWARDING_HEADERS.contains(&name) || FORWARDING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a `Host` value is `localhost` or a loopback literal.
///
/// Other spellings of loopback (`0x7f.1`, `127.1`, a trailing dot) are not accepted: no client of ours sends them.
fn is_loopback_host(value: &str) -> bool {
    without_port(value).is_some_and(|host| {
        host.eq_ignore_ascii_case("localhost") || literal(host).is_some_and(|address| address.is_loopback())
    })
}

/// The host of a `Host` value (RFC 9110 section 7.2: host and optional port), or `None` when the port is none.
fn without_port(value: &str) -> Option<&str> {
    let (host, port) = match value.rsplit_once(':') {
        Some((host, port)) if !value.ends_with(']') => (host, port),
        _ => (value, ""),
    };
    port.bytes().all(|byte| byte.is_ascii_digit()).then_some(host)
}

/// The address that a host is, if it is one: IPv4 in dotted decimal, IPv6 in brackets.
fn literal(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(v6) => v6.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    }
}

/// Whether a host is an address: a page cannot have it as its own origin unless it was loaded from there.
fn is_address(host: &str) -> bool {
    literal(host).is_some()
}

/// Whether a name can only have been resolved by the own network: it has no dot, or one of the private endings.
fn is_private_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_plain =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    is_plain(&name) && (!name.contains('.') || PRIVATE_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)))
}

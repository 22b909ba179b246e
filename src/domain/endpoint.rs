//! Where a daemon is reached.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;
use url::{Host, Url};

/// The port when nothing else is configured.
pub const DEFAULT_PORT: u16 = 5199;

/// The address of a daemon as a client uses it: an `http` or `https` URL with nothing but host, port and perhaps a path,
/// without a slash at its end. Two spellings of one place are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint(Url);

/// Why a text is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// No URL at all.
    #[error("it is not a URL")]
    NotAUrl,
    /// Something like `my-server:5199`.
    #[error("it does not begin with http:// or https://")]
    NoScheme,
    /// A user name or password, which could smuggle in another host.
    #[error("it contains a user name or password")]
    Credentials,
    /// A query or fragment, which endpoints do not have.
    #[error("it contains a query or fragment")]
    QueryOrFragment,
}

impl Endpoint {
    /// Reads an endpoint the way browsers read URLs (WHATWG), so that every spelling of an address is what it is. A
    /// wildcard host (`0.0.0.0`, `::`) becomes the loopback of its family.
    ///
    /// # Errors
    ///
    /// * [`EndpointError::NotAUrl`] when it cannot be parsed.
    /// * [`EndpointError::NoScheme`] for any scheme but `http` and `https`.
    /// * [`EndpointError::Credentials`] and [`EndpointError::QueryOrFragment`] when it has one.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let scheme = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        if !scheme("http://") && !scheme("https://") {
            return Err(EndpointError::NoScheme);
        }
        let mut url = Url::parse(text).map_err(|_| EndpointError::NotAUrl)?;
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err(EndpointError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::QueryOrFragment);
        }
        let loopback = match url.host() {
            Some(Host::Ipv4(Ipv4Addr::UNSPECIFIED)) => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            Some(Host::Ipv6(Ipv6Addr::UNSPECIFIED)) => Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            _ => None,
        };
        if let Some(loopback) = loopback {
            url.set_ip_host(loopback).map_err(|()| EndpointError::NotAUrl)?;
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Where a daemon that listens on `address` is reached from its own machine.
    pub fn of_listener(address: SocketAddr) -> Self {
        Self::parse(&alloc::format!("http://{address}")).unwrap_or_else(|_| Self::default())
    }

    /// The URL of `path` below this endpoint; `path` begins with a slash.
    pub fn join(&self, path: &str) -> String {
        self.to_string() + path
    }

    /// The same host, port and path, spoken to over TLS.
    #[must_use]
    pub fn over_tls(&self) -> Self {
        let (mut url, port) = (self.0.clone(), self.port());
        // Both schemes are among those that may take each other's place, and both have ports.
        if url.set_scheme("https").is_ok() {
            let _ = url.set_port(Some(port));
        }
        Self(url)
    }

    /// Whether it is on this machine: a loopback literal, or `localhost` with or without a dot at its end.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
            Some(Host::Domain(name)) => name.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
            None => false,
        }
    }

    /// Its host name or address literal, an IPv6 one in brackets.
    pub fn host(&self) -> Option<String> {
        self.0.host_str().map(ToOwned::to_owned)
    }

    /// The host, and the port unless it is the scheme's own: what browsers send in `Host` and `Origin`.
    pub fn authority(&self) -> &str {
        self.0.authority()
    }

    /// Scheme, host and port as browsers send them in `Origin`.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Its path, without a slash at its end: empty when it has none.
    pub fn path(&self) -> &str {
        self.0.path().trim_end_matches('/')
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(DEFAULT_PORT)
    }

    /// Whether the connection to it is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl Default for Endpoint {
    /// `http://127.0.0.1:5199`.
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a literal, parsed by a test")]
        Self(Url::parse("http://127.0.0.1:5199").expect("the default endpoint is a URL"))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL always shows a path, an endpoint without one is written without the slash.
        f.pad(self.0.as_str().trim_end_matches('/'))
    }
}

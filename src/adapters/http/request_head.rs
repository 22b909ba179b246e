//! What the head of a request says, read once and strictly.

use std::net::IpAddr;

use hyper::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use hyper::{HeaderMap, Request};

use crate::domain::access::{RequestOrigin, is_forwarding_header};
use crate::domain::client_address::{ClientAddress, TrustedHops};

/// The header in which a trusted hop says whose request it passes on.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The credential of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credential<'a> {
    /// No `Authorization` header at all.
    None,
    /// One bearer token (RFC 6750 section 2.1).
    Bearer(&'a str),
    /// Several headers, another scheme, or no text: a credential that cannot be right.
    Unusable,
}

/// What a request says of where it comes from.
pub(super) fn origin<B>(request: &Request<B>, peer: IpAddr) -> RequestOrigin<'_> {
    let headers = request.headers();
    let host = only(headers, HOST);
    // In absolute form (RFC 9112 section 3.2.2) the request line names the host too: both must be the same one.
    let target = request.uri().authority().map(|authority| authority.as_str());
    let host = host.filter(|host| target.is_none_or(|target| target == *host));
    let origin = if headers.contains_key(ORIGIN) { Some(only(headers, ORIGIN).unwrap_or("null")) } else { None };
    let forwarded = headers.keys().any(|name| is_forwarding_header(name.as_str()));
    RequestOrigin { peer: ClientAddress::of(peer), forwarded, host, origin }
}

/// Whose request it is.
pub(super) fn client(headers: &HeaderMap, peer: IpAddr, trusted: &TrustedHops) -> ClientAddress {
    let lines: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or_default()).collect();
    ClientAddress::behind(peer, trusted, lines.into_iter())
}

/// The credential of a request.
pub(super) fn credential(headers: &HeaderMap) -> Credential<'_> {
    if !headers.contains_key(AUTHORIZATION) {
        return Credential::None;
    }
    match only(headers, AUTHORIZATION).and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Credential::Bearer(token.trim_start()),
        _ => Credential::Unusable,
    }
}

/// The value of a header that must be there exactly once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

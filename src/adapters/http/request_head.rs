//! What the head of a request says, read once and strictly.

use std::net::IpAddr;

use hyper::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use hyper::{HeaderMap, Request};

use crate::domain::access::{RequestOrigin, is_forwarding_header};
use crate::domain::client_address::ClientAddress;

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

/// What a request says of where it comes from; `client_header` is the one that a trusted hop sets.
pub(super) fn origin<'a, B>(request: &'a Request<B>, peer: IpAddr, client_header: Option<&str>) -> RequestOrigin<'a> {
    let headers = request.headers();
    let host = only(headers, HOST);
    // In absolute form (RFC 9112 section 3.2.2) the request line names the host too: both must be the same one.
    let target = request.uri().authority().map(|authority| authority.as_str());
    let host = host.filter(|host| target.is_none_or(|target| target == *host));
    let origin = if headers.contains_key(ORIGIN) { Some(only(headers, ORIGIN).unwrap_or("null")) } else { None };
    let forwarded = headers.keys().any(|name| is_forwarding_header(name.as_str()));
    let lines = client_header.into_iter().flat_map(|name| headers.get_all(name));
    // What is no text is no address either.
    let forwarded_for = lines.map(|line| line.to_str().unwrap_or_default()).collect();
    RequestOrigin { peer: ClientAddress::of(peer), forwarded, forwarded_for, host, origin }
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

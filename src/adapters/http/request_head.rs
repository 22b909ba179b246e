//! What the head of a request says, read once and strictly.

use hyper::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN};
use hyper::{HeaderMap, Request};

use super::listener::Remote;
use crate::domain::access::{RequestOrigin, SCHEME_HEADER, is_forwarding_header};
use crate::domain::client_address::ClientAddress;

/// What a browser says of who is behind a request.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

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
pub(super) fn origin<'a, B>(
    request: &'a Request<B>,
    remote: &Remote,
    client_header: Option<&str>,
) -> RequestOrigin<'a> {
    let headers = request.headers();
    let host = only(headers, HOST);
    // In absolute form (RFC 9112 section 3.2.2) the request line names the host too: both must be the same one.
    let target = request.uri().authority().map(|authority| authority.as_str());
    // What is no text is no address and no scheme either.
    let lines = |name| headers.get_all(name).iter().map(|line: &HeaderValue| line.to_str().unwrap_or_default());
    RequestOrigin {
        peer: ClientAddress::of(remote.address.ip()),
        local: remote.local.map(ClientAddress::of),
        is_tls: remote.is_tls,
        forwarded: headers.keys().any(|name| is_forwarding_header(name.as_str())),
        forwarded_for: client_header.into_iter().flat_map(lines).collect(),
        forwarded_scheme: lines(SCHEME_HEADER).next_back(),
        host: host.filter(|host| target.is_none_or(|target| target == *host)),
        origin: headers.contains_key(ORIGIN).then(|| only(headers, ORIGIN).unwrap_or("null")),
        fetch_site: headers.contains_key(FETCH_SITE).then(|| only(headers, FETCH_SITE).unwrap_or_default()),
    }
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
pub(super) fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

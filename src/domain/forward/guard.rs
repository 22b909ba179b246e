//! Keeping web pages out: a page of any site can make the browser on this machine send requests to loopback.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use thiserror::Error;

use crate::domain::access::is_of_no_other_site;

/// What a request says of itself that a page cannot forge.
#[derive(Clone, Copy, Debug, Default)]
pub struct Claims<'a> {
    /// `Host`, or `None` when there is not exactly one.
    pub host: Option<&'a str>,
    /// `Origin`; anything that is no origin when there are several.
    pub origin: Option<&'a str>,
    /// `Sec-Fetch-Site` (Fetch Metadata Request Headers), in the same way. Tools and old browsers do not send it.
    pub fetch_site: Option<&'a str>,
}

/// A web page of another site is behind the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ForeignPage {
    /// `Host` is not this port of this machine: DNS rebinding.
    #[error("the Host header does not name this port of this machine")]
    Host,
    /// A page of another origin has sent it.
    #[error("the request was made by a web page of another site")]
    Page,
}

/// The names of one port on loopback.
#[derive(Clone, Debug)]
pub struct Guard {
    hosts: Vec<String>,
}

impl Guard {
    /// The guard of this port.
    pub fn of_port(port: u16) -> Self {
        let names = ["127.0.0.1", "localhost", "[::1]"];
        let mut hosts: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        if port == 80 {
            // The scheme's own port is left out (RFC 9110 section 4.2.3).
            hosts.extend(names.map(String::from));
        }
        Self { hosts }
    }

    /// Lets requests through that no page of another site has made, other ports of loopback among them.
    ///
    /// # Errors
    ///
    /// [`ForeignPage`].
    pub fn check(&self, claims: &Claims<'_>) -> Result<(), ForeignPage> {
        let host = claims.host.ok_or(ForeignPage::Host)?;
        if !self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)) {
            return Err(ForeignPage::Host);
        }
        let is_same = |origin: &str| origin.strip_prefix("http://").is_some_and(|site| site.eq_ignore_ascii_case(host));
        let is_own_page = claims.origin.is_none_or(is_same) && is_of_no_other_site(claims.fetch_site);
        if is_own_page { Ok(()) } else { Err(ForeignPage::Page) }
    }
}

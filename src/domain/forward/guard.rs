//! Keeping web pages out: a page of any site can make the browser on this machine send requests to loopback.

use alloc::format;
use alloc::string::String;

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
    /// `Host` is not the address and port of the forwarder: DNS rebinding, or a name that may lead to someone else.
    #[error(
        "the Host header is not the address of this forwarder; use 127.0.0.1 and its port, and no name like localhost"
    )]
    Host,
    /// A page of another origin has sent it.
    #[error("the request was made by a web page of another site")]
    Page,
}

/// The one address at which a forwarder listens.
///
/// `localhost` is no name of it: that may be `::1` as well, where another user of the machine can take the same port, and be
/// sent the key.
#[derive(Clone, Debug)]
pub struct Guard {
    host: String,
}

impl Guard {
    /// The guard of this port of 127.0.0.1.
    pub fn of_port(port: u16) -> Self {
        Self { host: format!("127.0.0.1:{port}") }
    }

    /// Lets requests through that no page of another site has made, other ports of loopback among them.
    ///
    /// # Errors
    ///
    /// [`ForeignPage`].
    pub fn check(&self, claims: &Claims<'_>) -> Result<(), ForeignPage> {
        // The scheme's own port may be left out (RFC 9110 section 4.2.3).
        let is_own = |host: &&str| *host == self.host || self.host.strip_suffix(":80") == Some(host);
        let host = claims.host.filter(is_own).ok_or(ForeignPage::Host)?;
        let is_same = |origin: &str| origin.strip_prefix("http://").is_some_and(|site| site == host);
        let is_own_page = claims.origin.is_none_or(is_same) && is_of_no_other_site(claims.fetch_site);
        if is_own_page { Ok(()) } else { Err(ForeignPage::Page) }
    }
}

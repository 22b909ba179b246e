//! What becomes of each header field on its way to a service and back.

use crate::domain::access::is_forwarding_header;

/// Longer than all names that say what a field is about, in characters. Of a longer name only the beginning counts.
const MAX_KNOWN_NAME: usize = 64;

/// What a header field is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// This connection only (RFC 9110 section 7.6.1). The next one has its own.
    Connection,
    /// Where the message ends: each connection says it again.
    Framing,
    /// The host that is asked.
    Host,
    /// The caller's credential, which was for this daemon.
    Credential,
    /// A credential as some providers have it. Clients of such a provider put there what they were given as its key: where this
    /// daemon is the provider to them, that is their token.
    ProviderCredential,
    /// Whether a body is awaited before it is sent (RFC 9110 section 10.1.1).
    Expect,
    /// Who is calling, as this daemon says it: `X-Netclaw-…`.
    Caller,
    /// Where the request came from, as proxies say it.
    Forwarding,
    /// What a browser keeps for, and says of, the site that it is on.
    Site,
    /// Everything else: for the two ends.
    EndToEnd,
}

/// Whether a connection that has been let through may change to this protocol (RFC 9110 section 7.8: a name, and perhaps a
/// slash and a version).
///
/// Not to another HTTP, nor to TLS with HTTP in it: the requests there would be checked by nobody.
pub fn may_become(protocol: &str) -> bool {
    let name = protocol.split('/').next().unwrap_or_default();
    let is_one = protocol.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._+/".contains(&byte));
    is_one && !name.is_empty() && !["http", "h2", "h2c", "h3", "tls"].iter().any(|http| name.eq_ignore_ascii_case(http))
}

impl Field {
    /// What the field with this lower-case name is about.
    ///
    /// Many services make an underscore of every dash before they look (RFC 3875 section 4.1.18), and some of everything that is
    /// neither a letter nor a digit. A name with any of that is what it is with dashes.
    pub fn of(name: &str) -> Self {
        if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Self::of_dashed(name);
        }
        let mut dashed = [b'-'; MAX_KNOWN_NAME];
        for (dash, byte) in dashed.iter_mut().zip(name.bytes()).filter(|(_, byte)| byte.is_ascii_alphanumeric()) {
            *dash = byte;
        }
        let known = dashed.get(..name.len()).unwrap_or(&dashed);
        core::str::from_utf8(known).map_or(Self::EndToEnd, Self::of_dashed)
    }

    fn of_dashed(name: &str) -> Self {
        match name {
            "connection" | "keep-alive" | "te" | "upgrade" | "http2-settings" => Self::Connection,
            "content-length" | "transfer-encoding" => Self::Framing,
            "host" => Self::Host,
            "authorization" => Self::Credential,
            "x-api-key" | "api-key" | "x-goog-api-key" => Self::ProviderCredential,
            "expect" => Self::Expect,
            "cookie" | "origin" | "referer" => Self::Site,
            _ if name.starts_with("proxy-") => Self::Connection,
            _ if name.starts_with("x-netclaw-") => Self::Caller,
            _ if is_forwarding_header(name) => Self::Forwarding,
            _ => Self::EndToEnd,
        }
    }

    /// Whether a field of a request goes on to the target of a route as it is.
    pub const fn goes_to_targets(self) -> bool {
        matches!(self, Self::EndToEnd | Self::ProviderCredential | Self::Site)
    }

    /// Whether a field of a request goes on to the agent, who may be a stranger far away, as it is.
    pub const fn goes_to_agents(self) -> bool {
        matches!(self, Self::EndToEnd)
    }

    /// Whether a field of an answer comes back as it is.
    pub const fn comes_back(self) -> bool {
        !matches!(self, Self::Connection)
    }
}

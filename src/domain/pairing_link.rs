//! Pairing links: everything that a device needs to pair, in one line to paste or to scan.
//!
//! ```text
//! netclaw://my-server:5199/?c=SECRET#p=PIN              the daemon ends TLS itself, with the pinned key
//! netclaw://claw.example.com/path?c=SECRET&s=https      something with a publicly valid certificate ends TLS in front
//! ```

use alloc::string::{String, ToString};
use core::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use super::endpoint::{Endpoint, EndpointError};
use super::link_secret::LinkSecret;
use super::pin::Pin;

/// What every link begins with.
pub const LINK_SCHEME: &str = "netclaw://";

/// Longest link that is read, in bytes: the longest host name, a long path, and what stands around them.
pub const MAX_LINK_BYTES: usize = 800;

/// A way to a daemon, and the secret that it waits for.
///
/// # Security
///
/// `Debug` shows the endpoint only. [`PairingLink::reveal`] is the only way to see the secret.
#[derive(Clone)]
pub struct PairingLink {
    endpoint: Endpoint,
    pin: Option<Pin>,
    secret: LinkSecret,
}

/// Why a text is no pairing link. Never repeats the text, which may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LinkError {
    /// It begins with something else.
    #[error("it does not begin with netclaw://")]
    NotALink,
    /// More than [`MAX_LINK_BYTES`].
    #[error("it is too long")]
    TooLong,
    /// White space, control characters, or letters that no link has.
    #[error("it contains characters that no link has")]
    ForeignCharacters,
    /// What stands between the scheme and the secret.
    #[error("its address cannot be used: {0}")]
    Endpoint(#[from] EndpointError),
    /// `c` is missing, or not one secret as the daemon writes it.
    #[error("its secret (c=…) is missing or incomplete")]
    Secret,
    /// `s` is something else than `https`, or there twice.
    #[error("its scheme (s=…) is unknown")]
    Scheme,
    /// `p` is not one pin as the daemon writes it; or it is missing where only a pin protects the way.
    #[error("its pin (#p=…) is missing or incomplete")]
    Pin,
}

impl PairingLink {
    /// The link to a daemon at `endpoint`, whose own TLS key is `own`.
    ///
    /// At an `https` endpoint something in front of the daemon may end TLS: the key there is not pinned, and its certificate
    /// may be renewed at any time.
    pub fn new(endpoint: Endpoint, own: Pin, secret: LinkSecret) -> Self {
        let pin = (!endpoint.is_https()).then_some(own);
        Self { endpoint, pin, secret }
    }

    /// Whether a text is meant as a link.
    pub fn is_meant_by(text: &str) -> bool {
        text.get(..LINK_SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(LINK_SCHEME))
    }

    /// Reads a link. White space around it is ignored, and so are parts that a later version may add.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        if !Self::is_meant_by(text) {
            return Err(LinkError::NotALink);
        }
        if text.len() > MAX_LINK_BYTES {
            return Err(LinkError::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(LinkError::ForeignCharacters);
        }
        let rest = text.get(LINK_SCHEME.len()..).ok_or(LinkError::NotALink)?;
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let is_https = match one(query, "s") {
            Ok(None) => false,
            Ok(Some("https")) => true,
            _ => return Err(LinkError::Scheme),
        };
        let scheme = if is_https { "https://" } else { "http://" };
        let endpoint = Endpoint::parse(&(String::from(scheme) + place))?;
        let secret = one(query, "c").ok().flatten().and_then(LinkSecret::parse).ok_or(LinkError::Secret)?;
        let pin = match one(fragment, "p") {
            Ok(Some(pin)) if !is_https => Some(Pin::parse_text(pin).map_err(|_| LinkError::Pin)?),
            Ok(None) if is_https => None,
            _ => return Err(LinkError::Pin),
        };
        Ok(Self { endpoint, pin, secret })
    }

    /// Where the daemon is.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The key that ends TLS there; none where a publicly valid certificate does.
    pub const fn pin(&self) -> Option<Pin> {
        self.pin
    }

    /// The secret.
    pub const fn secret(&self) -> &LinkSecret {
        &self.secret
    }

    /// The link as one line.
    ///
    /// # Security
    ///
    /// For the operator's terminal and the `link` of its JSON document. Nowhere else, and never in a log.
    pub fn reveal(&self) -> Zeroizing<String> {
        let endpoint = self.endpoint.to_string();
        let place = endpoint.split_once("://").map_or("", |(_, place)| place);
        let mut link = Zeroizing::new(String::with_capacity(MAX_LINK_BYTES));
        link.push_str(LINK_SCHEME);
        link.push_str(place);
        // A place with a path is complete; one without ends in a slash, as in every URL.
        link.push_str(if place.contains('/') { "?c=" } else { "/?c=" });
        link.extend(self.secret.text().iter().map(|byte| char::from(*byte)));
        match &self.pin {
            Some(pin) => {
                link.push_str("#p=");
                link.push_str(&pin.text());
            }
            None => link.push_str("&s=https"),
        }
        link
    }
}

impl fmt::Debug for PairingLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PairingLink({}, redacted)", self.endpoint)
    }
}

/// There are two.
struct Twice;

/// The value of `key` among `a=b&c=d`, if it is there.
fn one<'a>(parts: &'a str, key: &str) -> Result<Option<&'a str>, Twice> {
    let mut values = parts.split('&').filter_map(|part| part.split_once('=')).filter(|(name, _)| *name == key);
    let value = values.next().map(|(_, value)| value);
    if values.next().is_some() { Err(Twice) } else { Ok(value) }
}

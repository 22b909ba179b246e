//! The key of a forwarder: what other users of the machine do not have.
//!
//! It is shown in `Authorization`, in one of two ways: `Bearer`, as tools send what they take for an API key, and `Basic`, as
//! browsers and everything else that knows a user name and a password. Both are sent to this very port and to no other, which
//! a cookie is not (RFC 6265 section 8.5: cookies do not tell ports apart), and neither leaves the key in a path, where
//! histories, logs and `Referer` would keep it.

use alloc::string::String;
use core::fmt;

use data_encoding::BASE64;
use subtle::ConstantTimeEq;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::domain::encoding::BASE32_LOWER;

/// Bytes of a key: 128 bits, which nobody guesses in the life of a process.
pub const KEY_BYTES: usize = 16;

/// What keys begin with, so that one that was left somewhere is recognised.
const PREFIX: &str = "ncf_";

/// The key of one forwarder, for as long as it runs.
///
/// # Security
///
/// `Debug` is redacted, there is no `Display`, and the memory is wiped on drop.
#[derive(Clone, ZeroizeOnDrop)]
pub struct ForwardKey(String);

impl ForwardKey {
    /// The key of these bytes: `ncf_` and 26 characters of base32.
    pub fn of(bytes: &[u8; KEY_BYTES]) -> Self {
        // Made with its whole length, so that no copy is left behind by growing.
        let mut text = String::with_capacity(PREFIX.len() + BASE32_LOWER.encode_len(KEY_BYTES));
        text.push_str(PREFIX);
        BASE32_LOWER.encode_append(bytes, &mut text);
        Self(text)
    }

    /// Whether this value of `Authorization` shows the key: as a bearer token (RFC 6750 section 2.1), or as the password of any
    /// user (RFC 7617 section 2). In constant time for all values of one length.
    pub fn is_shown_by(&self, authorization: &str) -> bool {
        let Some((scheme, shown)) = authorization.split_once(' ') else { return false };
        let shown = shown.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.is(shown.as_bytes());
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return false;
        }
        let Ok(decoded) = BASE64.decode(shown.as_bytes()).map(Zeroizing::new) else { return false };
        // A user name has no colon, a password may have.
        let password = decoded.iter().position(|byte| *byte == b':').and_then(|colon| decoded.get(colon + 1..));
        password.is_some_and(|password| self.is(password))
    }

    /// Whether the key is anywhere in this text. Only for text of someone who has shown it: how long that takes tells where.
    pub fn is_in(&self, text: &[u8]) -> bool {
        text.windows(self.0.len()).any(|part| part == self.0.as_bytes())
    }

    /// The key itself.
    ///
    /// # Security
    ///
    /// For the standard output of the forwarder, and the environment of a command that it runs. Nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn is(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl fmt::Debug for ForwardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForwardKey(…)")
    }
}

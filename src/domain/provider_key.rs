//! The key that the agent's provider knows this host by.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// Longest key, in bytes: signed tokens of some providers have two thousand.
pub const MAX_KEY_BYTES: usize = 4096;

/// The key of a provider, as it stands after `Bearer `: 1 to 4096 visible ASCII characters.
///
/// # Security
///
/// `Debug` shows nothing of it, there is no `Display`, and the memory is wiped on drop.
#[derive(Clone)]
pub struct ProviderKey(Zeroizing<String>);

/// The text cannot be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a provider's key has 1 to {MAX_KEY_BYTES} visible ASCII characters and no spaces")]
pub struct MalformedProviderKey;

impl ProviderKey {
    /// Reads a key, without the white space around it.
    ///
    /// # Errors
    ///
    /// [`MalformedProviderKey`], which does not repeat it.
    pub fn parse(text: &str) -> Result<Self, MalformedProviderKey> {
        let text = text.trim();
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_key = is_visible && (1..=MAX_KEY_BYTES).contains(&text.len());
        if is_key { Ok(Self(Zeroizing::new(text.to_owned()))) } else { Err(MalformedProviderKey) }
    }

    /// The key itself.
    ///
    /// # Security
    ///
    /// For the provider, over a connection that follows no redirects, and for the file of the host's secrets. Nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProviderKey(…)")
    }
}

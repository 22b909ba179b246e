//! The key of the agent's provider: the daemon's own secret, which devices never see.

use alloc::string::String;
use core::fmt;

use zeroize::ZeroizeOnDrop;

/// Longest key, in characters: many times those of any provider.
const MAX_CHARS: usize = 4096;

/// The key that the agent's provider knows this host by.
///
/// # Security
///
/// `Debug` is redacted, there is no `Display`, and the memory is wiped on drop.
#[derive(Clone, ZeroizeOnDrop)]
pub struct ProviderKey(String);

impl ProviderKey {
    /// Reads a key: visible characters of ASCII, as they fit into a header. White space around it is cut off, as the line end of
    /// a file is. `None` when nothing is left, or something else is in it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_key = !text.is_empty() && text.len() <= MAX_CHARS && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_key.then(|| Self(text.into()))
    }

    /// The key itself.
    ///
    /// # Security
    ///
    /// For the `Authorization` header of a request to the agent. Nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProviderKey(…)")
    }
}

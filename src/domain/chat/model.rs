//! The name of a model.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use thiserror::Error;

use crate::domain::text::shown_safely;

/// Longest name, in bytes: those of providers are below a hundred.
pub const MAX_MODEL_BYTES: usize = 200;

/// The name of a model, as its provider spells it: 1 to 200 bytes that can be shown as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelName(String);

/// Why a text cannot be the name of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a model's name has 1 to {MAX_MODEL_BYTES} bytes, none of them invisible")]
pub struct MalformedModelName;

impl ModelName {
    /// Reads a name, trimming white space around it.
    ///
    /// # Errors
    ///
    /// [`MalformedModelName`] when nothing is left, too much, or something that cannot be shown.
    pub fn parse(text: &str) -> Result<Self, MalformedModelName> {
        let text = text.trim();
        let is_allowed = !text.is_empty() && text.len() <= MAX_MODEL_BYTES && shown_safely(text) == text;
        if is_allowed { Ok(Self(text.to_owned())) } else { Err(MalformedModelName) }
    }

    /// The name as it is shown and sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

//! Device names: what people call their machines, without surprises.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest name, in characters.
pub const MAX_NAME_CHARS: usize = 64;

/// What a name may contain besides letters and digits.
const PUNCTUATION: &str = " ._-'()+@";

/// Marks that one letter may carry in a row, besides its vowel signs: a nukta and a virama, two tone marks. Scripts need
/// no more, and a tower of them would cover the lines above and below.
const MAX_MARKS: usize = 2;

/// The name of a device: 1 to 64 letters and digits of any script with their marks, spaces, and `._-'()+@`, trimmed and
/// in Unicode normalization form C.
///
/// It contains no control, zero-width or direction-changing character, so it can be shown as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceName(String);

/// Why a text cannot be a device name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing but white space.
    #[error("a device name must not be empty")]
    Empty,
    /// More than [`MAX_NAME_CHARS`] characters.
    #[error("a device name has at most {MAX_NAME_CHARS} characters")]
    TooLong,
    /// A character that is none of the allowed ones.
    #[error("a device name must not contain {:?}; letters, digits, spaces and ._-'()+@ are allowed", .0)]
    Forbidden(char),
}

impl DeviceName {
    /// Reads a name, trimming white space around it.
    ///
    /// # Errors
    ///
    /// * [`NameError::Empty`] when nothing is left after trimming.
    /// * [`NameError::TooLong`] when more than 64 characters are left.
    /// * [`NameError::Forbidden`] at the first character that is not allowed.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let name: String = text.trim().nfc().take(MAX_NAME_CHARS + 1).collect();
        let mut is_allowed = allowance();
        match name.chars().find(|c| !is_allowed(*c)) {
            Some(forbidden) => Err(NameError::Forbidden(forbidden)),
            None if name.is_empty() => Err(NameError::Empty),
            None if name.chars().count() > MAX_NAME_CHARS => Err(NameError::TooLong),
            None => Ok(Self(name)),
        }
    }

    /// The nearest allowed name to `text`: every other character becomes `-`, and it is cut to length. `None` when
    /// nothing is left. For proposing a name from the machine's own.
    pub fn nearest(text: &str) -> Option<Self> {
        let is_edge = |c: &char| matches!(c, '-' | ' ');
        let mut is_allowed = allowance();
        let allowed = text.nfc().map(|c| if is_allowed(c) { c } else { '-' });
        let name: String = allowed.skip_while(is_edge).take(MAX_NAME_CHARS).collect();
        Self::parse(name.trim_end_matches(|c| is_edge(&c))).ok()
    }

    /// The name to propose when this one is in use: `laptop`, `laptop-2`, `laptop-3`.
    ///
    /// # Errors
    ///
    /// [`NameError`] never in practice: a name that was cut at a mark may not be one any more.
    pub fn following(&self) -> Result<Self, NameError> {
        let (stem, number) = match self.0.rsplit_once('-') {
            Some((stem, digits)) if !stem.is_empty() => match digits.parse::<u16>() {
                Ok(number) if number >= 2 => (stem, number.saturating_add(1)),
                _ => (self.as_str(), 2),
            },
            _ => (self.as_str(), 2),
        };
        let suffix = alloc::format!("-{number}");
        let room = MAX_NAME_CHARS - suffix.len();
        Self::parse(&(stem.chars().take(room).collect::<String>() + &suffix))
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What decides whether two names are the same.
    pub fn key(&self) -> NameKey {
        // The way through upper case folds what has no single lower-case partner: ß and SS, ſ and S, the two small sigmas.
        // Lower case comes before it because the capital ẞ is already upper case and would stay one letter.
        let composed: String = self.0.nfkc().collect();
        NameKey(composed.to_lowercase().to_uppercase().to_lowercase().nfkc().collect())
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A name without regard to case and to Unicode's compatibility forms: `Laptop`, `LAPTOP` and full-width `Ｌaptop` are
/// one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(String);

impl NameKey {
    /// The key as text, for a store that needs a column to index.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of whatever was typed, whether or not it could be a name: for finding, never for storing.
    pub fn of_typed(text: &str) -> Self {
        DeviceName::parse(text).map_or_else(|_| Self(text.to_owned()), |name| name.key())
    }
}

/// Tells, character by character from the start of a name, which are allowed. Most scripts cannot be written without
/// marks that Unicode does not count as letters, so these are allowed where they belong: after a letter.
fn allowance() -> impl FnMut(char) -> bool {
    let mut marks_left = 0;
    move |c| {
        if c.is_alphanumeric() {
            marks_left = MAX_MARKS;
            return !is_invisible(c);
        }
        let is_fitting_mark = marks_left > 0 && is_combining_mark(c) && !is_invisible(c);
        marks_left = if is_fitting_mark { marks_left - 1 } else { 0 };
        is_fitting_mark || PUNCTUATION.contains(c)
    }
}

/// Letters and marks by Unicode's classes that show nothing (grapheme joiner, Hangul fillers, Khmer inherent vowels,
/// variation selectors): names that differ only in them would look the same.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}')
}

//! Paths that every server on the way reads alike.
//!
//! A route leads to one part of a service. Whoever could write a path that this daemon takes for one below the route, and the
//! service for another, would be out of that part. So what can be read in two ways is refused, and the rest is passed on
//! byte for byte.

use alloc::string::String;
use alloc::vec::Vec;

use thiserror::Error;

/// A path that can be read in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainPath<'a>(&'a str);

/// Why a path can be read in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AmbiguousPath {
    /// It does not begin with a slash.
    #[error("the path does not begin with a slash")]
    NoPath,
    /// A character that no URL has as it is (RFC 3986 section 2), or a backslash.
    #[error("the path has a character that must be percent-encoded")]
    Character,
    /// A percent sign without two hexadecimal digits.
    #[error("the path has a percent sign without two hexadecimal digits")]
    Escape,
    /// A slash, a backslash or a control character in disguise, once or twice encoded, or bytes that are no text.
    #[error("the path has an encoded slash, backslash or control character, or encoded bytes that are no text")]
    EncodedSeparator,
    /// `//`.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// `.` or `..`, also encoded, or with a parameter behind it (`..;x`), which some servers cut off.
    #[error("the path has a segment that is \".\" or \"..\"")]
    DotSegment,
    /// With its letters decoded it belongs to another route.
    #[error("the path has an encoded character that need not be, and belongs to another route without")]
    Route,
}

impl<'a> PlainPath<'a> {
    /// Reads a path as it stands in the request, without its query.
    ///
    /// # Errors
    ///
    /// [`AmbiguousPath`].
    pub fn parse(path: &'a str) -> Result<Self, AmbiguousPath> {
        let inside = path.strip_prefix('/').ok_or(AmbiguousPath::NoPath)?;
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !br#"\"<>^`{|}"#.contains(&byte);
        if !inside.bytes().all(is_plain) {
            return Err(AmbiguousPath::Character);
        }
        let mut segments = inside.split('/').peekable();
        while let Some(segment) = segments.next() {
            if segment.is_empty() && segments.peek().is_some() {
                return Err(AmbiguousPath::EmptySegment);
            }
            check(segment)?;
        }
        Ok(Self(path))
    }

    /// The path, as it was.
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The path with every character decoded that need not be encoded (RFC 3986 section 6.2.2.2), or `None` when it has none.
    pub(in crate::domain) fn without_needless_escapes(self) -> Option<String> {
        if !self.0.contains('%') {
            return None;
        }
        let mut decoded = String::with_capacity(self.0.len());
        let mut rest = self.0;
        while let Some((before, after)) = rest.split_once('%') {
            decoded.push_str(before);
            let (digits, behind) = after.split_at_checked(2)?;
            match escaped(digits) {
                Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => decoded.push(char::from(byte)),
                _ => {
                    decoded.push('%');
                    decoded.push_str(digits);
                }
            }
            rest = behind;
        }
        decoded.push_str(rest);
        (decoded != self.0).then_some(decoded)
    }
}

/// The byte that two hexadecimal digits stand for.
fn escaped(digits: &str) -> Option<u8> {
    let is_hex = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

fn check(segment: &str) -> Result<(), AmbiguousPath> {
    if !segment.contains('%') {
        return check_dots(segment);
    }
    let (decoded, is_whole) = decode(segment.as_bytes());
    if !is_whole {
        return Err(AmbiguousPath::Escape);
    }
    let is_harmless = |byte: &u8| !b"/\\\x7f".contains(byte) && *byte >= b' ';
    // What is no UTF-8 may be a longer spelling of a slash or a dot.
    let text = core::str::from_utf8(&decoded).ok().filter(|text| text.as_bytes().iter().all(is_harmless));
    let text = text.ok_or(AmbiguousPath::EncodedSeparator)?;
    check_dots(text)?;
    if !text.contains('%') {
        return Ok(());
    }
    // Some servers decode twice, and leave a percent sign as it is that then begins no escape.
    let (twice, _) = decode(text.as_bytes());
    if !twice.iter().all(is_harmless) {
        return Err(AmbiguousPath::EncodedSeparator);
    }
    core::str::from_utf8(&twice).map_or(Err(AmbiguousPath::EncodedSeparator), check_dots)
}

/// Whether what stands before a parameter is a step to another folder.
fn check_dots(segment: &str) -> Result<(), AmbiguousPath> {
    let name = segment.split(';').next().unwrap_or_default();
    if matches!(name, "." | "..") { Err(AmbiguousPath::DotSegment) } else { Ok(()) }
}

/// The bytes without their escapes, and whether every percent sign began one. One that did not stays.
fn decode(encoded: &[u8]) -> (Vec<u8>, bool) {
    let mut decoded = Vec::with_capacity(encoded.len());
    let (mut rest, mut is_whole) = (encoded, true);
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.split_at_checked(2).filter(|_| *first == b'%');
        let escape = digits.and_then(|(digits, behind)| Some((escaped(core::str::from_utf8(digits).ok()?)?, behind)));
        is_whole &= *first != b'%' || escape.is_some();
        let (byte, behind) = escape.unwrap_or((*first, behind));
        decoded.push(byte);
        rest = behind;
    }
    (decoded, is_whole)
}

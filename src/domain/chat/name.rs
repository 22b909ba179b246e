//! What people call their sessions.

use core::fmt;

use thiserror::Error;

use crate::domain::device_name::{DeviceName, MAX_NAME_CHARS, NameError, NameKey};

/// The name of a session. The rules are those of device names, and for the same reasons; dots alone are no name, because
/// names are put into URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionName(DeviceName);

/// Why a text cannot be the name of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SessionNameError {
    /// Nothing but white space.
    #[error("a session's name must not be empty")]
    Empty,
    /// More characters than a name has.
    #[error("a session's name has at most {MAX_NAME_CHARS} characters")]
    TooLong,
    /// A single or double dot, which in a URL means another place.
    #[error("a session's name must not be {:?}", .0)]
    Dots(&'static str),
    /// A character that is none of the allowed ones.
    #[error("a session's name must not contain {:?}; letters, digits, spaces and ._-'()+@ are allowed", .0)]
    Forbidden(char),
}

impl SessionName {
    /// Reads a name, trimming white space around it.
    ///
    /// # Errors
    ///
    /// [`SessionNameError`], as for [`DeviceName::parse`].
    pub fn parse(text: &str) -> Result<Self, SessionNameError> {
        match text.trim() {
            "." => return Err(SessionNameError::Dots(".")),
            ".." => return Err(SessionNameError::Dots("..")),
            _ => {}
        }
        DeviceName::parse(text).map(Self).map_err(|error| match error {
            NameError::Empty => SessionNameError::Empty,
            NameError::TooLong => SessionNameError::TooLong,
            NameError::Forbidden(character) => SessionNameError::Forbidden(character),
        })
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What decides whether two names are the same.
    pub fn key(&self) -> NameKey {
        self.0.key()
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

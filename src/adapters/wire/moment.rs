//! Wall-clock times as RFC 3339 strings in UTC, to the millisecond. For `#[serde(with = "moment")]`.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

use crate::domain::time::WallTime;

/// `2026-11-23T14:32:15.250Z`.
pub fn to_text(time: WallTime) -> String {
    Timestamp::from_millisecond(time.unix_millis()).map_or_else(|_| String::new(), |moment| format!("{moment:.3}"))
}

/// Reads an RFC 3339 time with any offset; `None` when it is not one.
pub fn from_text(text: &str) -> Option<WallTime> {
    text.parse::<Timestamp>().ok().map(|moment| WallTime::from_unix_millis(moment.as_millisecond()))
}

/// Writes a time.
///
/// # Errors
///
/// The serializer's.
pub fn serialize<S: Serializer>(time: &WallTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&to_text(*time))
}

/// Reads a time.
///
/// # Errors
///
/// The deserializer's, and when the text is no time.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<WallTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    from_text(&text).ok_or_else(|| D::Error::custom("not an RFC 3339 time"))
}

/// The same for a time that may be null or absent.
pub mod optional {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::time::WallTime;

    /// Writes a time or null.
    ///
    /// # Errors
    ///
    /// The serializer's.
    pub fn serialize<S: Serializer>(time: &Option<WallTime>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a time or null.
    ///
    /// # Errors
    ///
    /// The deserializer's, and when the text is no time.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<WallTime>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let parse = |text: String| super::from_text(&text).ok_or_else(|| D::Error::custom("not an RFC 3339 time"));
        text.map(parse).transpose()
    }
}

//! Fixed-size bytes as lower-case hexadecimal text. For `#[serde(with = "hex")]`.

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes bytes.
///
/// # Errors
///
/// The serializer's.
pub fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&HEXLOWER_PERMISSIVE.encode(bytes))
}

/// Reads exactly `N` bytes.
///
/// # Errors
///
/// The deserializer's, and when the text is not `2 × N` hexadecimal digits.
pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    let mut bytes = [0; N];
    let fits = text.len() == 2 * N && HEXLOWER_PERMISSIVE.decode_mut(text.as_bytes(), &mut bytes).is_ok();
    if fits { Ok(bytes) } else { Err(D::Error::custom(format!("expected {} hexadecimal digits", 2 * N))) }
}

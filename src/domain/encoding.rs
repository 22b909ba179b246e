//! Lower-case base32 without padding (RFC 4648 section 6): the one alphabet of ids, tokens and daemon ids.

use data_encoding::Encoding;

/// Refuses upper case, padding and non-zero trailing bits, so that every value has exactly one spelling.
pub(crate) const BASE32_LOWER: Encoding = data_encoding_macro::new_encoding! {
    symbols: "abcdefghijklmnopqrstuvwxyz234567",
};

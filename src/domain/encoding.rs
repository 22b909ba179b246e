//! Lower-case base32 without padding (RFC 4648 section 6): the one alphabet of ids, tokens and daemon ids.

use data_encoding::Encoding;

/// Random bytes of an id: 80 bits, so that ids never meet by chance.
pub const ID_BYTES: usize = 10;

/// Characters of an id.
pub const ID_CHARS: usize = 16;

/// Refuses upper case, padding and non-zero trailing bits, so that every value has exactly one spelling.
pub(crate) const BASE32_LOWER: Encoding = data_encoding_macro::new_encoding! {
    symbols: "abcdefghijklmnopqrstuvwxyz234567",
};

/// The spelling of these random bytes as an id.
pub(crate) fn id_text(bytes: [u8; ID_BYTES]) -> [u8; ID_CHARS] {
    let mut text = [0; ID_CHARS];
    BASE32_LOWER.encode_mut(&bytes, &mut text);
    text
}

/// An id as it is stored and sent, if the text is one.
pub(crate) fn read_id(text: &[u8]) -> Option<[u8; ID_CHARS]> {
    let text: [u8; ID_CHARS] = text.try_into().ok()?;
    BASE32_LOWER.decode_mut(&text, &mut [0; ID_BYTES]).ok().map(|_| text)
}

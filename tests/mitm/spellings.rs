//! Every spelling of a secret that someone may look for.

use data_encoding::{BASE32, BASE64, BASE64URL, Encoding, HEXLOWER, HEXUPPER};

/// The spellings of what is written as text: as it is, without dashes, in either case, and all of these as [bytes](of_bytes).
pub fn of_text(name: &str, secret: &str) -> Vec<(String, Vec<u8>)> {
    let bare = secret.replace('-', "");
    let texts = [secret.to_owned(), bare].into_iter().flat_map(|text| {
        let (lower, upper) = (text.to_lowercase(), text.to_uppercase());
        [text, lower, upper]
    });
    texts.flat_map(|text| of_bytes(&format!("{name} {text}"), text.as_bytes())).collect()
}

/// The spellings of bytes, each in both directions: themselves, hexadecimal, base32, base64 and base64url wherever in other data they
/// stand, percent-encoded, and UTF-16.
pub fn of_bytes(name: &str, secret: &[u8]) -> Vec<(String, Vec<u8>)> {
    let backwards: Vec<u8> = secret.iter().rev().copied().collect();
    let directions = [(secret.to_vec(), ""), (backwards, " backwards")];
    let spelled = directions.into_iter().flat_map(|(bytes, direction)| {
        let wide = |order: fn(u16) -> [u8; 2]| bytes.iter().flat_map(|byte| order(u16::from(*byte))).collect();
        let percent =
            |hex: &Encoding| bytes.iter().map(|byte| format!("%{}", hex.encode(&[*byte]))).collect::<String>();
        let mut all: Vec<(String, Vec<u8>)> = vec![
            ("itself".to_owned(), bytes.clone()),
            ("hex".to_owned(), HEXLOWER.encode(&bytes).into()),
            ("HEX".to_owned(), HEXUPPER.encode(&bytes).into()),
            ("percent".to_owned(), percent(&HEXUPPER).into()),
            ("percent, lower case".to_owned(), percent(&HEXLOWER).into()),
            ("UTF-16LE".to_owned(), wide(u16::to_le_bytes)),
            ("UTF-16BE".to_owned(), wide(u16::to_be_bytes)),
        ];
        for (encoding, name, group) in [(&BASE32, "base32", 5), (&BASE64, "base64", 3), (&BASE64URL, "base64url", 3)] {
            let within =
                (0..group).map(|offset| (format!("{name} at {offset}"), within(encoding, group, offset, &bytes)));
            all.extend(within);
        }
        let lower = all.iter().filter(|(name, _)| name.starts_with("base32"));
        let lower: Vec<_> =
            lower.map(|(name, text)| (format!("{name}, lower case"), text.to_ascii_lowercase())).collect();
        all.into_iter().chain(lower).map(move |(name, spelled)| (name + direction, spelled))
    });
    let named = spelled.map(|(spelling, bytes)| (format!("{name}: {spelling}"), bytes));
    // A short piece could be there by chance.
    named.filter(|(_, spelled)| spelled.len() >= 6).collect()
}

/// What there is of `bytes`, and of nothing else, when they are encoded after `offset` other bytes.
fn within(encoding: &Encoding, group: usize, offset: usize, bytes: &[u8]) -> Vec<u8> {
    let text = encoding.encode(&[&vec![0; offset], bytes].concat());
    // Symbols for five bytes in base32, for three in base64.
    let bits = if group == 5 { 5 } else { 6 };
    let (first, end) = ((offset * 8).div_ceil(bits), (offset + bytes.len()) * 8 / bits);
    text.as_bytes()[first..end].to_vec()
}

#[test]
fn every_spelling_is_found_where_it_stands() {
    let secret = b"ABCDEF23";
    let spellings = of_bytes("code", secret);
    for offset in 0..15 {
        let around = [&vec![b'x'; offset], secret.as_slice(), b"yyyyyyy"].concat();
        let encoded =
            [BASE64.encode(&around), BASE64URL.encode(&around), BASE32.encode(&around), HEXLOWER.encode(&around)];
        for text in encoded.iter().chain([&BASE32.encode(&around).to_lowercase()]) {
            let is_there = |spelled: &[u8]| text.as_bytes().windows(spelled.len()).any(|window| window == spelled);
            assert!(spellings.iter().any(|(_, spelled)| is_there(spelled)), "{text}");
        }
    }
    assert!(of_text("code", "ABCD-EF23").iter().any(|(_, spelled)| spelled == b"abcdef23"));
}

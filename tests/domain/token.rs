//! Bearer tokens: their one spelling, and what is kept of them.

use netclaw::domain::device::DeviceId;
use netclaw::domain::token::{BearerToken, MalformedToken, SECRET_BYTES, Salt, TOKEN_CHARS};
use proptest::prelude::*;

// Computed with Python from the id 0…9, the secret 100…131 and the salt 200…215, with base64, zlib.crc32 and hashlib.
const VECTOR: &str = "nct_aaaqeayeaudaocajmrswmz3infvgw3dnnzxxa4lson2hk5txpb4xu634pv7h7aebqkbqo4ulyey";
const VECTOR_HASH: &str = "60b5e4c9e1906963af2989c17b56c2798e6ff06f616644c192b3807f33c4ad36";

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

fn vector() -> BearerToken {
    let id = DeviceId::from_random(std::array::from_fn(|at| at as u8));
    BearerToken::issue(id, &std::array::from_fn(|at| 100 + at as u8))
}

/// CRC-32 (ISO-HDLC), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

/// `text` with the checksum that belongs to what stands before it.
fn with_checksum(text: &str) -> String {
    let bits = u64::from(crc32(&text.as_bytes()[..72])) << 3;
    let checksum = (0..7).rev().map(|place| char::from(BASE32[(bits >> (5 * place) & 31) as usize]));
    text[..72].chars().chain(checksum).collect()
}

fn is_spelled_like_a_token(text: &str) -> bool {
    let body = text.strip_prefix("nct_").unwrap_or_default();
    body.len() == 75 && body.bytes().all(|byte| BASE32.contains(&byte))
}

#[test]
fn the_vector_is_issued_and_read_back() {
    assert_eq!(vector().reveal(), VECTOR);
    assert_eq!(with_checksum(VECTOR), VECTOR);
    let token = BearerToken::parse(VECTOR).unwrap();
    assert_eq!(token.reveal(), VECTOR);
    assert_eq!(token.device().as_str(), "aaaqeayeaudaocaj");
}

#[test]
fn the_stored_hash_is_of_the_token_and_the_salt() {
    let salt = Salt(std::array::from_fn(|at| 200 + at as u8));
    let hash = vector().hash(&salt);
    assert_eq!(hash.0.map(|byte| format!("{byte:02x}")).concat(), VECTOR_HASH);
    assert!(hash.matches(&vector().hash(&salt)));
    assert!(!hash.matches(&vector().hash(&Salt([0; 16]))));
}

#[test]
fn any_single_changed_character_is_refused() {
    for place in 0..TOKEN_CHARS {
        for other in (b' '..=b'~').filter(|other| *other != VECTOR.as_bytes()[place]) {
            let mut text = VECTOR.as_bytes().to_vec();
            text[place] = other;
            let text = String::from_utf8(text).unwrap();
            assert!(BearerToken::parse(&text).is_err(), "{text}");
        }
    }
}

#[test]
fn any_other_length_is_refused() {
    for end in 0..TOKEN_CHARS {
        assert!(BearerToken::parse(&VECTOR[..end]).is_err());
    }
    for text in
        [format!("{VECTOR}a"), format!("{VECTOR} "), format!(" {VECTOR}"), format!("{VECTOR}="), VECTOR.repeat(100)]
    {
        assert!(BearerToken::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn upper_case_is_refused_even_with_its_own_checksum() {
    let upper = VECTOR.to_uppercase();
    let upper_secret = format!("{}{}", &VECTOR[..20], &upper[20..72]);
    let upper_id = format!("nct_{}{}", &upper[4..20], &VECTOR[20..72]);
    let upper_prefix = format!("NCT_{}", &VECTOR[4..72]);
    for text in [&upper_secret, &upper_id, &upper_prefix] {
        assert!(BearerToken::parse(&with_checksum(text)).is_err(), "{text}");
    }
    assert!(BearerToken::parse(&upper).is_err());
}

#[test]
fn a_secret_has_one_spelling() {
    // The secret's last character carries one bit of it and four that must be zero: only `a` and `q` are canonical.
    for last in BASE32.iter().copied().map(char::from) {
        let text = with_checksum(&format!("{}{last}", &VECTOR[..71]));
        assert_eq!(BearerToken::parse(&text).is_ok(), matches!(last, 'a' | 'q'), "{text}");
    }
}

#[test]
fn a_checksum_has_one_spelling() {
    // Seven characters hold 35 bits, of which the last three must be zero.
    let last = VECTOR.as_bytes()[TOKEN_CHARS - 1];
    let value = BASE32.iter().position(|symbol| *symbol == last).unwrap();
    assert_eq!(value % 8, 0);
    for trailing in 1..8 {
        let text = format!("{}{}", &VECTOR[..TOKEN_CHARS - 1], char::from(BASE32[value + trailing]));
        assert!(BearerToken::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn d45_debug_shows_the_device_and_not_the_secret() {
    for shown in [format!("{:?}", vector()), format!("{:#?}", Some(vector()))] {
        assert!(shown.contains("nct_aaaqeayeaudaocaj"), "{shown}");
        assert!(!shown.contains(&VECTOR[20..28]) && !shown.contains(&VECTOR[72..]), "{shown}");
    }
    assert_eq!(MalformedToken.to_string(), "malformed bearer token");
}

proptest! {
    #[test]
    fn issued_tokens_have_the_documented_form(id: [u8; 10], secret: [u8; SECRET_BYTES]) {
        let token = BearerToken::issue(DeviceId::from_random(id), &secret);
        prop_assert!(is_spelled_like_a_token(token.reveal()), "{}", token.reveal());
        prop_assert_eq!(with_checksum(token.reveal()), token.reveal());
        let read = BearerToken::parse(token.reveal()).unwrap();
        prop_assert_eq!(read.device(), DeviceId::from_random(id));
    }

    #[test]
    fn other_secrets_and_ids_give_other_hashes(id: [u8; 10], one: [u8; SECRET_BYTES], bit in 0..256usize) {
        let mut other = one;
        other[bit / 8] ^= 1 << (bit % 8);
        let hash = |secret| BearerToken::issue(DeviceId::from_random(id), secret).hash(&Salt([7; 16]));
        prop_assert!(!hash(&one).matches(&hash(&other)));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,90}|nct_[a-z2-7]{75}|\\PC{79}") {
        if let Ok(token) = BearerToken::parse(&text) {
            prop_assert_eq!(token.reveal(), text);
        }
    }

    #[test]
    fn mutations_are_refused(places in prop::collection::btree_map(0..TOKEN_CHARS, 0..32usize, 1..4)) {
        let mut text = VECTOR.as_bytes().to_vec();
        places.iter().for_each(|(place, symbol)| text[*place] = BASE32[*symbol]);
        let text = String::from_utf8(text).unwrap();
        prop_assert_eq!(BearerToken::parse(&text).is_ok(), text == VECTOR);
    }
}

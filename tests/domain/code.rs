//! Pairing codes: how they are made, shown and read.

use std::collections::BTreeMap;

use netclaw::domain::code::{CODE_RANDOM_BYTES, CodeError, PairingCode};
use proptest::prelude::*;

use crate::fakes::rng::SeededRng;

const ALPHABET: &str = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

fn read(text: &str) -> Result<String, CodeError> {
    PairingCode::parse(text).map(|code| code.reveal())
}

/// The random bytes that hold `value` as the symbol at `place`, and zeros around it.
fn bytes_with(value: u64, place: u64) -> [u8; CODE_RANDOM_BYTES] {
    let bits = value << (35 - 5 * place);
    bits.to_be_bytes()[3..].try_into().unwrap()
}

#[test]
fn known_bytes_make_known_codes() {
    assert_eq!(PairingCode::from_random([0; 5]).reveal(), "2222-2222");
    assert_eq!(PairingCode::from_random([0xff; 5]).reveal(), "ZZZZ-ZZZZ");
    assert_eq!(PairingCode::from_random([0x00, 0x44, 0x32, 0x14, 0xc7]).reveal(), "2345-6789");
}

#[test]
fn every_symbol_appears_at_every_place() {
    for place in 0..8 {
        for (value, symbol) in (0..).zip(ALPHABET.chars()) {
            let shown = PairingCode::from_random(bytes_with(value, place)).reveal().replace('-', "");
            let expected: String = (0..8).map(|at| if at == place { symbol } else { '2' }).collect();
            assert_eq!(shown, expected);
        }
    }
}

#[test]
fn a15_codes_are_uniform_at_every_place() {
    let rng = SeededRng::new(15);
    let mut seen = BTreeMap::<(usize, char), u32>::new();
    for _ in 0..64_000 {
        let code = PairingCode::from_random(rng.bytes()).reveal();
        code.chars().enumerate().for_each(|place| *seen.entry(place).or_default() += 1);
    }
    assert_eq!(seen.remove(&(4, '-')), Some(64_000));
    assert_eq!(seen.len(), 8 * 32, "each place shows the 32 symbols and nothing else");
    // 2000 expected, standard deviation 44: six of them are out of reach of chance.
    assert!(seen.values().all(|count| (1736..=2264).contains(count)), "{seen:?}");
}

#[test]
fn a14_case_dashes_and_spaces_are_forgiven() {
    let spellings = ["ABCD-EF23", "abcd-ef23", "aBcDeF23", " AB CD EF 23 ", "A-B-C-D-E-F-2-3", "--ABCD--EF23--"];
    let dashes = ["ABCD‐EF23", "ABCD‑EF23", "ABCD–EF23", "ABCD—EF23", "ABCD−EF23"];
    let spaces = ["ABCD\tEF23\r\n", "ABCD\u{a0}EF23", "\u{3000}ABCD\u{2009}EF23", "ABCD\u{2028}EF23"];
    for spelling in spellings.into_iter().chain(dashes).chain(spaces) {
        assert_eq!(read(spelling).as_deref(), Ok("ABCD-EF23"), "{spelling:?}");
    }
}

#[test]
fn any_white_space_is_forgiven() {
    for space in (char::MIN..=char::MAX).filter(|c| c.is_whitespace()) {
        assert_eq!(read(&format!("{space}ABCD{space}EF23{space}")).as_deref(), Ok("ABCD-EF23"), "{space:?}");
    }
}

#[test]
fn a14_one_and_i_mean_l() {
    for spelling in ["1111-1111", "IIII-IIII", "iiii-iiii", "LlIi-1LlI"] {
        assert_eq!(read(spelling).as_deref(), Ok("LLLL-LLLL"), "{spelling}");
    }
}

#[test]
fn a14_zero_and_o_are_refused() {
    for foreign in ['0', 'O', 'o'] {
        for place in 0..8 {
            let mut text: Vec<char> = "ABCDEF23".chars().collect();
            text[place] = foreign;
            assert_eq!(read(&text.into_iter().collect::<String>()), Err(CodeError::ForeignSymbol(foreign)));
        }
    }
}

#[test]
fn a14_full_width_and_look_alike_letters_are_refused() {
    for (text, foreign) in [
        ("ＡＢＣＤＥＦ２３", 'Ａ'),
        ("АBCDEF23", 'А'), // Cyrillic
        ("ABCDEF2٣", '٣'), // Arabic three
        ("ABCDEF2ſ", 'ſ'),
        ("ABCDEF2ı", 'ı'),
        ("ABCDEF2\u{200b}3", '\u{200b}'),
        ("ABCD_EF23", '_'),
    ] {
        assert_eq!(read(text), Err(CodeError::ForeignSymbol(foreign)), "{text}");
    }
}

#[test]
fn only_the_documented_characters_have_a_reading() {
    for c in char::MIN..=char::MAX {
        let is_symbol = ALPHABET.contains(c.to_ascii_uppercase()) || matches!(c, '1' | 'i' | 'I');
        let is_separator = c.is_whitespace() || "-‐‑‒–—―−".contains(c);
        let expected = match (is_symbol, is_separator) {
            (true, _) => None,
            (_, true) => Some(CodeError::WrongLength),
            _ => Some(CodeError::ForeignSymbol(c)),
        };
        assert_eq!(PairingCode::parse(&format!("ABCD{c}EF2")).err(), expected, "{c:?}");
    }
}

#[test]
fn other_lengths_are_refused() {
    for text in ["", " ", "-", "ABCD", "ABCD-EF2", "ABCD-EF234", "ABCD-EF23-ABCD-EF23", &"A".repeat(10_000)] {
        assert_eq!(read(text), Err(CodeError::WrongLength), "{text:.20}");
    }
}

#[test]
fn errors_say_what_to_type_instead() {
    assert_eq!(CodeError::ForeignSymbol('0').to_string(), "a pairing code never contains '0'");
    assert_eq!(CodeError::ForeignSymbol('\u{1b}').to_string(), r"a pairing code never contains '\u{1b}'");
    assert_eq!(CodeError::WrongLength.to_string(), "a pairing code has 8 letters and digits");
}

#[test]
fn a_code_matches_only_itself() {
    let code = PairingCode::parse("ABCD-EF23").unwrap();
    assert!(code.matches(&PairingCode::parse("abcd ef23").unwrap()));
    for place in 0..8 {
        let mut text: Vec<char> = "ABCDEF23".chars().collect();
        text[place] = 'Z';
        assert!(!code.matches(&PairingCode::parse(&text.into_iter().collect::<String>()).unwrap()));
    }
}

#[test]
fn d45_debug_does_not_show_the_code() {
    let code = PairingCode::parse("ABCD-EF23").unwrap();
    for shown in [format!("{code:?}"), format!("{code:#?}"), format!("{:?}", Some(&code))] {
        assert!(shown.contains("redacted") && !shown.contains("ABCD") && !shown.contains("EF23"), "{shown}");
    }
}

proptest! {
    #[test]
    fn what_is_shown_reads_back(bytes: [u8; CODE_RANDOM_BYTES], lower: bool, dash in "[- \u{2013}]{0,3}") {
        let code = PairingCode::from_random(bytes);
        let shown = if lower { code.reveal().to_lowercase() } else { code.reveal() };
        prop_assert!(PairingCode::parse(&shown.replace('-', &dash)).unwrap().matches(&code));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,20}|[0-9a-zA-Z -]{0,12}") {
        if let Ok(code) = PairingCode::parse(&text) {
            prop_assert_eq!(PairingCode::parse(&code.reveal()).unwrap().reveal(), code.reveal());
            prop_assert_eq!(text.chars().filter(char::is_ascii_alphanumeric).count(), 8);
        }
    }
}

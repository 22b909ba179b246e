//! Device names: what may be one, and when two are the same.

use netclaw::domain::device_name::{DeviceName, NameError, NameKey};
use proptest::prelude::*;

fn parse(text: &str) -> Result<String, NameError> {
    DeviceName::parse(text).map(|name| name.as_str().to_owned())
}

fn key(text: &str) -> NameKey {
    DeviceName::parse(text).unwrap().key()
}

#[test]
fn names_of_any_script_are_kept() {
    for text in [
        "Laptop",
        "my-laptop_2.local",
        "Ann's (old) Mac+1@home",
        "Größe",
        "Ноутбук",
        "ノートPC",
        "笔记本电脑",
        "노트북",
        "מחשב",
        "حاسوب",
        "Φορητός",
        "लैपटॉप",
        "विद्यार्थी",
        "เครื่อง",
        "கணினி",
        "٣",
        "x",
    ] {
        assert_eq!(parse(text).as_deref(), Ok(text), "{text}");
    }
}

#[test]
fn d40_white_space_around_a_name_is_trimmed() {
    for text in ["Laptop", " Laptop", "laptop ", "\tLaptop\r\n", "\u{3000}Laptop\u{a0}"] {
        assert_eq!(key(text), key("Laptop"), "{text:?}");
    }
    assert_eq!(parse("  Laptop ").as_deref(), Ok("Laptop"));
}

#[test]
fn d40_nothing_but_white_space_is_empty() {
    for text in ["", " ", "\t\n", "\u{a0}\u{3000}\u{2003}"] {
        assert_eq!(parse(text), Err(NameError::Empty), "{text:?}");
    }
}

#[test]
fn d40_hidden_turning_and_control_characters_are_refused() {
    for c in [
        '\u{0}',
        '\u{7}',
        '\u{1b}',
        '\u{7f}',
        '\u{9b}',
        '\n',
        '\r',
        '\t',
        '\u{a0}',
        '\u{ad}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{1160}',
        '\u{17b4}',
        '\u{17b5}',
        '\u{180b}',
        '\u{180e}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{2029}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{2800}',
        '\u{3000}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{fffd}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e0100}',
        '\u{1d173}',
    ] {
        assert_eq!(parse(&format!("Lap{c}top")), Err(NameError::Forbidden(c)), "{c:?}");
    }
}

#[test]
fn d40_paths_markup_and_symbols_are_refused() {
    for (text, forbidden) in [
        ("../etc/passwd", '/'),
        ("a\\b", '\\'),
        ("<b>", '<'),
        ("a\"b", '"'),
        ("a`b", '`'),
        ("$HOME", '$'),
        ("a;b", ';'),
        ("a|b", '|'),
        ("100%", '%'),
        ("a:b", ':'),
        ("a,b", ','),
        ("a*b", '*'),
        ("a?b", '?'),
        ("🦀", '🦀'),
        ("a\u{2024}b", '\u{2024}'),
    ] {
        assert_eq!(parse(text), Err(NameError::Forbidden(forbidden)), "{text}");
    }
}

#[test]
fn d40_a_name_has_at_most_64_characters() {
    for letter in ["x", "ä", "笔", "𝒳"] {
        assert!(parse(&letter.repeat(64)).is_ok());
        assert_eq!(parse(&letter.repeat(65)), Err(NameError::TooLong));
        assert_eq!(parse(&letter.repeat(10_000)), Err(NameError::TooLong));
    }
    let decomposed = "a\u{308}".repeat(64);
    assert_eq!(parse(&decomposed).as_deref(), Ok("ä".repeat(64).as_str()), "counted as it is shown");
}

#[test]
fn d40_marks_do_not_pile_up_or_stand_alone() {
    for text in ["\u{301}", "a \u{301}b", "-\u{301}", &format!("z{}", "\u{334}".repeat(20))] {
        assert!(matches!(parse(text), Err(NameError::Forbidden(_))), "{text:?}");
    }
}

#[test]
fn d40_names_are_the_same_without_regard_to_case() {
    for (one, other) in [
        ("Laptop", "laptop"),
        ("LAPTOP", "lApToP"),
        ("Straße", "STRASSE"),
        ("STRAẞE", "strasse"),
        ("straſse", "strasse"),
        ("ΟΔΟΣ", "οδος"),
        ("οδοσ", "οδος"),
        ("Ǆ", "ǆ"),
        ("ǅ", "ǆ"),
        ("Ноутбук", "НОУТБУК"),
        ("ﬁsh", "FISH"),
        ("Ꭰ", "ꭰ"),
    ] {
        assert_eq!(key(one), key(other), "{one} {other}");
    }
}

#[test]
fn d40_names_are_the_same_without_regard_to_their_encoding() {
    for (one, other) in [
        ("Ｌａｐｔｏｐ", "laptop"),
        ("é", "e\u{301}"),
        ("Å", "\u{212b}"),
        ("K", "\u{212a}"),
        ("x²", "x2"),
        ("①", "1"),
        ("𝐋aptop", "laptop"),
    ] {
        assert_eq!(key(one), key(other), "{one} {other}");
    }
    assert_eq!(parse("e\u{301}").as_deref(), Ok("é"), "kept in one form");
}

#[test]
fn different_names_have_different_keys() {
    for (one, other) in [("laptop", "laptop2"), ("laptop", "lap top"), ("e", "é"), ("a-b", "a_b"), ("Laptop", "Lаptop")]
    {
        assert_ne!(key(one), key(other), "{one} {other}");
    }
}

#[test]
fn every_letter_has_the_key_of_its_upper_and_lower_case() {
    for c in char::MIN..=char::MAX {
        let Ok(name) = DeviceName::parse(&c.to_string()) else { continue };
        for other in [c.to_uppercase().to_string(), c.to_lowercase().to_string()] {
            if let Ok(other) = DeviceName::parse(&other) {
                assert_eq!(name.key(), other.key(), "{c:?} {other}");
            }
        }
    }
}

#[test]
fn the_key_of_what_was_typed_finds_the_name() {
    assert_eq!(NameKey::of_typed(" LAPTOP "), key("laptop"));
    assert_eq!(NameKey::of_typed("../x").as_str(), "../x", "what could not be a name is found nowhere");
}

#[test]
fn the_nearest_name_keeps_what_it_can() {
    let nearest = |text: &str| DeviceName::nearest(text).map(|name| name.as_str().to_owned());
    for (text, expected) in [
        ("my-laptop", Some("my-laptop")),
        ("  my laptop\n", Some("my laptop")),
        ("host/with:odd*signs", Some("host-with-odd-signs")),
        ("\u{1b}[2Jhost", Some("2Jhost")),
        ("--", None),
        ("", None),
        ("\u{202e}\u{200b}", None),
    ] {
        assert_eq!(nearest(text).as_deref(), expected, "{text:?}");
    }
    assert_eq!(nearest(&"x".repeat(200)), Some("x".repeat(64)));
    assert_eq!(nearest(&format!("{}host", " ".repeat(100))).as_deref(), Some("host"));
}

#[test]
fn errors_show_the_character_harmlessly() {
    assert_eq!(
        NameError::Forbidden('\u{202e}').to_string(),
        r"a device name must not contain '\u{202e}'; letters, digits, spaces and ._-'()+@ are allowed"
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,80}|[\\p{L}\\p{N}\\p{M} ._@-]{0,70}") {
        if let Ok(name) = DeviceName::parse(&text) {
            prop_assert!((1..=64).contains(&name.as_str().chars().count()));
            prop_assert!(!name.as_str().contains(char::is_control));
            prop_assert_eq!(name.as_str().trim(), name.as_str());
            prop_assert_eq!(DeviceName::parse(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn case_never_makes_another_name(text in "[\\p{Lu}\\p{Ll}\\p{Lt} ßẞſσςΣİı]{1,20}", flips: u32) {
        let flip = |(at, c): (usize, char)| if flips >> (at % 32) & 1 == 1 { c.to_uppercase().to_string() } else { c.to_lowercase().to_string() };
        let flipped: String = text.chars().enumerate().map(flip).collect();
        if let (Ok(one), Ok(other)) = (DeviceName::parse(&text), DeviceName::parse(&flipped)) {
            prop_assert_eq!(one.key(), other.key());
        }
    }

    #[test]
    fn the_nearest_name_is_a_name_and_the_nearest_to_itself(text in ".{0,100}") {
        if let Some(name) = DeviceName::nearest(&text) {
            prop_assert_eq!(DeviceName::nearest(name.as_str()), Some(name));
        }
    }
}

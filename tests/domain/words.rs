//! The words that both sides show.

use std::collections::BTreeSet;

use netclaw::domain::words::Words;
use proptest::prelude::*;

const LIST: &str = include_str!("../../src/domain/words.txt");

#[test]
fn the_list_has_2048_short_words_that_differ_in_their_first_four_letters() {
    let beginnings: BTreeSet<&str> = LIST.lines().map(|word| &word[..word.len().min(4)]).collect();
    assert_eq!((LIST.lines().count(), beginnings.len()), (2048, 2048));
    assert!(LIST.lines().all(|word| (3..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase())));
}

#[test]
fn eleven_bits_are_a_word_and_the_last_four_are_not_looked_at() {
    assert_eq!(Words::of([0; 6]).to_string(), "abandon abandon abandon abandon");
    assert_eq!(Words::of([0xff; 6]).to_string(), "zoo zoo zoo zoo");
    assert_eq!(Words::of([0xff, 0xff, 0xff, 0xff, 0xff, 0xf0]), Words::of([0xff; 6]));
    // 1, 2, 3 and 4 in eleven bits each.
    assert_eq!(Words::of([0x00, 0x20, 0x08, 0x01, 0x80, 0x40]).to_string(), "ability able about above");
}

proptest! {
    #[test]
    fn words_are_read_back(bytes: [u8; 6]) {
        let words = Words::of(bytes);
        prop_assert_eq!(Words::parse(&words.to_string()), Some(words));
    }

    #[test]
    fn garbage_is_no_words(text in ".{0,60}") {
        prop_assert_eq!(Words::parse(&text), None);
    }
}

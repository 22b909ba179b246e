//! Foreign text made safe to show.

use netclaw::domain::text::shown_safely;
use proptest::prelude::*;

#[test]
fn ordinary_text_of_any_script_is_shown_as_it_is() {
    for text in
        ["", "the code is wrong: try again", "Größe 12 µm, „ok“ – naïve", "日本語 العربية हिन्दी ไทย 🦀", r"C:\x "]
    {
        assert_eq!(shown_safely(text), text);
    }
}

#[test]
fn d40_terminal_escapes_lose_their_escape() {
    assert_eq!(shown_safely("\u{1b}[2J\u{1b}]0;owned\u{7}"), "?[2J?]0;owned?");
    assert_eq!(shown_safely("\u{9b}31mred"), "?31mred");
    assert_eq!(shown_safely("one\r\ntwo\ttabs\u{8}\u{7f}"), "one??two?tabs??");
}

#[test]
fn no_control_character_is_shown() {
    for c in (char::MIN..=char::MAX).filter(|c| c.is_control()) {
        assert_eq!(shown_safely(&c.to_string()), "?", "{c:?}");
    }
}

#[test]
fn d40_no_character_that_hides_or_turns_text_is_shown() {
    // Zero-width characters, the bidirectional controls of UAX #9, line and paragraph separators, interlinear
    // annotations, and the tags that spell invisible ASCII.
    let single = ['\u{ad}', '\u{61c}', '\u{180e}', '\u{2028}', '\u{2029}', '\u{feff}', '\u{e0001}'];
    let ranges = ['\u{200b}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2060}'..='\u{2064}', '\u{2066}'..='\u{206f}'];
    let more = ['\u{fff9}'..='\u{fffb}', '\u{e0020}'..='\u{e007f}'];
    for c in single.into_iter().chain(ranges.into_iter().flatten()).chain(more.into_iter().flatten()) {
        assert_eq!(shown_safely(&format!("a{c}b")), "a?b", "{c:?}");
    }
}

#[test]
fn long_text_is_cut_after_300_characters() {
    assert_eq!(shown_safely(&"ä".repeat(300)), "ä".repeat(300));
    assert_eq!(shown_safely(&"ä".repeat(301)), "ä".repeat(300) + "…");
    assert_eq!(shown_safely(&"x".repeat(1_000_000)).chars().count(), 301);
}

proptest! {
    #[test]
    fn what_is_shown_is_bounded_and_stays_as_it_is(text in "(?s).{0,400}") {
        let shown = shown_safely(&text);
        prop_assert!(shown.chars().count() <= 301);
        prop_assert!(!shown.contains(char::is_control));
        if shown.chars().count() <= 300 {
            prop_assert_eq!(shown_safely(&shown), shown);
        }
    }
}

//! What of an agent's words reaches a terminal.

use netclaw::domain::terminal_text::{PlainText, TextCleaner};
use proptest::prelude::*;

fn cleaned(pieces: &[&str]) -> String {
    let mut cleaner = TextCleaner::default();
    let mut text: String = pieces.iter().map(|piece| cleaner.clean(piece).as_str().to_owned()).collect();
    text.push_str(cleaner.finish().as_str());
    text
}

#[test]
fn sequences_that_a_terminal_obeys_are_left_out_whole() {
    for (text, expected) in [
        ("\u{1b}[31mred\u{1b}[0m", "red\n"),
        ("a\u{1b}]0;title\u{7}b\u{1b}]8;;http://evil\u{1b}\\link", "ablink\n"),
        ("\u{1b}]52;c;ZXZpbA==\u{7}x", "x\n"),
        ("\u{1b}P1;2|dcs\u{1b}\\x\u{1b}_apc\u{9c}y\u{1b}^pm\u{1b}\\z", "xyz\n"),
        ("\u{9b}2Jx\u{9d}0;t\u{9c}y", "xy\n"),
        ("\u{1b}(Bx\u{1b}cy\u{1b}7z\u{1b}#8", "xyz\n"),
        ("\u{1b}[38;2;1;2;3mx\u{1b}[?2004hy", "xy\n"),
        ("\u{1b}[3\u{1b}[1mx", "x\n"),
        ("\u{1b}]0;a\u{1b}[1mx", "x\n"),
        ("50%\r60%\u{8}\u{7}\u{0}\u{7f}\u{85}", "50%60%\n"),
        ("a\r\nb\tc", "a\nb\tc\n"),
    ] {
        assert_eq!(cleaned(&[text]), expected, "{text:?}");
    }
}

#[test]
fn what_hides_or_reorders_text_is_left_out() {
    assert_eq!(cleaned(&["ab\u{202e}cd\u{2066}e\u{200b}\u{feff}\u{e0041}f\u{200f}"]), "abcdef\n");
    assert_eq!(cleaned(&["one\u{2028}two\u{2029}three"]), "one\ntwo\nthree\n");
    let family = "👩\u{200d}💻 می\u{200c}خواهم co\u{ad}operate ünïcødé";
    assert_eq!(cleaned(&[family]), format!("{family}\n"));
}

#[test]
fn nobody_hides_the_rest_of_an_answer_in_a_sequence() {
    assert_eq!(cleaned(&["\u{1b}]never ended\nnext line"]), "\nnext line\n");
    let long = format!("\u{1b}]{}", "x".repeat(10_000));
    assert!(cleaned(&[&long]).len() > 5_000, "a long string is shown from some point on");
    assert_eq!(cleaned(&["\u{1b}[12\nshown"]), "\nshown\n");
    assert_eq!(cleaned(&["\u{1b}é\u{1b}[é"]), "éé\n");
}

#[test]
fn the_end_is_one_line_feed() {
    for text in ["a", "a\n", "a\n\n\n", "a\r\n\r\n"] {
        assert_eq!(cleaned(&[text]), "a\n", "{text:?}");
    }
    assert_eq!(cleaned(&["a\n\n", "\nb"]), "a\n\n\nb\n");
    assert_eq!((cleaned(&[]), cleaned(&["\n\n"])), ("\n".to_owned(), "\n".to_owned()));
    let mut cleaner = TextCleaner::default();
    assert_eq!(cleaner.clean("line\n").as_str(), "line\n", "a line is whole at once");
    assert_eq!(PlainText::of("").as_str(), "");
}

/// Characters that matter, among some that do not.
fn text() -> impl Strategy<Value = String> {
    let special = "[\\x1b\\x07\\x9b\\x9c\\x9d\\x90\\[\\]P;:?0-9mhJ\\\\ \n\r\t\u{202e}\u{200d}aé👩]{0,60}";
    prop_oneof![special, any::<String>()]
}

proptest! {
    #[test]
    fn nothing_that_a_terminal_obeys_gets_through(text in text()) {
        let shown = cleaned(&[&text]);
        prop_assert!(shown.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()), "{:?}", shown);
        prop_assert!(shown.ends_with('\n') && !shown.ends_with("\n\n") || shown == "\n", "{:?}", shown);
    }

    #[test]
    fn pieces_make_no_difference(text in text(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..9)) {
        let mut chars: Vec<usize> = text.char_indices().map(|(index, _)| index).collect();
        chars.push(text.len());
        let mut ends: Vec<usize> = cuts.iter().map(|cut| *cut.get(&chars)).chain([0, text.len()]).collect();
        ends.sort_unstable();
        let pieces: Vec<&str> = ends.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect();
        prop_assert_eq!(cleaned(&pieces), cleaned(&[&text]));
    }

    #[test]
    fn plain_text_stays_as_it_is(text in "[ -~\n\tà-ü가-힣]{0,80}") {
        prop_assert_eq!(cleaned(&[&text]), format!("{}\n", text.trim_end_matches('\n')));
    }
}

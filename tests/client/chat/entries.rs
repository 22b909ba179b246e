//! What a person enters.

use netclaw::app::client::chat::entry::{
    COMMANDS, Command, Entered, is_whole, is_worth_remembering, read, without_backslashes,
};
use netclaw::domain::chat::model::{MalformedModelName, ModelName};

#[test]
fn commands_are_lower_case_words_after_a_slash() {
    let some = |text: &str| Some(text.to_owned());
    for (text, command) in [
        ("/help", Command::Help),
        ("/new", Command::New(None)),
        ("/new  my plans ", Command::New(some("my plans"))),
        ("/sessions", Command::Sessions),
        ("/resume plans", Command::Resume("plans".to_owned())),
        ("/model", Command::Model(None)),
        ("/model large", Command::Model(ModelName::parse("large").ok())),
        ("/quit\n", Command::Quit),
        ("/exit", Command::Quit),
    ] {
        assert_eq!(read(text), Entered::Command(command), "{text}");
    }
    assert_eq!(read("/quti"), Entered::Unknown("/quti".to_owned()));
    assert_eq!(read("/resume "), Entered::Incomplete("/resume"));
    for name in ["x".repeat(201), "a\u{1b}b".to_owned()] {
        assert_eq!(read(&format!("/model {name}")), Entered::BadModel(MalformedModelName));
    }
    for (name, ..) in COMMANDS {
        assert!(matches!(read(&format!("{name} x")), Entered::Command(_)), "{name}");
    }
}

#[test]
fn everything_else_is_said_as_it_is() {
    for text in [
        "/etc/passwd is mine",
        " /help",
        "/",
        "/Help",
        "/2",
        "/new\nline",
        "two\nlines",
        "a \\\nb",
        "  indented",
        "\"\"\"Doc.\"\"\"\ndef f(): \"\"\"x\"\"\"",
        "say \"\"\"this\"\"\"",
    ] {
        assert_eq!(read(text), Entered::Message(text.to_owned()));
    }
    assert_eq!(read("trailing \n\n"), Entered::Message("trailing".to_owned()));
    for text in ["", "  ", "\n\n", "\t", "\"\"\"\"\"\"", "\"\"\"\n \n\"\"\"\n"] {
        assert_eq!(read(text), Entered::Nothing);
    }
}

#[test]
fn a_block_of_three_quotation_marks_is_one_message() {
    for text in ["\"\"\"", "\"\"\"a", " \"\"\"\na\n", "\"\"\"\n/help"] {
        assert!(!is_whole(text), "{text}");
    }
    for text in ["", "a", "a\n", "a\\", "\"\"", "\"\"\"a\nb\"\"\"", "a \"\"\" b"] {
        assert!(is_whole(text), "{text}");
    }
    for text in ["\"\"\"a\nb\"\"\"", "\"\"\"\na\nb\n\"\"\"\n"] {
        assert_eq!(read(text), Entered::Message("a\nb".to_owned()));
    }
}

#[test]
fn only_backslashes_that_continued_a_line_are_taken_away() {
    let without = |text: &str, continued: &[&str]| {
        without_backslashes(text.to_owned(), continued.iter().map(|before| (*before).to_owned()).collect())
    };
    assert_eq!(without("one\\\ntwo\\\nthree", &["one\\", "one\\\ntwo\\"]), "one\ntwo\nthree");
    assert_eq!(without("a \\\nb\\\nc", &["a \\\nb\\"]), "a \\\nb\nc", "the first was pasted");
    assert_eq!(without("changed\\\ntwo", &["one\\"]), "changed\\\ntwo");
    assert_eq!(without("one\\two", &["one\\", "one\\"]), "one\\two", "the line end was taken back");
}

#[test]
fn what_looks_like_a_credential_is_not_remembered() {
    assert!(is_worth_remembering("why?") && is_worth_remembering("/resume plans"));
    for text in ["", "  ", " private", "my token is nct_abc"] {
        assert!(!is_worth_remembering(text), "{text}");
    }
}

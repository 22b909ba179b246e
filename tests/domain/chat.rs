//! Sessions, messages, and what the agent is shown.

use netclaw::domain::agent::{Agent, AgentKind, AgentSettings};
use netclaw::domain::chat::conversation::{MAX_SHOWN_BYTES, Role, Utterance, shown};
use netclaw::domain::chat::id::{ChatSessionId, RequestId};
use netclaw::domain::chat::message::{Content, ContentError, MAX_CONTENT_BYTES, Message, Outcome, Speaker};
use netclaw::domain::chat::model::{MAX_MODEL_BYTES, ModelName};
use netclaw::domain::chat::name::{SessionName, SessionNameError};
use netclaw::domain::chat::session::{
    ChatSession, MAX_MESSAGES, MAX_PREVIEW_CHARS, MAX_SESSION_BYTES, SessionChange, SessionFull,
};
use netclaw::domain::endpoint::Endpoint;

use crate::fakes::chat_sessions::{agent_says, session, user_says};
use crate::fakes::samples::WALL;

#[test]
fn an_id_has_one_spelling() {
    let id = ChatSessionId::from_random([7; 10]);
    assert_eq!((id.as_str().len(), ChatSessionId::parse(id.as_str())), (16, Some(id)));
    for text in ["", "abcdefgh2345672", "abcdefgh234567222", "ABCDEFGH23456722", "abcdefgh23456712", "../../etc/passwd"]
    {
        assert_eq!(ChatSessionId::parse(text), None, "{text}");
    }
}

#[test]
fn a_request_id_is_32_lower_case_hexadecimal_characters() {
    let good = "0123456789abcdef0123456789abcdef";
    assert_eq!(RequestId::parse(good).unwrap().as_str(), good);
    for text in ["", &good[1..], &format!("{good}0"), &good.to_uppercase(), &good.replace('a', "g")] {
        assert_eq!(RequestId::parse(text), None, "{text}");
    }
}

#[test]
fn the_name_of_a_session_follows_the_rules_of_device_names() {
    assert_eq!(SessionName::parse("  My plan ").unwrap().as_str(), "My plan");
    assert_eq!(SessionName::parse("plan").unwrap().key(), SessionName::parse("PLAN").unwrap().key());
    assert_eq!(SessionName::parse(" "), Err(SessionNameError::Empty));
    assert_eq!(SessionName::parse(&"x".repeat(65)), Err(SessionNameError::TooLong));
    assert_eq!(SessionName::parse("a/b"), Err(SessionNameError::Forbidden('/')));
    assert_eq!(SessionName::parse("a\u{1b}[2J"), Err(SessionNameError::Forbidden('\u{1b}')));
    for dots in [".", "..", " .. "] {
        assert!(matches!(SessionName::parse(dots), Err(SessionNameError::Dots(_))), "{dots}");
    }
    assert!(SessionName::parse("...").is_ok(), "no URL reads three dots as a place");
}

#[test]
fn the_name_of_a_model_can_be_shown() {
    for good in ["gpt-5", "meta-llama/Llama-3.3-70B:free", &"x".repeat(MAX_MODEL_BYTES)] {
        assert_eq!(ModelName::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", " ", "a\nb", "a\u{1b}b", "a\u{202e}b", &"x".repeat(MAX_MODEL_BYTES + 1)] {
        assert!(ModelName::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn what_a_device_says_is_limited_to_the_byte_and_kept_as_it_is() {
    let longest = "é".repeat(MAX_CONTENT_BYTES / 2);
    assert_eq!(Content::parse(longest.clone()).unwrap().into_text(), longest);
    assert_eq!(Content::parse(longest + "x"), Err(ContentError::TooLong));
    assert_eq!(Content::parse(" \n\t".to_owned()), Err(ContentError::Empty));
    let raw = " \u{1b}[31mred\r\n ";
    assert_eq!(Content::parse(raw.to_owned()).unwrap().into_text(), raw);
}

#[test]
fn a_turn_needs_room_for_its_message_and_an_answer() {
    let message = user_says("12345", 1);
    let of = |messages, bytes| ChatSession { messages, bytes, ..session(1, None) };
    assert_eq!(of(MAX_MESSAGES - 2, 0).admit(&message), Ok(()));
    assert_eq!(of(MAX_MESSAGES - 1, 0).admit(&message), Err(SessionFull));
    assert_eq!(of(2, MAX_SESSION_BYTES - 5).admit(&message), Ok(()));
    assert_eq!(of(2, MAX_SESSION_BYTES - 4).admit(&message), Err(SessionFull));
    assert_eq!(of(2, u64::MAX).admit(&message), Err(SessionFull));
}

#[test]
fn a_session_counts_what_is_said_and_shows_its_first_line() {
    let long = format!("\n  {}\nsecond line", "ü".repeat(MAX_PREVIEW_CHARS + 1));
    let said = session(1, None).with(&user_says(&long, 1)).with(&agent_says("yes", None)).with(&user_says("more", 2));
    assert_eq!((said.messages, said.turns, said.bytes), (3, 2, long.len() as u64 + 7));
    assert_eq!(said.preview, "ü".repeat(MAX_PREVIEW_CHARS));
}

#[test]
fn a_change_leaves_what_it_does_not_name() {
    let before = session(1, Some("plan"));
    let model = ModelName::parse("m").ok();
    let changed = before.clone().changed(SessionChange { name: None, model: Some(model.clone()) }, WALL);
    assert_eq!((changed.name.clone(), changed.model.clone()), (before.name, model));
    let cleared = changed.changed(SessionChange { name: Some(None), model: Some(None) }, WALL);
    assert_eq!((cleared.name, cleared.model), (None, None));
}

fn utterance(role: Role, content: &str) -> Utterance {
    Utterance { role, content: content.to_owned() }
}

fn shown_of(messages: &[Message]) -> Vec<Utterance> {
    shown(messages.to_vec())
}

#[test]
fn the_agent_is_shown_sides_that_take_turns() {
    let messages = [
        user_says("one", 1),
        agent_says("first", None),
        user_says("two", 2),
        agent_says("", Some(Outcome::Failed)),
        user_says("two again", 3),
        agent_says("half an ans", Some(Outcome::Stopped)),
        user_says("three", 4),
    ];
    let expected = [
        utterance(Role::User, "one"),
        utterance(Role::Assistant, "first"),
        utterance(Role::User, "two\n\ntwo again"),
        utterance(Role::Assistant, "half an ans"),
        utterance(Role::User, "three"),
    ];
    assert_eq!(shown_of(&messages), expected);
    assert_eq!(shown_of(&[agent_says("stray", None), user_says("x", 1)]), [utterance(Role::User, "x")]);
    assert_eq!(shown_of(&[]), []);
}

#[test]
fn the_agent_is_shown_the_latest_that_fits_and_the_last_always() {
    let half = "h".repeat(MAX_SHOWN_BYTES / 2);
    let messages = [
        user_says("old", 1),
        agent_says("old answer", None),
        user_says(&half, 2),
        agent_says(&half[1..], None),
        user_says("x", 3),
    ];
    assert_eq!(shown_of(&messages).len(), 3, "exactly as much as may be");
    let one_more = [&messages[..4], &[user_says("xy", 3)]].concat();
    assert_eq!(shown_of(&one_more), [utterance(Role::User, "xy")], "an answer alone is no beginning");
    let huge = user_says(&"h".repeat(MAX_SHOWN_BYTES + 1), 9);
    assert_eq!(shown_of(&[user_says("old", 1), huge.clone()]), [utterance(Role::User, &huge.content)]);
}

#[test]
fn an_answer_that_never_came_has_failed() {
    let cut = Message::cut_off(WALL);
    assert!(matches!(cut.speaker, Speaker::Agent { outcome: Some(Outcome::Failed), .. }) && !cut.is_of_user());
}

#[test]
fn another_agent_takes_the_place_of_the_one_before() {
    let server = Agent::OpenAi { base_url: Endpoint::parse("http://127.0.0.1:1/v1").unwrap() };
    let program = Agent::Command { program: "echo".to_owned(), arguments: vec!["-n".to_owned()] };
    let settings = AgentSettings { model: Some("m".to_owned()), ..AgentSettings::default() };
    for agent in [server, program] {
        let other = settings.clone().with(Some(agent.clone()));
        assert_eq!(other.agent(), Ok(Some(agent)));
        assert_eq!(other.with(None), settings);
    }
    let both = AgentSettings {
        kind: Some(AgentKind::OpenAi),
        base_url: Endpoint::parse("http://127.0.0.1:1/v1").ok(),
        command: vec!["echo".to_owned()],
        ..settings.clone()
    };
    assert_eq!(both.with(None), settings);
}

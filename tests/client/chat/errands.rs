//! One question of a script: which requests it takes.

use std::time::Duration;

use netclaw::app::client::chat::errand::{self, Errand, ErrandError, Reply};
use netclaw::app::client::chat::turn::{Asker, TurnError};
use netclaw::ports::chat_api::{ChatError, Refusal, Said, SessionWish, Speaker, Transcript, TurnEvent};
use netclaw::ports::daemon_api::{ApiError, Rejection};
use netclaw::ports::interrupts::Interrupt;

use super::Ground;
use crate::fakes::chat_api::{
    ChatRequest, Script, ScriptedChatApi, begun, done, numbered, refused, session, session_id, text, unauthorized,
    unreachable,
};
use crate::fakes::chat_screen::{FakeInterrupts, FakeScreen};
use crate::fakes::samples::WALL;

async fn run(api: &ScriptedChatApi, session: Option<&str>, model: Option<&str>) -> Result<Reply, ErrandError> {
    let ground = Ground::default();
    let errand =
        Errand { session: session.map(str::to_owned), model: model.map(str::to_owned), message: "why?".to_owned() };
    let line = ground.line(api);
    let turns = ground.turns(&line, Asker::Script);
    errand::run(&turns, errand, &mut FakeScreen::default(), &mut FakeInterrupts::default()).await
}

fn answering() -> Script {
    Script::Ends(numbered(0, [begun(), text("so"), done()]))
}

/// The session or wish of each request, in a word.
fn requests(api: &ScriptedChatApi) -> Vec<String> {
    let word = |request| match request {
        ChatRequest::Create(SessionWish { name, model }) => format!("create {name:?} {model:?}"),
        ChatRequest::Ask { key, question } => {
            assert!(!question.resumable && question.content == "why?");
            format!("ask {key} {:?}", question.model)
        }
        ChatRequest::Transcript(key) => format!("transcript {key}"),
        other => format!("{other:?}"),
    };
    api.requests().into_iter().map(word).collect()
}

#[tokio::test(start_paused = true)]
async fn a_new_session_takes_two_requests_and_a_known_one_takes_one() {
    let id = session_id().to_string();
    let api = ScriptedChatApi::with([answering()]);
    let reply = run(&api, None, Some("large")).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.session), ("so", Some(session_id())));
    assert_eq!(requests(&api), ["create None Some(\"large\")".to_owned(), format!("ask {id} None")]);
    let api = ScriptedChatApi::with([answering()]);
    run(&api, Some("plans"), Some("large")).await.unwrap();
    assert_eq!(requests(&api), ["ask plans Some(\"large\")"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_session_in_which_nothing_was_said_is_deleted_again() {
    let deletion = ChatRequest::Delete(session_id().to_string());
    let empty = |api: &ScriptedChatApi| {
        let transcript = Transcript { session: session(None), messages: Vec::new() };
        api.transcripts.lock().unwrap().push_back(Ok(transcript));
    };
    for error in [refused(Refusal::NoAgent), busy()] {
        let api = ScriptedChatApi::with([Script::Refused(error.clone())]);
        empty(&api);
        assert_eq!(run(&api, None, None).await, Err(ErrandError::Turn(TurnError::Chat(error.clone()))));
        assert_eq!(api.requests().last(), Some(&deletion));
        let api = ScriptedChatApi::with([Script::Refused(error)]);
        run(&api, Some("plans"), None).await.unwrap_err();
        assert_eq!(api.requests().len(), 1, "what was there before stays");
    }
    let api = ScriptedChatApi::with([Script::Hangs(Vec::new())]);
    empty(&api);
    assert_eq!(interrupted(&api).await, Err(ErrandError::Interrupted(Interrupt::Stop)));
    assert_eq!(api.requests().last(), Some(&deletion));
}

/// A question may have come to the daemon although nothing was heard of it.
#[tokio::test(start_paused = true)]
async fn what_the_daemon_has_of_a_new_session_decides_whether_it_stays() {
    let api = ScriptedChatApi::with([Script::Hangs(Vec::new())]);
    let speaker = Speaker::User { device: None };
    let messages = vec![Said { speaker, content: "hello".to_owned(), at: WALL }];
    api.transcripts.lock().unwrap().push_back(Ok(Transcript { session: session(None), messages }));
    assert_eq!(interrupted(&api).await, Err(ErrandError::Interrupted(Interrupt::Stop)));
    assert_eq!(api.requests().last(), Some(&ChatRequest::Transcript(session_id().to_string())));
}

#[tokio::test(start_paused = true)]
async fn a_new_session_in_which_something_was_said_stays() {
    for script in [
        answering(),
        Script::Breaks(numbered(0, [begun(), text("so")])),
        Script::Ends(numbered(0, [begun(), TurnEvent::Stopped])),
        Script::Hangs(numbered(0, [begun()])),
        Script::Refused(unreachable()),
        Script::Refused(unauthorized()),
    ] {
        let api = ScriptedChatApi::with([script]);
        let _ = interrupted(&api).await;
        let is_deletion = |request: &ChatRequest| matches!(request, ChatRequest::Delete(_));
        assert!(!api.requests().iter().any(is_deletion), "{:?}", api.requests());
    }
}

/// Asks, and gives up after two seconds.
async fn interrupted(api: &ScriptedChatApi) -> Result<Reply, ErrandError> {
    let ground = Ground::default();
    let errand = Errand { session: None, model: None, message: "why?".to_owned() };
    let line = ground.line(api);
    let turns = ground.turns(&line, Asker::Script);
    let mut interrupts = FakeInterrupts::after(2, Interrupt::Stop);
    errand::run(&turns, errand, &mut FakeScreen::default(), &mut interrupts).await
}

fn busy() -> ChatError {
    let why = Rejection::RateLimited { retry_after: Duration::from_secs(1) };
    ChatError::Api(ApiError::Rejected { why, detail: "too many".to_owned() })
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_named_and_not_there_is_begun() {
    let id = session_id().to_string();
    let api = ScriptedChatApi::with([Script::Refused(refused(Refusal::NoSession)), answering()]);
    run(&api, Some("plans"), None).await.unwrap();
    assert_eq!(requests(&api), ["ask plans None", "create Some(\"plans\") None", &format!("ask {id} None")]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_someone_else_begins_meanwhile_is_used() {
    let api = ScriptedChatApi::with([Script::Refused(refused(Refusal::NoSession)), answering()]);
    api.created.lock().unwrap().push_back(Err(refused(Refusal::NameTaken)));
    let found = Transcript { session: session(Some("plans")), messages: Vec::new() };
    api.transcripts.lock().unwrap().push_back(Ok(found));
    run(&api, Some("plans"), None).await.unwrap();
    assert_eq!(requests(&api)[2], "transcript plans");
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_not_there_is_no_name_of_a_new_session() {
    let api = ScriptedChatApi::with([Script::Refused(refused(Refusal::NoSession))]);
    let error = run(&api, Some("aaaaaaaaaaaaaaaa"), None).await.unwrap_err();
    assert_eq!(error, ErrandError::Turn(TurnError::Chat(refused(Refusal::NoSession))));
    assert_eq!(api.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_is_not_there_is_told_at_once() {
    let api = ScriptedChatApi::default();
    api.created.lock().unwrap().push_back(Err(unreachable()));
    let error = run(&api, None, None).await.unwrap_err();
    assert_eq!(error, ErrandError::Turn(TurnError::Chat(unreachable())));
}

#[tokio::test(start_paused = true)]
async fn times_are_those_of_this_machine_from_the_first_request_on() {
    let api = ScriptedChatApi::with([Script::Hangs(numbered(0, [begun(), text("so")]))]);
    assert_eq!(interrupted(&api).await, Err(ErrandError::Interrupted(Interrupt::Stop)));
    let api = ScriptedChatApi::with([answering()]);
    let reply = run(&api, None, None).await.unwrap();
    assert_eq!(reply.first_after, Some(reply.took), "no time passes here");
}

//! A person's chat, from the first word to the last.

use netclaw::app::client::chat::conversation::{Conversation, ConversationError, Opening, Over};
use netclaw::app::client::chat::turn::Asker;
use netclaw::ports::chat_api::{Refusal, SessionWish, Transcript, TurnEvent};
use netclaw::ports::chat_screen::Entry;
use netclaw::ports::interrupts::Interrupt;

use super::Ground;
use crate::fakes::chat_api::{
    ChatRequest, Script, ScriptedChatApi, begun, done, numbered, refused, session, session_id, text, unauthorized,
    unreachable,
};
use crate::fakes::chat_screen::{FakeInterrupts, FakeScreen};

async fn chat(
    api: &ScriptedChatApi,
    mut screen: FakeScreen,
    opening: Opening,
    mut interrupts: FakeInterrupts,
) -> (Result<Over, ConversationError>, String) {
    let ground = Ground::default();
    let line = ground.line(api);
    let turns = ground.turns(&line, Asker::Person);
    let over = Conversation::new(turns, &mut screen, &mut interrupts).run(opening).await;
    (over, screen.shown)
}

async fn entering(api: &ScriptedChatApi, texts: &[&str]) -> String {
    let screen = FakeScreen::entering(texts);
    let (over, shown) = chat(api, screen, Opening::default(), FakeInterrupts::default()).await;
    assert_eq!(over, Ok(Over::Ended));
    shown
}

fn answering(answer: &str) -> Script {
    Script::Ends(numbered(0, [begun(), text(answer), done()]))
}

#[tokio::test(start_paused = true)]
async fn a_session_begins_with_the_first_message_and_goes_on_with_the_next() {
    let api = ScriptedChatApi::with([answering("one"), answering("two")]);
    assert_eq!(entering(&api, &["a", "", "b", "/quit", "never"]).await, "[Welcome]one\ntwo\n");
    let id = session_id().to_string();
    let asked = |request: &ChatRequest| match request {
        ChatRequest::Ask { key, question } => *key == id && question.resumable,
        _ => false,
    };
    let requests = api.requests();
    assert!(requests[..2] == [ChatRequest::Agent, ChatRequest::Create(SessionWish::default())], "{requests:?}");
    assert!(requests.len() == 4 && requests[2..].iter().all(asked), "{requests:?}");
    let api = ScriptedChatApi::default();
    assert_eq!(entering(&api, &[]).await, "[Welcome]");
    assert_eq!(api.requests(), [ChatRequest::Agent], "no session is left empty");
}

#[tokio::test(start_paused = true)]
async fn ctrl_c_during_an_answer_keeps_the_chat() {
    let half = Script::Hangs(numbered(0, [begun(), text("half")]));
    let api = ScriptedChatApi::with([half, answering("whole")]);
    let screen = FakeScreen::entering(&["a", "b"]);
    let (over, shown) = chat(&api, screen, Opening::default(), FakeInterrupts::after(5, Interrupt::Stop)).await;
    assert_eq!((over, shown.as_str()), (Ok(Over::Ended), "[Welcome]half\n[Stopped]whole\n"));
    let creations = api.requests().into_iter().filter(|request| matches!(request, ChatRequest::Create(_))).count();
    assert_eq!(creations, 1, "it is the same session");
}

#[tokio::test(start_paused = true)]
async fn sigterm_ends_the_chat_and_stops_the_answer() {
    let api = ScriptedChatApi::with([Script::Hangs(numbered(0, [begun()]))]);
    let screen = FakeScreen::entering(&["a", "b"]);
    let (over, _) = chat(&api, screen, Opening::default(), FakeInterrupts::after(5, Interrupt::Terminate)).await;
    assert_eq!(over, Ok(Over::Interrupted(Interrupt::Terminate)));
    assert_eq!(api.requests().last(), Some(&ChatRequest::Stop(1)));
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_is_told_and_the_chat_goes_on() {
    let failed = TurnEvent::Failed { why: Refusal::AgentFailed, detail: "it broke".to_owned() };
    let api = ScriptedChatApi::with([
        Script::Refused(refused(Refusal::SessionBusy)),
        Script::Ends(numbered(0, [begun(), text("half"), failed])),
        Script::Ends(numbered(0, [begun(), TurnEvent::Stopped])),
        answering("fine"),
    ]);
    let shown = entering(&api, &["a", "b", "c", "d", "/resume nowhere", "/resume", "/nothing", "/model \u{1b}"]).await;
    let expected = "[Welcome][Failed the daemon says no]half\n[Failed it broke][Stopped]fine\n\
        [Failed the daemon says no][MissingArgument /resume][UnknownCommand /nothing][BadModel]";
    assert_eq!(shown, expected);
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_first_message_was_not_heard_is_begun_anew() {
    let api = ScriptedChatApi::with([Script::Refused(refused(Refusal::NoAgent)), answering("fine")]);
    let empty = Transcript { session: session(None), messages: Vec::new() };
    api.transcripts.lock().unwrap().push_back(Ok(empty));
    assert_eq!(entering(&api, &["a", "b"]).await, "[Welcome][Failed the daemon says no]fine\n");
    let of_sessions = |request: &ChatRequest| matches!(request, ChatRequest::Create(_) | ChatRequest::Delete(_));
    let create = ChatRequest::Create(SessionWish::default());
    let requests: Vec<ChatRequest> = api.requests().into_iter().filter(of_sessions).collect();
    assert_eq!(requests, [create.clone(), ChatRequest::Delete(session_id().to_string()), create]);
    let api = ScriptedChatApi::with([answering("fine"), Script::Refused(refused(Refusal::SessionBusy))]);
    entering(&api, &["a", "b", "/new named", "c"]).await;
    assert!(!api.requests().iter().any(|request| matches!(request, ChatRequest::Delete(_))));
}

#[tokio::test(start_paused = true)]
async fn a_lost_daemon_is_told_and_a_refused_credential_ends_the_chat() {
    let api = ScriptedChatApi::with([Script::Breaks(numbered(0, [begun(), text("half")]))]);
    let shown = entering(&api, &["a"]).await;
    assert!(shown.starts_with("[Welcome]half[lost]") && shown.ends_with("\n[Cut]"), "{shown}");
    for script in [Script::Refused(unauthorized()), Script::Breaks(numbered(0, [begun()]))] {
        let api = ScriptedChatApi::with([script, Script::Refused(unauthorized())]);
        let screen = FakeScreen::entering(&["a", "b"]);
        let (over, _) = chat(&api, screen, Opening::default(), FakeInterrupts::default()).await;
        assert_eq!(over, Err(ConversationError::Chat(unauthorized())));
    }
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_cannot_begin_says_why() {
    for error in [unauthorized(), unreachable(), refused(Refusal::NoAgent)] {
        let api = ScriptedChatApi::default();
        api.agents.lock().unwrap().push_back(Err(error.clone()));
        let screen = FakeScreen::entering(&["a"]);
        let (over, shown) = chat(&api, screen, Opening::default(), FakeInterrupts::default()).await;
        assert_eq!((over, shown.as_str()), (Err(ConversationError::Chat(error)), ""));
    }
}

#[tokio::test(start_paused = true)]
async fn commands_choose_session_and_model() {
    let api = ScriptedChatApi::with([answering("one"), answering("two")]);
    let found = Transcript { session: session(Some("old")), messages: Vec::new() };
    api.transcripts.lock().unwrap().push_back(Ok(found));
    let texts = ["/help", "/sessions", "/model", "/model large", "/new plans", "a", "/resume old", "b", "/new"];
    let shown = entering(&api, &texts).await;
    let expected = "[Welcome][Help][Sessions][Models][Model large][New plans]one\n[Resumed 0]two\n[New]";
    assert_eq!(shown, expected);
    let (name, model) = (Some("plans".to_owned()), Some("large".to_owned()));
    assert!(api.requests().contains(&ChatRequest::Create(SessionWish { name, model })));
    let models = |request| match request {
        ChatRequest::Ask { question, .. } => question.model,
        _ => None,
    };
    assert_eq!(api.requests().into_iter().filter_map(models).collect::<Vec<_>>(), ["large", "large"]);
}

#[tokio::test(start_paused = true)]
async fn a_chat_resumes_a_session_or_begins_the_one_it_names() {
    let opening = |key: &str| Opening { session: Some(key.to_owned()), model: None };
    let api = ScriptedChatApi::default();
    let (over, shown) = chat(&api, FakeScreen::default(), opening("plans"), FakeInterrupts::default()).await;
    assert_eq!((over, shown.as_str()), (Ok(Over::Ended), "[Welcome][New plans]"));
    let (over, _) = chat(&api, FakeScreen::default(), opening("aaaaaaaaaaaaaaaa"), FakeInterrupts::default()).await;
    assert_eq!(over, Err(ConversationError::Chat(refused(Refusal::NoSession))));
    let found = Transcript { session: session(Some("plans")), messages: Vec::new() };
    api.transcripts.lock().unwrap().push_back(Ok(found));
    let (_, shown) = chat(&api, FakeScreen::default(), opening("plans"), FakeInterrupts::default()).await;
    assert_eq!(shown, "[Welcome][Resumed 0]");
}

#[tokio::test(start_paused = true)]
async fn ctrl_c_at_the_prompt_clears_the_line_and_nothing_else() {
    let api = ScriptedChatApi::with([answering("one")]);
    let mut screen = FakeScreen::entering(&["a"]);
    screen.entries.push_front(Entry::Cleared);
    let (over, shown) = chat(&api, screen, Opening::default(), FakeInterrupts::default()).await;
    assert_eq!((over, shown.as_str()), (Ok(Over::Ended), "[Welcome]one\n"));
}

//! One turn, whatever happens to its connection.

use std::time::Duration;

use netclaw::app::client::chat::turn::{Asker, Ending, TurnError};
use netclaw::domain::chat::message::Outcome;
use netclaw::ports::chat_api::{ChatError, Completion, Refusal, Said, Speaker, Transcript, TurnEvent, Usage};
use netclaw::ports::chat_screen::Remains;
use netclaw::ports::daemon_api::{ApiError, Rejection};
use netclaw::ports::interrupts::Interrupt;

use super::{Ground, ask};
use crate::fakes::chat_api::{
    ChatRequest, Script, ScriptedChatApi, begun, done, lost, numbered, refused, session, text, unreachable,
};
use crate::fakes::chat_screen::{FakeInterrupts, FakeScreen};
use crate::fakes::samples::WALL;

async fn run(
    api: &ScriptedChatApi,
    asker: Asker,
    interrupts: &mut FakeInterrupts,
) -> (Result<Ending, TurnError>, String, u64) {
    let (ground, mut screen) = (Ground::default(), FakeScreen::default());
    let heard = ground.turns(&ground.line(api), asker).run(ask("why?"), &mut screen, interrupts).await;
    (heard.map(|heard| heard.ending), screen.shown, ground.clock.passed().as_secs())
}

fn request_ids(api: &ScriptedChatApi) -> Vec<String> {
    let id = |request: ChatRequest| match request {
        ChatRequest::Ask { question, .. } => Some(question.request.as_str().to_owned()),
        _ => None,
    };
    api.requests().into_iter().filter_map(id).collect()
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_shown_as_it_comes_and_ends_with_its_line() {
    let usage = Usage { prompt: 1, completion: 2, total: 3 };
    let completion = Completion { usage: Some(usage), finish_reason: Some("length".to_owned()) };
    let events = [begun(), text("\u{1b}[3"), text("1mHel"), text("lo\n\n"), TurnEvent::Done(completion.clone())];
    let api = ScriptedChatApi::with([Script::Ends(numbered(0, events))]);
    let ground = Ground::default();
    let mut screen = FakeScreen::default();
    let line = ground.line(&api);
    let turns = ground.turns(&line, Asker::Script);
    let heard = turns.run(ask("why?"), &mut screen, &mut FakeInterrupts::default()).await.unwrap();
    assert_eq!(heard.ending, Ending::Done(completion));
    assert_eq!((heard.text.as_str(), screen.shown.as_str()), ("\u{1b}[31mHello\n\n", "Hello\n"));
    assert_eq!(api.requests().len(), 1, "one request is enough");
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_goes_on_after_the_last_event_seen() {
    let api = ScriptedChatApi::with([
        Script::Breaks(numbered(0, [begun(), text("one ")])),
        Script::Refused(unreachable()),
        Script::Ends(numbered(2, [text("two ")])),
        Script::Ends(numbered(2, [text("twice"), text("three"), done()])),
    ]);
    let (ending, shown, _) = run(&api, Asker::Person, &mut FakeInterrupts::default()).await;
    assert_eq!(ending, Ok(Ending::Done(Completion::default())));
    assert_eq!(shown, "one [lost][lost][restored]two [lost][restored]three\n");
    let listened: Vec<ChatRequest> = api.requests().split_off(1);
    let listen = |seen| ChatRequest::Listen { turn: 1, seen };
    assert_eq!(listened, [listen(1), listen(1), listen(2)]);
}

#[tokio::test(start_paused = true)]
async fn a_question_whose_answer_was_lost_is_asked_again_as_the_same() {
    for asker in [Asker::Person, Asker::Script] {
        let whole = numbered(0, [begun(), text("yes"), done()]);
        let api = ScriptedChatApi::with([Script::Refused(lost()), Script::Refused(unreachable()), Script::Ends(whole)]);
        let (ending, shown, _) = run(&api, asker, &mut FakeInterrupts::default()).await;
        assert_eq!((ending, shown.as_str()), (Ok(Ending::Done(Completion::default())), "[lost][lost][restored]yes\n"));
        let ids = request_ids(&api);
        assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_script_does_not_wait_for_a_daemon_that_is_not_there() {
    let api = ScriptedChatApi::default();
    let (ending, shown, passed) = run(&api, Asker::Script, &mut FakeInterrupts::default()).await;
    assert_eq!((ending, shown.as_str(), passed), (Err(TurnError::Chat(unreachable())), "", 0));
    let api = ScriptedChatApi::with([Script::Refused(lost())]);
    let (ending, _, passed) = run(&api, Asker::Script, &mut FakeInterrupts::default()).await;
    assert_eq!(ending, Err(TurnError::Cut(unreachable())));
    assert!((5..20).contains(&passed), "{passed}");
}

#[tokio::test(start_paused = true)]
async fn a_script_whose_connection_breaks_in_the_middle_fails_at_once() {
    let api = ScriptedChatApi::with([Script::Breaks(numbered(0, [begun(), text("half")]))]);
    let (ending, shown, passed) = run(&api, Asker::Script, &mut FakeInterrupts::default()).await;
    assert_eq!((ending, shown.as_str(), passed), (Err(TurnError::Cut(unreachable())), "half\n", 0));
}

#[tokio::test(start_paused = true)]
async fn a_person_waits_a_minute_for_the_daemon_to_come_back() {
    let api = ScriptedChatApi::with([Script::Breaks(numbered(0, [begun()]))]);
    let (ending, _, passed) = run(&api, Asker::Person, &mut FakeInterrupts::default()).await;
    assert_eq!(ending, Err(TurnError::Cut(unreachable())));
    assert!((60..70).contains(&passed), "{passed}");
    assert!(api.requests().len() < 25, "and does not hammer at it: {}", api.requests().len());
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_the_session_tells_what_was_said() {
    let said = |speaker, content: &str| Said { speaker, content: content.to_owned(), at: WALL };
    let user = |content| said(Speaker::User { device: None }, content);
    let agent = |content, outcome| said(Speaker::Agent { model: None, outcome }, content);
    let earlier = [user("why?"), agent("because", None)];
    let forgotten = |remains| Err(TurnError::Forgotten(remains));
    for (messages, expected, shown) in [
        (vec![user("why?"), agent("one two", None)], Ok(Ending::Done(Completion::default())), "one two\n"),
        (vec![user("why?"), agent("one two", Some(Outcome::Failed))], forgotten(Remains::Kept), "one two\n"),
        (vec![user("why?"), agent("on", Some(Outcome::Failed))], forgotten(Remains::Lost), "one \n"),
        (vec![user("why?"), agent("else", None)], Ok(Ending::Done(Completion::default())), "one \nelse\n"),
        (vec![user("why?"), agent("", Some(Outcome::Failed))], forgotten(Remains::Lost), "one \n"),
        (vec![user("why?")], forgotten(Remains::Lost), "one \n"),
        (vec![user("other"), agent("no", None)], forgotten(Remains::Lost), "one \n"),
    ] {
        let api = ScriptedChatApi::with([
            Script::Breaks(numbered(0, [begun(), text("one ")])),
            Script::Refused(refused(Refusal::NoTurn)),
        ]);
        let messages: Vec<Said> = earlier.iter().cloned().chain(messages).collect();
        let is_unknown = !messages[2..].contains(&user("why?"));
        let messages = if is_unknown { messages[2..].to_vec() } else { messages };
        let transcript = Transcript { session: session(None), messages };
        api.transcripts.lock().unwrap().push_back(Ok(transcript.clone()));
        let (ending, text, _) = run(&api, Asker::Person, &mut FakeInterrupts::default()).await;
        assert_eq!((ending, text.replace("[lost]", "").as_str()), (expected, shown), "{transcript:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn ctrl_c_stops_the_turn_and_leaves_what_was_said() {
    let mut interrupts = FakeInterrupts::after(3, Interrupt::Stop);
    let api = ScriptedChatApi::with([Script::Hangs(numbered(0, [begun(), text("half")]))]);
    let (ending, shown, passed) = run(&api, Asker::Person, &mut interrupts).await;
    assert_eq!((ending, shown.as_str(), passed), (Ok(Ending::Interrupted(Interrupt::Stop)), "half\n", 3));
    assert_eq!(api.requests().last(), Some(&ChatRequest::Stop(1)));
}

#[tokio::test(start_paused = true)]
async fn ctrl_c_before_the_daemon_has_answered_finds_out_what_to_stop() {
    let mut interrupts = FakeInterrupts::after(3, Interrupt::Stop);
    let api = ScriptedChatApi::with([Script::Hangs(Vec::new()), Script::Hangs(numbered(0, [begun()]))]);
    let (ending, shown, _) = run(&api, Asker::Person, &mut interrupts).await;
    assert_eq!((ending, shown.as_str()), (Ok(Ending::Interrupted(Interrupt::Stop)), ""));
    let ids = request_ids(&api);
    assert!(ids.len() == 2 && ids[0] == ids[1]);
    assert_eq!(api.requests().last(), Some(&ChatRequest::Stop(1)));
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_a_script_whose_turn_ends_with_its_connection() {
    let mut interrupts = FakeInterrupts::after(3, Interrupt::Terminate);
    let api = ScriptedChatApi::with([Script::Hangs(Vec::new())]);
    let (ending, _, passed) = run(&api, Asker::Script, &mut interrupts).await;
    assert_eq!((ending, passed), (Ok(Ending::Interrupted(Interrupt::Terminate)), 3));
    assert_eq!(api.requests().len(), 1, "nothing is asked again that might begin another turn");
}

#[tokio::test(start_paused = true)]
async fn ctrl_c_ends_the_wait_for_a_lost_daemon() {
    let mut interrupts = FakeInterrupts::after(1, Interrupt::Stop);
    let api = ScriptedChatApi::with([Script::Breaks(numbered(0, [begun()]))]);
    let (ending, _, passed) = run(&api, Asker::Person, &mut interrupts).await;
    assert_eq!(ending, Ok(Ending::Interrupted(Interrupt::Stop)));
    assert!(passed < 10, "{passed}");
}

#[tokio::test(start_paused = true)]
async fn how_a_turn_fails_is_told_apart() {
    let failed = |why| TurnEvent::Failed { why, detail: "it broke".to_owned() };
    let script = |events: Vec<TurnEvent>| ScriptedChatApi::with([Script::Ends(numbered(0, events))]);
    let mut none = FakeInterrupts::default();
    let api = script(vec![begun(), text("half"), failed(Refusal::AgentFailed)]);
    let (ending, shown, _) = run(&api, Asker::Script, &mut none).await;
    let detail = "it broke".to_owned();
    assert_eq!((ending, shown.as_str()), (Err(TurnError::Failed { why: Refusal::AgentFailed, detail }), "half\n"));
    let (ending, ..) = run(&script(vec![begun(), TurnEvent::Stopped]), Asker::Script, &mut none).await;
    assert_eq!(ending, Ok(Ending::Stopped));
    let api = ScriptedChatApi::with([Script::Refused(refused(Refusal::SessionBusy))]);
    let (ending, shown, _) = run(&api, Asker::Person, &mut none).await;
    assert_eq!((ending, shown.as_str()), (Err(TurnError::Chat(refused(Refusal::SessionBusy))), ""));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_goes_away_stops_the_turn() {
    let api = ScriptedChatApi::with([Script::Hangs(numbered(0, [begun(), text("a"), text("b")]))]);
    let (ground, mut screen) = (Ground::default(), FakeScreen { patience: Some(1), ..FakeScreen::default() });
    let line = ground.line(&api);
    let turns = ground.turns(&line, Asker::Script);
    let heard = turns.run(ask("why?"), &mut screen, &mut FakeInterrupts::default()).await;
    assert!(matches!(heard, Err(TurnError::Gone(gone)) if gone.is_closed));
    assert_eq!(api.requests().last(), Some(&ChatRequest::Stop(1)));
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_before_the_first_word_nothing_is_lost() {
    let api =
        ScriptedChatApi::with([Script::Breaks(numbered(0, [begun()])), Script::Refused(refused(Refusal::NoTurn))]);
    let said = |speaker, content: &str| Said { speaker, content: content.to_owned(), at: WALL };
    let outcome = Some(Outcome::Failed);
    let messages =
        vec![said(Speaker::User { device: None }, "why?"), said(Speaker::Agent { model: None, outcome }, "")];
    api.transcripts.lock().unwrap().push_back(Ok(Transcript { session: session(None), messages }));
    let (ending, shown, _) = run(&api, Asker::Person, &mut FakeInterrupts::default()).await;
    assert_eq!((ending, shown.as_str()), (Err(TurnError::Forgotten(Remains::Nothing)), "[lost]"));
}

#[tokio::test(start_paused = true)]
async fn a_script_that_finds_its_own_turn_stopped_has_lost_its_connection() {
    let stopped = || Script::Ends(numbered(0, [begun(), text("half"), TurnEvent::Stopped]));
    let api = ScriptedChatApi::with([Script::Refused(lost()), stopped()]);
    let (ending, shown, _) = run(&api, Asker::Script, &mut FakeInterrupts::default()).await;
    assert_eq!((ending, shown.as_str()), (Err(TurnError::Cut(lost())), "[lost][restored]half\n"));
    let api = ScriptedChatApi::with([stopped()]);
    let (ending, ..) = run(&api, Asker::Script, &mut FakeInterrupts::default()).await;
    assert_eq!(ending, Ok(Ending::Stopped), "someone else has");
}

/// The daemon has too much to do, for this long.
fn busy(seconds: u64) -> ChatError {
    let why = Rejection::RateLimited { retry_after: Duration::from_secs(seconds) };
    ChatError::Api(ApiError::Rejected { why, detail: "too many".to_owned() })
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_is_busy_while_an_answer_is_come_back_to_is_waited_for() {
    let broken = || Script::Breaks(numbered(0, [begun(), text("one ")]));
    let rest = Script::Ends(numbered(2, [text("two"), done()]));
    let api = ScriptedChatApi::with([broken(), Script::Refused(busy(7)), rest]);
    let (ending, shown, passed) = run(&api, Asker::Person, &mut FakeInterrupts::default()).await;
    assert_eq!((ending, shown.as_str()), (Ok(Ending::Done(Completion::default())), "one [lost][lost][restored]two\n"));
    assert!((7..9).contains(&passed), "{passed}");
    let api = ScriptedChatApi::with([broken(), Script::Refused(busy(61))]);
    let (ending, _, passed) = run(&api, Asker::Person, &mut FakeInterrupts::default()).await;
    assert_eq!(ending, Err(TurnError::Cut(busy(61))));
    assert!(passed < 2, "longer than anyone would wait: {passed}");
    let api = ScriptedChatApi::with([Script::Refused(busy(1))]);
    let (ending, ..) = run(&api, Asker::Person, &mut FakeInterrupts::default()).await;
    assert_eq!(ending, Err(TurnError::Chat(busy(1))), "nothing has begun that could be lost");
}

#[tokio::test(start_paused = true)]
async fn a_signal_wins_over_a_reader_that_does_not_read() {
    let endless = || Script::Hangs(numbered(0, [begun(), text("a"), text("b")]));
    for (asker, script) in [(Asker::Person, endless()), (Asker::Script, endless()), (Asker::Script, whole())] {
        let api = ScriptedChatApi::with([script]);
        let (ground, mut screen) = (Ground::default(), FakeScreen { is_held_up: true, ..FakeScreen::default() });
        let line = ground.line(&api);
        let mut interrupts = FakeInterrupts::after(3, Interrupt::Terminate);
        let heard = ground.turns(&line, asker).run(ask("why?"), &mut screen, &mut interrupts).await.unwrap();
        assert_eq!(heard.ending, Ending::Interrupted(Interrupt::Terminate));
        assert!((3..5).contains(&ground.clock.passed().as_secs()));
    }
}

/// An answer without a word, of which only the end of its line is written.
fn whole() -> Script {
    Script::Ends(numbered(0, [begun(), done()]))
}

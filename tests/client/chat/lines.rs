//! A credential that is replaced while a chat goes on.

use netclaw::app::client::chat::conversation::{Conversation, ConversationError, Opening, Over};
use netclaw::app::client::chat::turn::Asker;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::token::BearerToken;
use netclaw::ports::credential_store::CredentialStore;

use super::Ground;
use crate::fakes::chat_api::{
    ChatRequest, Script, ScriptedChatApi, begun, done, numbered, text, unauthorized, unreachable,
};
use crate::fakes::chat_screen::{FakeInterrupts, FakeScreen};
use crate::fakes::samples::{daemon_id, device_id, pairing, rejected, token};

fn new_token() -> BearerToken {
    BearerToken::issue(device_id(1), &[99; 32])
}

/// A device that is paired with a daemon, which accepts only the new credential.
fn ground() -> (Ground, ScriptedChatApi) {
    let ground = Ground::default();
    ground.credentials.save(&pairing(1, &Endpoint::default().to_string()), &token(1)).unwrap();
    let answer = |answer| Script::Ends(numbered(0, [begun(), text(answer), done()]));
    let api = ScriptedChatApi::with([answer("one"), answer("two")]);
    *api.accepted.lock().unwrap() = Some(new_token());
    (ground, api)
}

/// Chats after `meanwhile` has happened to what is stored.
async fn chat(
    ground: &Ground,
    api: &ScriptedChatApi,
    meanwhile: impl FnOnce(&Ground),
) -> (Result<Over, ConversationError>, String) {
    let (mut screen, mut interrupts) = (FakeScreen::entering(&["a", "b"]), FakeInterrupts::default());
    let line = ground.line(api);
    meanwhile(ground);
    let turns = ground.turns(&line, Asker::Person);
    let over = Conversation::new(turns, &mut screen, &mut interrupts).run(Opening::default()).await;
    (over, screen.shown)
}

fn rotated(ground: &Ground) {
    ground.credentials.stage(&daemon_id(1), &new_token()).unwrap();
    ground.credentials.adopt(&daemon_id(1), &new_token()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_chat_goes_on_with_the_credential_that_has_replaced_its_own() {
    let (ground, api) = ground();
    let (over, shown) = chat(&ground, &api, rotated).await;
    assert_eq!((over, shown.as_str()), (Ok(Over::Ended), "[Welcome]one\ntwo\n"));
    let asked = api.requests().into_iter().filter(|request| *request == ChatRequest::Agent).count();
    assert_eq!((asked, api.requests().len()), (2, 5), "only the first request was refused");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_gone_on_with_under_the_new_credential() {
    let (ground, api) = ground();
    *api.accepted.lock().unwrap() = None;
    *api.streams.lock().unwrap() = [
        Script::Breaks(numbered(0, [begun(), text("one ")])),
        Script::Refused(unauthorized()),
        Script::Ends(numbered(2, [text("two"), done()])),
        Script::Refused(unreachable()),
    ]
    .into();
    let (mut screen, mut interrupts) = (FakeScreen::default(), FakeInterrupts::default());
    let line = ground.line(&api);
    rotated(&ground);
    let heard = ground.turns(&line, Asker::Person).run(super::ask("a"), &mut screen, &mut interrupts).await;
    assert_eq!((heard.unwrap().text.as_str(), screen.shown.as_str()), ("one two", "one [lost][restored]two\n"));
    let listen = ChatRequest::Listen { turn: 1, seen: 1 };
    assert_eq!(api.requests()[1..], [listen.clone(), listen]);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_was_interrupted_is_ended_first() {
    let (ground, api) = ground();
    ground.daemon.confirmations.lock().unwrap().push_back(Ok(()));
    let staged = |ground: &Ground| assert!(ground.credentials.stage(&daemon_id(1), &new_token()).unwrap());
    assert_eq!(chat(&ground, &api, staged).await.0, Ok(Over::Ended));
    assert_eq!(ground.credentials.staged(&daemon_id(1)).unwrap().map(|_| ()), None);
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_nothing_has_replaced_is_sent_once() {
    let another = |ground: &Ground| {
        let foreign = pairing(2, &Endpoint::default().to_string());
        ground.credentials.save(&foreign, &new_token()).unwrap();
    };
    let forgotten = |ground: &Ground| ground.credentials.forget(&daemon_id(1)).unwrap();
    let revoked = |ground: &Ground| {
        let rejection = netclaw::ports::daemon_api::Rejection::Unauthorized;
        ground.daemon.confirmations.lock().unwrap().push_back(Err(rejected(rejection)));
        ground.credentials.stage(&daemon_id(1), &new_token()).unwrap();
    };
    let cases: [fn(&Ground); 4] = [|_| {}, another, forgotten, revoked];
    for meanwhile in cases {
        let (ground, api) = ground();
        let over = chat(&ground, &api, meanwhile).await;
        assert_eq!(over, (Err(ConversationError::Chat(unauthorized())), String::new()));
        assert_eq!(api.requests(), [ChatRequest::Agent]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_paired_meanwhile_uses_its_credential() {
    let (ground, api) = ground();
    ground.credentials.forget(&daemon_id(1)).unwrap();
    let paired = |ground: &Ground| {
        ground.credentials.save(&pairing(1, &Endpoint::default().to_string()), &new_token()).unwrap();
    };
    assert_eq!(chat(&ground, &api, paired).await.0, Ok(Over::Ended));
}

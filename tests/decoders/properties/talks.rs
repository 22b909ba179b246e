//! Whole connections about chat: what the agent's server answers to a daemon, a daemon to a device, and a device asks.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use futures_util::StreamExt;
use netclaw::adapters::client::{HttpDaemonApi, Patience};
use netclaw::adapters::file::chat_sessions::FileChatSessions;
use netclaw::adapters::http::listener::Remote;
use netclaw::adapters::openai::{OpenAiAgent, OpenAiConfig};
use netclaw::domain::agent::AgentKind;
use netclaw::domain::chat::conversation::{Role, Utterance};
use netclaw::domain::chat::id::{ChatSessionId, RequestId};
use netclaw::domain::chat::message::Message;
use netclaw::domain::chat::model::ModelName;
use netclaw::domain::chat::name::SessionName;
use netclaw::domain::chat::session::ChatSession;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::link::Link;
use netclaw::domain::provider_key::ProviderKey;
use netclaw::domain::settings::Settings;
use netclaw::domain::time::WallTime;
use netclaw::ports::agent::{AgentError, AgentRequest, Answered, ChatAgent, Listener};
use netclaw::ports::chat_api::{
    Access, ChatApi, ChatError, Numbered, Question, SessionSummary, SessionWish, Speaker, TurnEvent,
};
use netclaw::ports::chat_sessions::ChatSessions;

use super::connections::{Answer, answering, check_answers, conversation};
use super::files::{make_private, scratch, wait};
use super::{is_showable, place};

/// The key that the agent's server is shown. Seeds repeat it.
const KEY: &str = "sk-fuzz-provider-key";

/// The session that is there before anyone asks.
const SESSION: &str = "aaaaaaaaaaaaaaaa";

/// The server that answers whatever a property has it say.
fn server() -> &'static (SocketAddr, Arc<Answer>) {
    static SERVER: OnceLock<(SocketAddr, Arc<Answer>)> = OnceLock::new();
    SERVER.get_or_init(|| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        (listener.local_addr().unwrap(), answering(move || listener.accept().map(|(stream, _)| stream)))
    })
}

/// An answer of this status and media type, which ends with its connection.
fn response(status: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

#[derive(Default)]
struct Hearing(Mutex<String>);

impl Listener for Hearing {
    fn model(&self, _: &ModelName) {}

    fn text(&self, text: &str) {
        self.0.lock().unwrap().push_str(text);
    }

    fn alive(&self) {}
}

/// What the agent's server answers. The first byte chooses how: as a stream, a document or a refusal, or with a head of its own,
/// to a turn or when it is asked for its models.
///
/// What just ends has not been answered, what was heard until then is a part of the answer, and nobody is told the key.
pub fn agent_answer(bytes: &[u8]) {
    let Some((choice, said)) = bytes.split_first() else { return };
    let answer = match choice % 4 {
        0 => said.to_vec(),
        1 => return check_stream(said),
        2 => response("200 OK", "application/json", said),
        _ => response("400 Bad Request", "application/json", said),
    };
    if choice & 4 == 0 {
        drop(heard(&answer));
        return;
    }
    let (agent, _turn) = agent(&answer);
    match wait(agent.models()) {
        Ok(models) => assert!(models.iter().all(|model| is_showable(model.as_str()))),
        Err(error) => check_failure(&error),
    }
}

fn check_stream(said: &[u8]) {
    let stream = |said: &[u8]| heard(&response("200 OK", "text/event-stream", said));
    let says_its_end = |said: &[u8], answered: &Answered| {
        answered.finish_reason.is_some() || String::from_utf8_lossy(said).contains("[DONE]")
    };
    let (text, ended) = stream(said);
    if let Ok(answered) = ended {
        assert!(says_its_end(said, &answered), "{answered:?}");
        let begun = &said[..place(said)];
        let (part, ended) = stream(begun);
        assert!(text.starts_with(&part), "{part:?} is no beginning of {text:?}");
        assert!(ended.is_err() || says_its_end(begun, &ended.unwrap()));
    }
}

/// An agent whose server answers this, for as long as the second value lives.
fn agent(answer: &[u8]) -> (OpenAiAgent, std::sync::MutexGuard<'static, ()>) {
    let (address, told) = server();
    let turn = told.set(answer);
    let base_url = Endpoint::parse(&format!("http://{address}/v1")).unwrap();
    let model = ModelName::parse("m").ok();
    let key = ProviderKey::parse(KEY);
    (OpenAiAgent::new(OpenAiConfig { base_url, model, key, max_output_bytes: 4096 }), turn)
}

/// What is heard of this answer, and how it ended.
fn heard(answer: &[u8]) -> (String, Result<Answered, AgentError>) {
    let (agent, _turn) = agent(answer);
    let message = "hello".to_owned();
    let conversation = vec![Utterance { role: Role::User, content: message.clone() }];
    let session = ChatSessionId::parse(SESSION).unwrap();
    let hearing = Hearing::default();
    let request = AgentRequest { session, device: None, model: None, conversation, message };
    let ended = wait(agent.answer(request, &hearing));
    match &ended {
        Ok(Answered { finish_reason, .. }) => {
            assert!(finish_reason.as_ref().is_none_or(|reason| is_showable(reason) && !reason.contains(KEY)));
        }
        Err(error) => check_failure(error),
    }
    (hearing.0.into_inner().unwrap(), ended)
}

fn check_failure(error: &AgentError) {
    let shown = error.to_string();
    assert!(is_showable(&shown) && shown.len() < 2000 && !shown.contains(KEY), "{shown:?}");
}

/// What a daemon answers to a device about chats. The first byte chooses the request, and whether the head of the answer is the
/// input's too.
pub fn chat_connection(bytes: &[u8]) {
    let Some((choice, said)) = bytes.split_first() else { return };
    let status = if choice % 6 == 3 { "201 Created" } else { "200 OK" };
    let answer = if choice & 128 == 0 { response(status, "application/json", said) } else { said.to_vec() };
    let failed = asked(&answer, async |api, access| match choice % 6 {
        0 => api.agent(access).await.map(|report| {
            assert!(is_showable(&report.kind) && report.model.is_none_or(|model| is_showable(&model)));
        }),
        1 => api.models(access).await.map(|models| assert!(models.iter().all(|model| is_showable(model)))),
        2 => api.sessions(access).await.map(|sessions| sessions.iter().for_each(check_summary)),
        3 => api.create(access, &SessionWish::default()).await.map(|session| check_summary(&session)),
        4 => api.delete(access, "talk").await,
        _ => api.transcript(access, "talk").await.map(|transcript| {
            check_summary(&transcript.session);
            for said in transcript.messages {
                let (Speaker::User { device: name } | Speaker::Agent { model: name, .. }) = said.speaker;
                assert!(name.is_none_or(|name| is_showable(&name)));
            }
        }),
    });
    failed.err().iter().for_each(check_error);
}

fn check_summary(session: &SessionSummary) {
    let SessionSummary { name, model, created_by, preview, .. } = session;
    let texts = [name.as_ref(), model.as_ref(), created_by.as_ref(), Some(preview)];
    assert!(texts.into_iter().flatten().all(|text| is_showable(text)), "{session:?}");
}

fn check_error(error: &ChatError) {
    let shown = error.to_string();
    assert!(is_showable(&shown) && shown.len() < 2000, "{shown:?}");
}

/// Asks a daemon that answers this.
fn asked<T>(answer: &[u8], ask: impl AsyncFnOnce(HttpDaemonApi, Access<'_>) -> T) -> T {
    let (address, told) = server();
    let _turn = told.set(answer);
    let link = Link::of_endpoint(&Endpoint::of_listener(*address));
    wait(ask(HttpDaemonApi::new(Patience::default()), Access { link: &link, token: None }))
}

/// The events of a turn, as a device hears them. Nothing comes after the end, and what is heard of a stream that was cut off is
/// the beginning of what is heard of the whole.
pub fn turn_stream(bytes: &[u8]) {
    let whole = turn(bytes);
    let part = turn(&bytes[..place(bytes)]);
    assert!(whole.starts_with(&part), "{part:?} is no beginning of {whole:?}");
}

fn turn(said: &[u8]) -> Vec<Numbered> {
    let request = RequestId::from_random([1; 16]);
    let question = Question { content: "hello".to_owned(), request, model: None, resumable: true };
    asked(&response("200 OK", "text/event-stream", said), async |api, access| {
        let mut stream = match api.ask(access, "talk", &question).await {
            Ok(stream) => stream,
            Err(error) => {
                check_error(&error);
                return Vec::new();
            }
        };
        let (mut events, mut has_ended) = (Vec::new(), false);
        while let Some(heard) = stream.next().await {
            assert!(!has_ended, "{heard:?} after the end");
            match heard {
                Ok(heard) => {
                    has_ended =
                        matches!(heard.event, TurnEvent::Done { .. } | TurnEvent::Stopped | TurnEvent::Failed { .. });
                    if let TurnEvent::Failed { detail, .. } = &heard.event {
                        assert!(is_showable(detail), "{detail:?}");
                    }
                    events.push(heard);
                }
                Err(error) => {
                    check_error(&error);
                    has_ended = true;
                }
            }
        }
        events
    })
}

/// Says what it is told.
pub(super) struct Echo;

#[async_trait]
impl ChatAgent for Echo {
    fn kind(&self) -> AgentKind {
        AgentKind::Command
    }

    fn model(&self) -> Option<&ModelName> {
        None
    }

    async fn check(&self) -> Result<(), AgentError> {
        Ok(())
    }

    async fn models(&self) -> Result<Vec<ModelName>, AgentError> {
        Ok(Vec::new())
    }

    async fn answer(&self, request: AgentRequest, listener: &dyn Listener) -> Result<Answered, AgentError> {
        listener.text(&request.message);
        Ok(Answered::default())
    }
}

/// What is asked of a daemon's chat, which has one session. The first byte chooses the request; the rest is its body, or ends
/// its path.
///
/// What is granted is what is kept, and nothing else is.
pub fn chat_request(bytes: &[u8]) {
    let Some((choice, said)) = bytes.split_first() else { return };
    let (line, body): (Vec<u8>, &[u8]) = match choice % 5 {
        0 => (b"POST /api/chat/sessions".to_vec(), said),
        1 => (b"PATCH /api/chat/sessions/first".to_vec(), said),
        2 => (b"POST /api/chat/sessions/first/turns".to_vec(), said),
        3 => ([b"GET /api/chat/sessions/", said].concat(), b""),
        _ => ([b"DELETE /api/chat/sessions/", said].concat(), b""),
    };
    let head = format!(
        " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let settings = Settings { mode: ExposureMode::Local, ..Settings::default() };
    let remote = Remote { address: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 40_000), local: None, is_tls: false };
    scratch(|home| {
        make_private(&home.sessions_folder());
        let kept = || FileChatSessions::new(home.sessions_folder());
        wait(kept().create(first())).unwrap();
        let answered = conversation(home, &settings, remote, &[&line, head.as_bytes(), body].concat());
        check_answers(&answered);
        let sessions = wait(kept().list()).unwrap();
        let answered = String::from_utf8_lossy(&answered).into_owned();
        let is_granted = answered.starts_with("HTTP/1.1 20");
        match choice % 5 {
            0 => assert_eq!(sessions.len(), 1 + usize::from(is_granted), "{answered}"),
            1 => {
                let changed = ChatSession { updated_at: first().updated_at, ..sessions[0].clone() };
                assert!(is_granted || changed == first(), "{answered}");
                let name = changed.name.map(|name| format!("\"name\":\"{name}\""));
                assert!(!is_granted || name.is_none_or(|name| answered.contains(&name)), "{answered}");
            }
            2 => check_turn(&wait(kept().read(first().id)).unwrap().unwrap().1, is_granted, &answered),
            // Someone may have ended the head of the request, and begun another one.
            3 => assert!(!sessions.is_empty() || said.contains(&b'\n')),
            _ => assert!(is_granted || !sessions.is_empty() || said.contains(&b'\n'), "{answered}"),
        }
    });
}

fn check_turn(messages: &[Message], is_granted: bool, answered: &str) {
    let [question, answer] = messages else {
        assert!(messages.is_empty() && !is_granted, "{messages:?} {answered}");
        return;
    };
    assert!(is_granted && answered.contains("event: done\n"), "{answered}");
    assert!(question.is_of_user() && !answer.is_of_user() && question.content == answer.content, "{messages:?}");
}

fn first() -> ChatSession {
    let now = WallTime::from_unix_millis(1_700_000_000_000);
    ChatSession {
        id: ChatSessionId::parse(SESSION).unwrap(),
        name: SessionName::parse("first").ok(),
        model: None,
        created_at: now,
        updated_at: now,
        created_by: None,
        preview: String::new(),
        messages: 0,
        turns: 0,
        bytes: 0,
    }
}

//! A daemon's chat routes, whose answers are scripted.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use netclaw::domain::chat::id::ChatSessionId;
use netclaw::domain::token::BearerToken;
use netclaw::ports::chat_api::{
    Access, AgentReport, ChatApi, ChatError, Completion, Numbered, Question, Refusal, SessionSummary, SessionWish,
    Transcript, TurnEvent, TurnStream,
};
use netclaw::ports::daemon_api::{ApiError, Rejection};

use super::samples::WALL;

/// What reached the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatRequest {
    Agent,
    Models,
    Sessions,
    Create(SessionWish),
    Transcript(String),
    Change(String, SessionWish),
    Delete(String),
    Ask { key: String, question: Question },
    Listen { turn: u64, seen: u64 },
    Stop(u64),
}

/// How one stream goes.
pub enum Script {
    /// It does not begin.
    Refused(ChatError),
    /// These events, and then its end.
    Ends(Vec<Numbered>),
    /// These events, and then nothing more.
    Hangs(Vec<Numbered>),
    /// These events, and then the connection is lost.
    Breaks(Vec<Numbered>),
}

/// Gives the scripts and answers of each queue in order.
#[derive(Default)]
pub struct ScriptedChatApi {
    pub streams: Mutex<VecDeque<Script>>,
    pub created: Mutex<VecDeque<Result<SessionSummary, ChatError>>>,
    pub transcripts: Mutex<VecDeque<Result<Transcript, ChatError>>>,
    pub agents: Mutex<VecDeque<Result<AgentReport, ChatError>>>,
    pub sessions: Mutex<Vec<SessionSummary>>,
    pub requests: Mutex<Vec<ChatRequest>>,
    /// The only credential that is good, if there is one.
    pub accepted: Mutex<Option<BearerToken>>,
}

impl ScriptedChatApi {
    pub fn with(streams: impl IntoIterator<Item = Script>) -> Self {
        Self { streams: Mutex::new(streams.into_iter().collect()), ..Self::default() }
    }

    pub fn requests(&self) -> Vec<ChatRequest> {
        self.requests.lock().unwrap().clone()
    }

    fn admit(&self, access: Access<'_>, request: ChatRequest) -> Result<(), ChatError> {
        self.requests.lock().unwrap().push(request);
        match (&*self.accepted.lock().unwrap(), access.token) {
            (None, _) => Ok(()),
            (Some(accepted), Some(token)) if accepted.is_same(token) => Ok(()),
            (Some(_), _) => Err(unauthorized()),
        }
    }

    fn next_stream(&self) -> Result<TurnStream, ChatError> {
        let script = self.streams.lock().unwrap().pop_front();
        let events = |events: Vec<Numbered>| stream::iter(events.into_iter().map(Ok));
        Ok(match script.unwrap_or_else(|| Script::Refused(unreachable())) {
            Script::Refused(error) => return Err(error),
            Script::Ends(all) => events(all).boxed(),
            Script::Hangs(all) => events(all).chain(stream::pending()).boxed(),
            Script::Breaks(all) => events(all).chain(stream::once(async { Err(unreachable()) })).boxed(),
        })
    }
}

pub fn unreachable() -> ChatError {
    ChatError::Api(ApiError::Unreachable { cause: "connection refused".to_owned() })
}

pub fn unauthorized() -> ChatError {
    ChatError::Api(ApiError::Rejected { why: Rejection::Unauthorized, detail: "no".to_owned() })
}

pub fn lost() -> ChatError {
    ChatError::Lost { cause: "the connection was broken off".to_owned() }
}

pub fn refused(why: Refusal) -> ChatError {
    ChatError::Refused { why, detail: "the daemon says no".to_owned() }
}

pub fn session_id() -> ChatSessionId {
    ChatSessionId::from_random([7; 10])
}

pub fn session(name: Option<&str>) -> SessionSummary {
    SessionSummary {
        id: session_id(),
        name: name.map(str::to_owned),
        model: None,
        created_at: WALL,
        updated_at: WALL,
        message_count: 0,
        created_by: None,
        preview: String::new(),
    }
}

/// The events of a turn, numbered from this one on.
pub fn numbered(first: u64, events: impl IntoIterator<Item = TurnEvent>) -> Vec<Numbered> {
    events.into_iter().zip(first..).map(|(event, number)| Numbered { number, event }).collect()
}

pub fn begun() -> TurnEvent {
    TurnEvent::Begun { session: session_id(), turn: 1 }
}

pub fn text(text: &str) -> TurnEvent {
    TurnEvent::Text(text.to_owned())
}

pub fn done() -> TurnEvent {
    TurnEvent::Done(Completion::default())
}

#[async_trait]
impl ChatApi for ScriptedChatApi {
    async fn agent(&self, access: Access<'_>) -> Result<AgentReport, ChatError> {
        self.admit(access, ChatRequest::Agent)?;
        let usual = AgentReport { kind: "command".to_owned(), model: None };
        self.agents.lock().unwrap().pop_front().unwrap_or(Ok(usual))
    }

    async fn models(&self, access: Access<'_>) -> Result<Vec<String>, ChatError> {
        self.admit(access, ChatRequest::Models)?;
        Ok(vec!["small".to_owned(), "large".to_owned()])
    }

    async fn sessions(&self, access: Access<'_>) -> Result<Vec<SessionSummary>, ChatError> {
        self.admit(access, ChatRequest::Sessions)?;
        Ok(self.sessions.lock().unwrap().clone())
    }

    async fn create(&self, access: Access<'_>, wish: &SessionWish) -> Result<SessionSummary, ChatError> {
        self.admit(access, ChatRequest::Create(wish.clone()))?;
        self.created.lock().unwrap().pop_front().unwrap_or_else(|| Ok(session(wish.name.as_deref())))
    }

    async fn transcript(&self, access: Access<'_>, key: &str) -> Result<Transcript, ChatError> {
        self.admit(access, ChatRequest::Transcript(key.to_owned()))?;
        let none = || Err(refused(Refusal::NoSession));
        self.transcripts.lock().unwrap().pop_front().unwrap_or_else(none)
    }

    async fn change(&self, access: Access<'_>, key: &str, wish: &SessionWish) -> Result<SessionSummary, ChatError> {
        self.admit(access, ChatRequest::Change(key.to_owned(), wish.clone()))?;
        Ok(session(wish.name.as_deref()))
    }

    async fn delete(&self, access: Access<'_>, key: &str) -> Result<(), ChatError> {
        self.admit(access, ChatRequest::Delete(key.to_owned()))?;
        Ok(())
    }

    async fn ask(&self, access: Access<'_>, key: &str, question: &Question) -> Result<TurnStream, ChatError> {
        self.admit(access, ChatRequest::Ask { key: key.to_owned(), question: question.clone() })?;
        self.next_stream()
    }

    async fn listen(
        &self,
        access: Access<'_>,
        _: ChatSessionId,
        turn: u64,
        seen: u64,
    ) -> Result<TurnStream, ChatError> {
        self.admit(access, ChatRequest::Listen { turn, seen })?;
        self.next_stream()
    }

    async fn stop(&self, access: Access<'_>, _: ChatSessionId, turn: u64) -> Result<(), ChatError> {
        self.admit(access, ChatRequest::Stop(turn))?;
        Ok(())
    }
}

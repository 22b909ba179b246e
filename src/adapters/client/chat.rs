//! The chat routes of a daemon.

use std::borrow::Cow;
use std::time::Duration;

use async_trait::async_trait;
use http::header::ACCEPT;
use http::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{RequestBuilder, Response};
use serde::de::DeserializeOwned;

use super::answer::{self, not_a_daemon};
use super::{HttpDaemonApi, Patience, authorized, cause, documents, turn_stream};
use crate::adapters::wire::chat::{
    AgentForm, AskForm, MessageForm, ModelsForm, SessionChangeForm, SessionForm, SessionsForm, TranscriptForm,
};
use crate::adapters::wire::events::{LAST_EVENT_ID, MEDIA_TYPE};
use crate::domain::chat::id::ChatSessionId;
use crate::domain::chat::message::Outcome;
use crate::domain::text::shown_safely;
use crate::ports::chat_api::{
    Access, AgentReport, ChatApi, ChatError, Question, Refusal, Said, SessionSummary, SessionWish, Speaker, Transcript,
    TurnStream,
};
use crate::ports::daemon_api::ApiError;

/// Largest list that is read, in bytes: a thousand sessions, with names and previews that JSON may have to escape.
const MAX_LIST_BYTES: usize = 8 * 1024 * 1024;

/// Largest conversation that is read, in bytes: a daemon lets no turn begin beyond 4 MiB, and the last answer has 64 MiB at
/// most.
const MAX_TRANSCRIPT_BYTES: usize = 80 * 1024 * 1024;

/// How long a list or a conversation may take to arrive, as long as something comes all the time: enough for 4 MiB over a
/// line of 56 kbit/s.
const LONGEST_DOCUMENT: Duration = Duration::from_secs(600);

/// Where sessions are.
const SESSIONS: &str = "/api/chat/sessions";

#[async_trait]
impl ChatApi for HttpDaemonApi {
    async fn agent(&self, access: Access<'_>) -> Result<AgentReport, ChatError> {
        let form: AgentForm = self.fetch(self.chat(Method::GET, access, "/api/agent")?, StatusCode::OK).await?;
        Ok(AgentReport { kind: shown_safely(&form.kind), model: form.model.as_deref().map(shown_safely) })
    }

    async fn models(&self, access: Access<'_>) -> Result<Vec<String>, ChatError> {
        let request = self.chat(Method::GET, access, "/api/agent/models")?;
        let form: ModelsForm = self.fetch(request, StatusCode::OK).await?;
        Ok(form.models.iter().map(|model| shown_safely(model)).collect())
    }

    async fn sessions(&self, access: Access<'_>) -> Result<Vec<SessionSummary>, ChatError> {
        let form: SessionsForm = self.fetch_long(self.chat(Method::GET, access, SESSIONS)?, MAX_LIST_BYTES).await?;
        form.sessions.into_iter().map(summary).collect()
    }

    async fn create(&self, access: Access<'_>, wish: &SessionWish) -> Result<SessionSummary, ChatError> {
        let request = self.chat(Method::POST, access, SESSIONS)?.json(&change(wish));
        summary(self.fetch(request, StatusCode::CREATED).await?)
    }

    async fn transcript(&self, access: Access<'_>, key: &str) -> Result<Transcript, ChatError> {
        let request = self.chat(Method::GET, access, &session(key)?)?;
        let form: TranscriptForm = self.fetch_long(request, MAX_TRANSCRIPT_BYTES).await?;
        let messages = form.messages.into_iter().map(said).collect::<Option<_>>().ok_or_else(documents::foreign)?;
        Ok(Transcript { session: summary(form.session)?, messages })
    }

    async fn change(&self, access: Access<'_>, key: &str, wish: &SessionWish) -> Result<SessionSummary, ChatError> {
        let request = self.chat(Method::PATCH, access, &session(key)?)?.json(&change(wish));
        summary(self.fetch(request, StatusCode::OK).await?)
    }

    async fn delete(&self, access: Access<'_>, key: &str) -> Result<(), ChatError> {
        self.end(self.chat(Method::DELETE, access, &session(key)?)?).await
    }

    async fn ask(&self, access: Access<'_>, key: &str, question: &Question) -> Result<TurnStream, ChatError> {
        let Question { content, request, model, resumable } = question;
        let request_id = request.as_str().to_owned();
        let form = AskForm { content: content.clone(), request_id, model: model.clone(), resumable: *resumable };
        let request = self.chat(Method::POST, access, &(session(key)? + "/turns"))?.json(&form);
        self.stream(request).await
    }

    async fn listen(
        &self,
        access: Access<'_>,
        session: ChatSessionId,
        turn: u64,
        seen: u64,
    ) -> Result<TurnStream, ChatError> {
        let request = self.chat(Method::GET, access, &turn_path(session, turn))?;
        self.stream(request.header(LAST_EVENT_ID, seen)).await
    }

    async fn stop(&self, access: Access<'_>, session: ChatSessionId, turn: u64) -> Result<(), ChatError> {
        self.end(self.chat(Method::DELETE, access, &turn_path(session, turn))?).await
    }
}

impl HttpDaemonApi {
    fn chat(&self, method: Method, access: Access<'_>, path: &str) -> Result<RequestBuilder, ApiError> {
        // What is said in a chat is worth as much as a token.
        access.link.check()?;
        let request = self.request(method, access.link, path)?;
        match access.token {
            Some(token) => authorized(request, access.link, token),
            None => Ok(request),
        }
    }

    async fn fetch<T: DeserializeOwned>(&self, request: RequestBuilder, expected: StatusCode) -> Result<T, ChatError> {
        self.document(request, expected, MAX_LIST_BYTES, self.patience).await
    }

    /// What may be large, and come slowly.
    async fn fetch_long<T: DeserializeOwned>(&self, request: RequestBuilder, limit: usize) -> Result<T, ChatError> {
        let patience = Patience { answer: LONGEST_DOCUMENT, ..self.patience };
        self.document(request, StatusCode::OK, limit, patience).await
    }

    async fn document<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        expected: StatusCode,
        limit: usize,
        patience: Patience,
    ) -> Result<T, ChatError> {
        let response = self.begun(request.timeout(patience.answer), expected).await?;
        let answer = answer::read_up_to(response, limit, patience).await?;
        Ok(serde_json::from_slice(answer.json(expected)?).map_err(|_| documents::foreign())?)
    }

    /// The beginning of an answer with the expected status. Every other answer is read, and is over, in the time that a
    /// beginning may take.
    async fn begun(&self, request: RequestBuilder, expected: StatusCode) -> Result<Response, ChatError> {
        let begun = async {
            let response = request.send().await.map_err(|error| lost(&error, cause::of(&error, self.patience)))?;
            if response.status() == expected {
                return Ok(response);
            }
            let answer = answer::read(response, self.patience).await?;
            answer.refusal().map_or(Ok(()), Err)?;
            answer.empty(expected)?;
            Err(documents::foreign().into())
        };
        match tokio::time::timeout(self.patience.answer, begun).await {
            Ok(begun) => begun,
            Err(_) => {
                let cause = format!("no answer within {} seconds", self.patience.answer.as_secs_f64());
                Err(ChatError::Lost { cause })
            }
        }
    }

    async fn end(&self, request: RequestBuilder) -> Result<(), ChatError> {
        let answer = self.send(request).await?;
        answer.refusal().map_or(Ok(()), Err)?;
        Ok(answer.empty(StatusCode::NO_CONTENT)?)
    }

    async fn stream(&self, request: RequestBuilder) -> Result<TurnStream, ChatError> {
        let request = request.header(ACCEPT, MEDIA_TYPE).timeout(turn_stream::LONGEST);
        let response = self.begun(request, StatusCode::OK).await?;
        if !answer::is_of(response.headers(), MEDIA_TYPE) {
            return Err(not_a_daemon("its answer is no stream of events".to_owned()).into());
        }
        Ok(turn_stream::of(response, self.patience))
    }
}

/// A request that has left is another matter than one that could not.
fn lost(error: &reqwest::Error, meant: ApiError) -> ChatError {
    match meant {
        ApiError::Unreachable { cause } if !error.is_connect() => ChatError::Lost { cause },
        other => ChatError::Api(other),
    }
}

/// The path of a session. Dots alone would lead elsewhere, however they are written.
fn session(key: &str) -> Result<String, ChatError> {
    if matches!(key.trim(), "" | "." | "..") {
        return Err(ChatError::Refused { why: Refusal::NoSession, detail: "there is no such session".to_owned() });
    }
    let key: Cow<'_, str> = utf8_percent_encode(key.trim(), NON_ALPHANUMERIC).into();
    Ok(format!("{SESSIONS}/{key}"))
}

fn turn_path(session: ChatSessionId, turn: u64) -> String {
    format!("{SESSIONS}/{session}/turns/{turn}")
}

fn change(wish: &SessionWish) -> SessionChangeForm {
    SessionChangeForm { name: wish.name.clone(), model: wish.model.clone() }
}

fn summary(form: SessionForm) -> Result<SessionSummary, ChatError> {
    let shown = |text: Option<String>| text.map(|text| shown_safely(&text));
    Ok(SessionSummary {
        id: ChatSessionId::parse(&form.id).ok_or_else(documents::foreign)?,
        name: shown(form.name),
        model: shown(form.model),
        created_at: form.created_at,
        updated_at: form.updated_at,
        message_count: form.message_count,
        created_by: shown(form.created_by),
        preview: shown_safely(&form.preview),
    })
}

/// `None` for a role that we do not know.
fn said(form: MessageForm) -> Option<Said> {
    let shown = |text: Option<String>| text.map(|text| shown_safely(&text));
    let outcome = match form.outcome.as_deref() {
        None => None,
        Some("stopped") => Some(Outcome::Stopped),
        Some(_) => Some(Outcome::Failed),
    };
    let speaker = match form.role.as_str() {
        "user" => Speaker::User { device: shown(form.device) },
        "assistant" => Speaker::Agent { model: shown(form.model), outcome },
        _ => return None,
    };
    Some(Said { speaker, content: form.content, at: form.at })
}

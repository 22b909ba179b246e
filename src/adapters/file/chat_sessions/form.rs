//! How a session is spelled in its file: one JSON object a line, the first with the version.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::adapters::wire::moment;
use crate::domain::chat::id::{ChatSessionId, RequestId};
use crate::domain::chat::message::{Message, Outcome, Speaker};
use crate::domain::chat::model::ModelName;
use crate::domain::chat::name::SessionName;
use crate::domain::chat::session::ChatSession;
use crate::domain::device_name::DeviceName;
use crate::domain::time::WallTime;

/// The version that this program reads and writes.
const VERSION: u64 = 1;

/// Why a file is no session.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum FormError {
    /// A newer program wrote it.
    #[error("its version is {0}, and this netclaw knows version {VERSION} only")]
    Version(u64),
    /// A line is not what it should be.
    #[error("line {0} is not valid")]
    Line(usize),
    /// Not even the first line is whole.
    #[error("it has no beginning")]
    Empty,
}

/// A file that was read.
pub(super) struct Stored {
    pub(super) session: ChatSession,
    pub(super) messages: Vec<Message>,
    /// How often it says that its name or model has changed.
    pub(super) changes: usize,
    /// Bytes of its whole lines. What comes after them was cut off while it was written.
    pub(super) length: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Line {
    /// The first one.
    Session {
        version: u64,
        id: String,
        #[serde(flatten)]
        terms: TermsForm,
        created_by: Option<String>,
    },
    /// What the session is called and held with from here on.
    Change(TermsForm),
    User {
        content: String,
        #[serde(with = "moment")]
        at: WallTime,
        device: Option<String>,
        request_id: String,
    },
    Assistant {
        content: String,
        #[serde(with = "moment")]
        at: WallTime,
        model: Option<String>,
        outcome: Option<OutcomeForm>,
    },
}

#[derive(Serialize, Deserialize)]
struct TermsForm {
    name: Option<String>,
    model: Option<String>,
    #[serde(with = "moment")]
    at: WallTime,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum OutcomeForm {
    Stopped,
    Failed,
}

/// The first line of a new session's file.
pub(super) fn beginning(session: &ChatSession) -> Vec<u8> {
    let created_by = session.created_by.as_ref().map(ToString::to_string);
    line(&Line::Session { version: VERSION, id: session.id.to_string(), terms: terms(session), created_by })
}

/// The line that says what a session is called and held with.
pub(super) fn change(session: &ChatSession) -> Vec<u8> {
    line(&Line::Change(terms(session)))
}

/// The line of a message.
pub(super) fn message(message: &Message) -> Vec<u8> {
    let (content, at) = (message.content.clone(), message.at);
    line(&match &message.speaker {
        Speaker::User { device, request } => Line::User {
            content,
            at,
            device: device.as_ref().map(ToString::to_string),
            request_id: request.as_str().to_owned(),
        },
        Speaker::Agent { model, outcome } => Line::Assistant {
            content,
            at,
            model: model.as_ref().map(ToString::to_string),
            outcome: outcome.map(Into::into),
        },
    })
}

/// Reads the file of the session `id`. A last line without its end is left out.
///
/// # Errors
///
/// [`FormError`].
pub(super) fn read(id: ChatSessionId, content: &[u8]) -> Result<Stored, FormError> {
    let length = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end.saturating_add(1));
    let whole = content.get(..length).unwrap_or_default();
    let mut lines = whole.split_inclusive(|byte| *byte == b'\n').enumerate();
    let (_, first) = lines.next().ok_or(FormError::Empty)?;
    let mut session = begun(id, first)?;
    let (mut messages, mut changes) = (Vec::new(), 0_usize);
    for (index, text) in lines {
        let damaged = || FormError::Line(index.saturating_add(1));
        match serde_json::from_slice(text).map_err(|_| damaged())? {
            Line::Session { .. } => return Err(damaged()),
            Line::Change(terms) => {
                (session.name, session.model) = terms.read().ok_or_else(damaged)?;
                session.updated_at = terms.at;
                changes = changes.saturating_add(1);
            }
            said => {
                let message = said_in(said).ok_or_else(damaged)?;
                session = session.with(&message);
                messages.push(message);
            }
        }
    }
    Ok(Stored { session, messages, changes, length: length as u64 })
}

/// The same whole lines, without those changes that a later one has made void. They are read as the same.
pub(super) fn without_void_changes(content: &[u8]) -> Vec<u8> {
    let is_change = |line: &&[u8]| Glance::at(line).is_some_and(|line| line.kind == "change");
    let lines = || content.split_inclusive(|byte| *byte == b'\n');
    let mut void = lines().filter(is_change).count().saturating_sub(1);
    let is_kept = |line: &&[u8]| {
        let is_void = void > 0 && is_change(line);
        void = void.saturating_sub(usize::from(is_void));
        !is_void
    };
    lines().filter(is_kept).flatten().copied().collect()
}

/// What a session is called whose file is damaged, as far as that can be read.
pub(super) fn name_in_damaged(content: &[u8]) -> Option<SessionName> {
    let mut latest_first = content.rsplit(|byte| *byte == b'\n').filter_map(Glance::at);
    let terms = latest_first.find(|line| matches!(line.kind.as_ref(), "session" | "change"))?;
    SessionName::parse(&terms.name?).ok()
}

/// What a line is, and the name in it.
#[derive(Deserialize)]
struct Glance<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    name: Option<String>,
}

impl<'a> Glance<'a> {
    fn at(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
}

fn begun(expected: ChatSessionId, first: &[u8]) -> Result<ChatSession, FormError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u64,
    }
    let found = serde_json::from_slice::<Versioned>(first).map_err(|_| FormError::Line(1))?.version;
    if found != VERSION {
        return Err(FormError::Version(found));
    }
    let Ok(Line::Session { id, terms, created_by, .. }) = serde_json::from_slice(first) else {
        return Err(FormError::Line(1));
    };
    let id = ChatSessionId::parse(&id).filter(|id| *id == expected).ok_or(FormError::Line(1))?;
    let (name, model) = terms.read().ok_or(FormError::Line(1))?;
    let created_by = optional(created_by, |name| DeviceName::parse(name).ok()).ok_or(FormError::Line(1))?;
    Ok(ChatSession {
        id,
        name,
        model,
        created_at: terms.at,
        updated_at: terms.at,
        created_by,
        preview: String::new(),
        messages: 0,
        turns: 0,
        bytes: 0,
    })
}

fn said_in(line: Line) -> Option<Message> {
    Some(match line {
        Line::User { content, at, device, request_id } => {
            let device = optional(device, |name| DeviceName::parse(name).ok())?;
            let speaker = Speaker::User { device, request: RequestId::parse(&request_id)? };
            Message { speaker, content, at }
        }
        Line::Assistant { content, at, model, outcome } => {
            let model = optional(model, |name| ModelName::parse(name).ok())?;
            Message { speaker: Speaker::Agent { model, outcome: outcome.map(Into::into) }, content, at }
        }
        Line::Session { .. } | Line::Change(_) => return None,
    })
}

fn terms(session: &ChatSession) -> TermsForm {
    let (name, model) = (session.name.as_ref(), session.model.as_ref());
    TermsForm { name: name.map(ToString::to_string), model: model.map(ToString::to_string), at: session.updated_at }
}

impl TermsForm {
    fn read(&self) -> Option<(Option<SessionName>, Option<ModelName>)> {
        let name = optional(self.name.as_deref(), |name| SessionName::parse(name).ok())?;
        Some((name, optional(self.model.as_deref(), |name| ModelName::parse(name).ok())?))
    }
}

/// A field that may be null, but must make sense if it is not.
fn optional<T>(field: Option<impl AsRef<str>>, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    field.map_or(Some(None), |text| read(text.as_ref()).map(Some))
}

/// JSON has no line end within a value.
fn line(form: &Line) -> Vec<u8> {
    // Nothing here is a map with keys of its own, so this cannot fail.
    let mut line = serde_json::to_vec(form).unwrap_or_default();
    line.push(b'\n');
    line
}

impl From<Outcome> for OutcomeForm {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Stopped => Self::Stopped,
            Outcome::Failed => Self::Failed,
        }
    }
}

impl From<OutcomeForm> for Outcome {
    fn from(form: OutcomeForm) -> Self {
        match form {
            OutcomeForm::Stopped => Self::Stopped,
            OutcomeForm::Failed => Self::Failed,
        }
    }
}

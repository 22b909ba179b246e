//! Chat sessions, and what was said in them.

use serde::Serialize;

use super::{table, time};
use crate::adapters::wire::chat::{MessageForm, SessionForm, SessionsForm, TranscriptForm};
use crate::domain::chat::id::ChatSessionId;
use crate::domain::chat::message::Outcome;
use crate::domain::terminal_text::PlainText;
use crate::ports::chat_api::{Said, SessionSummary, Speaker, Transcript};

/// Characters of a preview in a table.
const PREVIEW_CHARS: usize = 40;

/// A table in local time, the current one marked; or a sentence when there are none.
pub fn lines(all: &[SessionSummary], current: Option<ChatSessionId>) -> Vec<String> {
    if all.is_empty() {
        return vec!["No chat sessions.".to_owned()];
    }
    let row = |session: &SessionSummary| {
        let mark = if current == Some(session.id) { "*" } else { "" };
        let id = format!("{mark}{}", session.id);
        let name = session.name.clone().unwrap_or_else(|| "-".to_owned());
        let updated_at = time::local_date_and_time(session.updated_at);
        vec![id, name, session.message_count.to_string(), updated_at, preview(&session.preview)]
    };
    table::lines(&["Id", "Name", "Messages", "Last Used", "Begins"], all.iter().map(row))
}

fn preview(text: &str) -> String {
    let cut: String = text.chars().take(PREVIEW_CHARS).collect();
    if text.chars().nth(PREVIEW_CHARS).is_some() { cut + "…" } else { cut }
}

/// What is known of a session, and then every message below who said it, and when.
pub fn transcript_lines(transcript: &Transcript) -> Vec<String> {
    let Transcript { session, messages } = transcript;
    let label = match &session.name {
        Some(name) => format!("{name} ({})", session.id),
        None => session.id.to_string(),
    };
    let by = session.created_by.as_ref().map(|device| format!(" by {device}")).unwrap_or_default();
    let mut lines =
        vec![format!("Session: {label}"), format!("Began: {}{by}", time::local_date_and_time(session.created_at))];
    lines.extend(session.model.as_ref().map(|model| format!("Model: {model}")));
    lines.push(format!("Messages: {}", messages.len()));
    for said in messages {
        lines.push(String::new());
        lines.push(format!("{} {}:", time::local_date_and_time(said.at), speaker(&said.speaker)));
        lines.extend(PlainText::of(&said.content).as_str().lines().map(str::to_owned));
    }
    lines
}

fn speaker(speaker: &Speaker) -> String {
    match speaker {
        Speaker::User { device } => device.clone().unwrap_or_else(|| "this machine".to_owned()),
        Speaker::Agent { model, outcome: ending } => {
            let agent = model.as_deref().unwrap_or("agent");
            ending.map_or_else(|| agent.to_owned(), |ending| format!("{agent} {}", outcome(ending)))
        }
    }
}

/// How an answer ended that is not whole.
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Stopped => "(stopped)",
        Outcome::Failed => "(failed)",
    }
}

/// `{"sessions":[{"id","name","model","createdAt","updatedAt","messageCount","createdBy","preview"}]}`
pub fn list_document(all: Vec<SessionSummary>) -> impl Serialize {
    SessionsForm { sessions: all.into_iter().map(session_form).collect() }
}

/// The members of a session, and `"messages":[{"role","content","at","device","model","outcome"}]`.
pub fn transcript_document(transcript: Transcript) -> impl Serialize {
    let messages = transcript.messages.into_iter().map(message_form).collect();
    TranscriptForm { session: session_form(transcript.session), messages }
}

fn session_form(session: SessionSummary) -> SessionForm {
    SessionForm {
        id: session.id.to_string(),
        name: session.name,
        model: session.model,
        created_at: session.created_at,
        updated_at: session.updated_at,
        message_count: session.message_count,
        created_by: session.created_by,
        preview: session.preview,
    }
}

fn message_form(said: Said) -> MessageForm {
    let Said { speaker, content, at } = said;
    let (role, device, model, outcome) = match speaker {
        Speaker::User { device } => ("user", device, None, None),
        Speaker::Agent { model, outcome } => ("assistant", None, model, outcome),
    };
    let outcome = outcome.map(|outcome| match outcome {
        Outcome::Stopped => "stopped".to_owned(),
        Outcome::Failed => "failed".to_owned(),
    });
    MessageForm { role: role.to_owned(), content, at, device, model, outcome }
}

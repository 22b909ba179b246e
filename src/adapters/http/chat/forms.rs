//! What is said of sessions, and asked of them, in JSON.

use serde::{Deserialize, Deserializer};

use super::super::problem::Problem;
use crate::adapters::wire::chat::{MessageForm, SessionForm, TranscriptForm};
use crate::app::daemon::chat::NewSession;
use crate::domain::chat::conversation::Role;
use crate::domain::chat::message::{Message, Outcome, Speaker};
use crate::domain::chat::model::ModelName;
use crate::domain::chat::name::SessionName;
use crate::domain::chat::session::{ChatSession, SessionChange};

/// What a session is to be from now on. A value that is absent stays as it is, one that is null is taken away.
#[derive(Deserialize)]
pub(super) struct WishForm {
    #[serde(default, deserialize_with = "present")]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    model: Option<Option<String>>,
}

/// A value that is there, though it may be null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl WishForm {
    /// What changes.
    ///
    /// # Errors
    ///
    /// A [`Problem`] for what is no name of a session, or of a model.
    pub(super) fn read(self) -> Result<SessionChange, Problem> {
        let name = |name: Option<String>| name.map(|name| SessionName::parse(&name)).transpose();
        let model = |model: Option<String>| model.map(|model| ModelName::parse(&model)).transpose();
        Ok(SessionChange { name: self.name.map(name).transpose()?, model: self.model.map(model).transpose()? })
    }

    /// What a new session is to be.
    ///
    /// # Errors
    ///
    /// As for [`WishForm::read`].
    pub(super) fn read_new(self) -> Result<NewSession, Problem> {
        let SessionChange { name, model } = self.read()?;
        Ok(NewSession { name: name.flatten(), model: model.flatten() })
    }
}

/// A session without what was said.
pub(super) fn session(session: &ChatSession) -> SessionForm {
    SessionForm {
        id: session.id.to_string(),
        name: session.name.as_ref().map(ToString::to_string),
        model: session.model.as_ref().map(ToString::to_string),
        created_at: session.created_at,
        updated_at: session.updated_at,
        message_count: session.messages as u64,
        created_by: session.created_by.as_ref().map(ToString::to_string),
        preview: session.preview.clone(),
    }
}

/// A session with all that was said.
pub(super) fn transcript(found: &ChatSession, messages: Vec<Message>) -> TranscriptForm {
    TranscriptForm { session: session(found), messages: messages.into_iter().map(message).collect() }
}

fn message(message: Message) -> MessageForm {
    let Message { speaker, content, at } = message;
    let (role, device, model, outcome) = match speaker {
        Speaker::User { device, .. } => (Role::User, device, None, None),
        Speaker::Agent { model, outcome } => (Role::Assistant, None, model, outcome),
    };
    MessageForm {
        role: role.name().to_owned(),
        content,
        at,
        device: device.map(|name| name.to_string()),
        model: model.map(|name| name.to_string()),
        outcome: outcome.map(|outcome| word(outcome).to_owned()),
    }
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Stopped => "stopped",
        Outcome::Failed => "failed",
    }
}

//! The documents of the OpenAI API, as far as servers agree on them.

use serde::{Deserialize, Serialize};

use crate::domain::chat::conversation::Utterance;
use crate::ports::agent::Usage;

/// `POST /chat/completions`.
#[derive(Serialize)]
pub(super) struct ChatForm<'a> {
    model: &'a str,
    messages: Vec<MessageForm<'a>>,
    stream: bool,
    stream_options: StreamOptions,
}

#[derive(Serialize)]
struct MessageForm<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// One piece of a streamed answer, or all of one that is not: they differ in where the text is.
#[derive(Deserialize)]
pub(super) struct PieceForm {
    choices: Option<Vec<ChoiceForm>>,
    usage: Option<UsageForm>,
    error: Option<ErrorForm>,
}

#[derive(Deserialize)]
struct ChoiceForm {
    delta: Option<TextForm>,
    message: Option<TextForm>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct TextForm {
    content: Option<ContentForm>,
}

/// The text, or its parts. What is no text is left out.
#[derive(Deserialize)]
#[serde(untagged)]
enum ContentForm {
    Text(String),
    Parts(Vec<PartForm>),
}

#[derive(Deserialize)]
struct PartForm {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct UsageForm {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    total_tokens: Option<u64>,
}

/// `GET /models`.
#[derive(Deserialize)]
pub(super) struct ModelsForm {
    #[serde(default)]
    pub(super) data: Vec<ModelForm>,
}

#[derive(Deserialize)]
pub(super) struct ModelForm {
    pub(super) id: String,
}

/// What servers put into an error: OpenAI's object with a message, or a text alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum ErrorForm {
    Object { message: String },
    Text(String),
    Other(serde::de::IgnoredAny),
}

/// The body of a refusal: OpenAI's shape, and those of frameworks that servers are made with.
#[derive(Deserialize)]
struct RefusalForm {
    error: Option<ErrorForm>,
    message: Option<String>,
    detail: Option<ErrorForm>,
}

impl<'a> ChatForm<'a> {
    /// Asks `model` for the next words of a conversation, as they come.
    pub(super) fn of(model: &'a str, conversation: &'a [Utterance]) -> Self {
        let message = |said: &'a Utterance| MessageForm { role: said.role.name(), content: &said.content };
        let messages = conversation.iter().map(message).collect();
        Self { model, messages, stream: true, stream_options: StreamOptions { include_usage: true } }
    }
}

impl PieceForm {
    /// The text of the first choice; there are no others, because none were asked for.
    pub(super) fn text(&self) -> String {
        let choice = self.choices.iter().flatten().next();
        let text = choice.and_then(|choice| choice.delta.as_ref().or(choice.message.as_ref()));
        match text.and_then(|text| text.content.as_ref()) {
            Some(ContentForm::Text(text)) => text.clone(),
            Some(ContentForm::Parts(parts)) => parts.iter().map(|part| part.text.as_str()).collect(),
            None => String::new(),
        }
    }

    /// Why the answer ended, if it has, in the server's words. Not safe to show.
    pub(super) fn finish_reason(&self) -> Option<&str> {
        let mut reasons = self.choices.iter().flatten().filter_map(|choice| choice.finish_reason.as_deref());
        // Some servers send an empty one with every piece.
        reasons.find(|reason| !reason.is_empty())
    }

    /// What it cost, if that is said here.
    pub(super) fn usage(&self) -> Option<Usage> {
        let UsageForm { prompt_tokens, completion_tokens, total_tokens } = *self.usage.as_ref()?;
        let total_tokens = total_tokens.unwrap_or_else(|| prompt_tokens.saturating_add(completion_tokens));
        Some(Usage { prompt_tokens, completion_tokens, total_tokens })
    }

    /// What went wrong, if something did, in the server's words. Not safe to show.
    pub(super) fn error(&self) -> Option<&str> {
        self.error.as_ref().map(ErrorForm::words)
    }

    /// Whether it has anything of an answer.
    pub(super) const fn is_answer(&self) -> bool {
        self.choices.is_some()
    }
}

impl ErrorForm {
    fn words(&self) -> &str {
        match self {
            Self::Object { message } | Self::Text(message) => message,
            Self::Other(_) => "an error that it does not describe",
        }
    }
}

/// What a refusal says of its reason. Not safe to show.
pub(super) fn refusal(body: &[u8]) -> Option<String> {
    let form: RefusalForm = serde_json::from_slice(body).ok()?;
    let words = form.error.as_ref().or(form.detail.as_ref()).map(ErrorForm::words).or(form.message.as_deref())?;
    Some(words.to_owned())
}

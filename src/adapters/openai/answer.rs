//! Hearing an answer, however the server sends it.

use ::http::header::CONTENT_TYPE;
use reqwest::Response;

use super::form::{PieceForm, refusal};
use super::http::Api;
use crate::adapters::wire::events::{MEDIA_TYPE, StreamDecoder, StreamEvent};
use crate::ports::agent::{AgentError, Answered, Listener};

/// The event that says that there will be no other.
const DONE: &str = "[DONE]";

/// The name of an event that says what went wrong.
const ERROR: &str = "error";

/// Bytes that one byte of text takes in JSON at most: `\u0000`.
const ESCAPED_BYTES: u64 = 6;

/// Bytes of a document beside the text.
const DOCUMENT_BYTES: u64 = 64 * 1024;

/// Hands on the text of an answer as it comes.
///
/// # Errors
///
/// [`AgentError`] when the connection is lost, the answer is no answer, or the server says that something went wrong.
pub(super) async fn hear(
    api: &Api,
    response: Response,
    max_output_bytes: u64,
    listener: &dyn Listener,
) -> Result<Answered, AgentError> {
    let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(MEDIA_TYPE) {
        return hear_stream(api, response, listener).await;
    }
    // The server does not know of streams.
    let limit = max_output_bytes.saturating_mul(ESCAPED_BYTES).saturating_add(DOCUMENT_BYTES);
    let body = api.body(response, usize::try_from(limit).unwrap_or(usize::MAX)).await?;
    let mut heard = Heard::default();
    heard.piece(api, &body, listener)?;
    heard.end_of_document(api)
}

async fn hear_stream(api: &Api, mut response: Response, listener: &dyn Listener) -> Result<Answered, AgentError> {
    let (mut decoder, mut events, mut heard) = (StreamDecoder::of_agents(), Vec::new(), Heard::default());
    loop {
        let chunk = response.chunk().await;
        let (bytes, is_last) = match &chunk {
            Ok(Some(bytes)) => (bytes.as_ref(), false),
            // The last event may lack the empty line after it.
            Ok(None) => (b"\n\n".as_slice(), true),
            // Whoever has said why it ended has ended, however the connection was closed.
            Err(_) if heard.is_complete() => (b"\n\n".as_slice(), true),
            Err(error) => return Err(api.lost(error)),
        };
        listener.alive();
        heard.is_at_end = is_last;
        let decoded = decoder.read(bytes, &mut events);
        for event in events.drain(..) {
            heard.event(api, &event, listener)?;
            if heard.is_done {
                return heard.end_of_stream(api);
            }
        }
        // After what came before it.
        decoded.map_err(|error| api.failed(&format!("cannot be understood: {error}")))?;
        if is_last {
            return heard.end_of_stream(api);
        }
    }
}

/// What has been heard beside the text.
#[derive(Default)]
struct Heard {
    answered: Answered,
    has_begun: bool,
    is_done: bool,
    /// Whether nothing follows. The last event may not be whole then.
    is_at_end: bool,
}

impl Heard {
    fn event(&mut self, api: &Api, event: &StreamEvent, listener: &dyn Listener) -> Result<(), AgentError> {
        let StreamEvent { name, data, .. } = event;
        if name == ERROR {
            // JSON is not shown as it is: in its escapes a key would not be recognised.
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(data).is_ok();
            let reason = refusal(data.as_bytes()).or_else(|| (!is_json).then(|| data.clone()));
            let reason = reason.as_deref().unwrap_or("it says no more");
            return Err(api.failed(&format!("failed: {}", api.shown(reason))));
        }
        if data.trim() == DONE {
            self.is_done = true;
            return Ok(());
        }
        self.piece(api, data.as_bytes(), listener)
    }

    fn piece(&mut self, api: &Api, json: &[u8], listener: &dyn Listener) -> Result<(), AgentError> {
        let piece: PieceForm = serde_json::from_slice(json).map_err(|_| match self.has_begun && self.is_at_end {
            true => api.cut_off(),
            false => api.not_understood(),
        })?;
        if let Some(error) = piece.error() {
            return Err(api.failed(&format!("failed: {}", api.shown(error))));
        }
        self.has_begun |= piece.is_answer();
        let text = piece.text();
        if !text.is_empty() {
            listener.text(&text);
        }
        self.answered.usage = piece.usage().or(self.answered.usage);
        let finish_reason = piece.finish_reason().map(|reason| api.shown(reason));
        self.answered.finish_reason = finish_reason.or(self.answered.finish_reason.take());
        Ok(())
    }

    /// Whether the server has said that it has no more to say.
    const fn is_complete(&self) -> bool {
        self.is_done || self.answered.finish_reason.is_some()
    }

    /// What a stream has answered. One that just ends has been cut off, by the server or by whoever is in between: those that
    /// are whole say so.
    fn end_of_stream(self, api: &Api) -> Result<Answered, AgentError> {
        match (self.has_begun, self.is_complete()) {
            (true, true) => Ok(self.answered),
            (true, false) => Err(api.cut_off()),
            (false, true) => Err(api.failed("ended without an answer")),
            (false, false) => Err(api.not_understood()),
        }
    }

    /// What a document has answered, which is whole as it is.
    fn end_of_document(self, api: &Api) -> Result<Answered, AgentError> {
        if self.has_begun { Ok(self.answered) } else { Err(api.not_understood()) }
    }
}

//! Hearing an answer, however the server sends it.

use ::http::header::CONTENT_TYPE;
use reqwest::Response;

use super::form::PieceForm;
use super::http::Api;
use crate::adapters::wire::events::{MEDIA_TYPE, StreamDecoder, StreamEvent};
use crate::ports::agent::{AgentError, Answered, Listener};

/// The event that says that there will be no other.
const DONE: &str = "[DONE]";

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
    heard.end(api)
}

async fn hear_stream(api: &Api, mut response: Response, listener: &dyn Listener) -> Result<Answered, AgentError> {
    let (mut decoder, mut events, mut heard) = (StreamDecoder::default(), Vec::new(), Heard::default());
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
        decoder.read(bytes, &mut events).map_err(|error| api.failed(&format!("cannot be understood: {error}")))?;
        for StreamEvent { data, .. } in events.drain(..) {
            if data.trim() == DONE {
                heard.is_done = true;
                return heard.end(api);
            }
            heard.piece(api, data.as_bytes(), listener)?;
        }
        if is_last {
            return heard.end(api);
        }
    }
}

/// What has been heard beside the text.
#[derive(Default)]
struct Heard {
    answered: Answered,
    has_begun: bool,
    is_done: bool,
}

impl Heard {
    fn piece(&mut self, api: &Api, json: &[u8], listener: &dyn Listener) -> Result<(), AgentError> {
        let piece: PieceForm = serde_json::from_slice(json).map_err(|_| api.not_understood())?;
        if let Some(error) = piece.error() {
            return Err(api.failed(&format!("failed: {}", api.shown(error))));
        }
        self.has_begun |= piece.is_answer();
        let text = piece.text();
        if !text.is_empty() {
            listener.text(&text);
        }
        self.answered.usage = piece.usage().or(self.answered.usage);
        self.answered.finish_reason = piece.finish_reason().or(self.answered.finish_reason.take());
        Ok(())
    }

    /// Whether the server has said that it has no more to say.
    const fn is_complete(&self) -> bool {
        self.is_done || self.answered.finish_reason.is_some()
    }

    /// What was answered. Some servers never say that they are done, and just end.
    fn end(self, api: &Api) -> Result<Answered, AgentError> {
        if self.has_begun || self.is_done { Ok(self.answered) } else { Err(api.not_understood()) }
    }
}

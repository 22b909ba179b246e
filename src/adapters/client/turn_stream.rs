//! The events of a turn, from the bytes of its connection.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::stream;
use reqwest::Response;
use serde::de::DeserializeOwned;

use super::{Patience, answer, documents, problem};
use crate::adapters::wire::chat::{DoneForm, ErrorForm, TextForm, TurnForm, UsageForm, event};
use crate::adapters::wire::events::{StreamDecoder, StreamEvent};
use crate::domain::agent::MAX_TURN;
use crate::domain::chat::id::ChatSessionId;
use crate::domain::text::shown_safely;
use crate::ports::chat_api::{ChatError, Completion, Numbered, Refusal, TurnEvent, TurnStream, Usage};
use crate::ports::daemon_api::ApiError;

/// The longest silence: a daemon sends a comment every 15 seconds, and two may be lost on the way.
const SILENCE: Duration = Duration::from_secs(45);

/// The longest stream: the longest turn there can be, and the time that its end is remembered.
pub(super) const LONGEST: Duration = Duration::from_secs(MAX_TURN.as_secs() + 60);

/// How long the end of a connection is awaited after the last event, so that it can be used again.
const LAST_BYTES: Duration = Duration::from_secs(1);

/// What is kept of the word for why an answer ended, in characters: those of the OpenAI API have 14 at most.
const MAX_REASON_CHARS: usize = 64;

struct Reading {
    response: Response,
    patience: Patience,
    decoder: StreamDecoder,
    waiting: VecDeque<StreamEvent>,
}

/// The events of an answer that is a stream of them.
pub(super) fn of(response: Response, patience: Patience) -> TurnStream {
    let reading = Reading { response, patience, decoder: StreamDecoder::default(), waiting: VecDeque::new() };
    Box::pin(stream::unfold(Some(reading), |reading| async {
        let mut reading = reading?;
        match reading.next().await {
            Ok(Some(numbered)) if is_last(&numbered.event) => {
                reading.finish();
                Some((Ok(numbered), None))
            }
            Ok(Some(numbered)) => Some((Ok(numbered), Some(reading))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    }))
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Numbered>, ChatError> {
        loop {
            while let Some(event) = self.waiting.pop_front() {
                if let Some(numbered) = numbered(event)? {
                    return Ok(Some(numbered));
                }
            }
            let piece = answer::piece(&mut self.response, SILENCE, self.patience).await?;
            let Some(chunk) = piece else { return Ok(None) };
            let mut events = Vec::new();
            let read = self.decoder.read(&chunk, &mut events);
            read.map_err(|error| answer::not_a_daemon(error.to_string()))?;
            self.waiting.extend(events);
        }
    }

    /// Reads what is left, of which nothing matters, so that the connection can serve the next request.
    fn finish(mut self) {
        tokio::spawn(async move {
            let rest = async { while let Ok(Some(_)) = self.response.chunk().await {} };
            let _ = tokio::time::timeout(LAST_BYTES, rest).await;
        });
    }
}

const fn is_last(event: &TurnEvent) -> bool {
    matches!(event, TurnEvent::Done { .. } | TurnEvent::Stopped | TurnEvent::Failed { .. })
}

/// `None` for an event of a newer daemon.
fn numbered(event: StreamEvent) -> Result<Option<Numbered>, ChatError> {
    let StreamEvent { id, name, data } = event;
    let event = match name.as_str() {
        event::TURN => {
            let TurnForm { session_id, turn } = read(&data)?;
            let session = ChatSessionId::parse(&session_id).ok_or_else(documents::foreign)?;
            TurnEvent::Begun { session, turn }
        }
        event::TEXT => TurnEvent::Text(read::<TextForm>(&data)?.text),
        event::DONE => TurnEvent::Done(completion(read(&data)?)),
        event::STOPPED => TurnEvent::Stopped,
        event::ERROR => {
            let ErrorForm { code, detail } = read(&data)?;
            let why = problem::refused(&code).unwrap_or(Refusal::Unknown);
            TurnEvent::Failed { why, detail: shown_safely(&detail) }
        }
        _ => return Ok(None),
    };
    Ok(Some(Numbered { number: id.ok_or_else(documents::foreign)?, event }))
}

fn read<T: DeserializeOwned>(data: &str) -> Result<T, ApiError> {
    serde_json::from_str(data).map_err(|_| documents::foreign())
}

fn completion(form: DoneForm) -> Completion {
    // Every agent says at its end that it has stopped.
    let reason = form.finish_reason.filter(|reason| !matches!(reason.trim(), "" | "stop"));
    let shown = |reason: String| shown_safely(&reason).chars().take(MAX_REASON_CHARS).collect();
    Completion { usage: form.usage.map(usage), finish_reason: reason.map(shown) }
}

const fn usage(form: UsageForm) -> Usage {
    Usage { prompt: form.prompt_tokens, completion: form.completion_tokens, total: form.total_tokens }
}

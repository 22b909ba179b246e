//! A turn as a stream of events.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use warp::Reply;
use warp::reply::Response;

use crate::adapters::wire::chat::{DoneForm, ErrorForm, StoppedForm, TextForm, TurnForm, UsageForm, event};
use crate::adapters::wire::events::{KEEP_ALIVE, MEDIA_TYPE, StreamEvent};
use crate::app::daemon::chat::turn::{Ending, Follower, TurnEnd, TurnEvent, TurnFailure};
use crate::ports::agent::{Answered, Usage};

/// Silence after which something is said that means nothing: proxies give up a connection after half a minute or more.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// The answer that `follower` hears, as it comes.
pub(super) fn stream(follower: Follower) -> Response {
    let watch = follower.watch();
    let mut response = warp::reply::stream(heard(follower)).into_response();
    // A client that does not read does not keep it open either.
    response.extensions_mut().insert(watch);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    // nginx would collect it until there is enough.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn heard(follower: Follower) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + Sync + 'static {
    stream::unfold(follower, async |mut follower| {
        let said = match tokio::time::timeout(KEEP_ALIVE_INTERVAL, follower.next()).await {
            Ok(Some((number, event))) => Bytes::from(form(number, event).to_text()),
            Ok(None) => return None,
            Err(_) => Bytes::from_static(KEEP_ALIVE.as_bytes()),
        };
        Some((Ok(said), follower))
    })
}

fn form(number: u64, event: TurnEvent) -> StreamEvent {
    let (name, data) = match event {
        TurnEvent::Began { session, number } => {
            (event::TURN, json(&TurnForm { session_id: session.to_string(), turn: number }))
        }
        TurnEvent::Text(text) => (event::TEXT, json(&TextForm { text })),
        TurnEvent::Ended(TurnEnd { how, first_text, total }) => ended(how, first_text.map(millis), millis(total)),
    };
    StreamEvent { id: Some(number), name: name.to_owned(), data }
}

fn ended(how: Ending, ttft_ms: Option<u64>, total_ms: u64) -> (&'static str, String) {
    match how {
        Ending::Done(Answered { usage, finish_reason }) => {
            let usage = usage.map(counted);
            (event::DONE, json(&DoneForm { response: None, usage, ttft_ms, total_ms, finish_reason }))
        }
        Ending::Stopped => (event::STOPPED, json(&StoppedForm { ttft_ms, total_ms })),
        Ending::Failed(failure) => {
            let (code, detail) = failed(failure);
            (event::ERROR, json(&ErrorForm { code: code.to_owned(), detail }))
        }
    }
}

const fn counted(usage: Usage) -> UsageForm {
    let Usage { prompt_tokens, completion_tokens, total_tokens } = usage;
    UsageForm { prompt_tokens, completion_tokens, total_tokens }
}

fn failed(failure: TurnFailure) -> (&'static str, String) {
    match failure {
        TurnFailure::Agent(why) => ("agent_failed", why),
        TurnFailure::TimedOut(why) => ("agent_timeout", why),
        TurnFailure::TooMuch(limit) => {
            ("agent_output_limit", format!("the answer is longer than {limit} bytes (Agent.MaxOutputBytes)"))
        }
        TurnFailure::Storage => {
            ("storage_unavailable", "the answer could not be kept; the daemon's log says why".to_owned())
        }
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn json(form: &impl Serialize) -> String {
    // Nothing here is a map with keys of its own, so this cannot fail.
    serde_json::to_string(form).unwrap_or_default()
}

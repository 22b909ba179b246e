//! Turns: beginning one, listening to one, stopping one.

use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use warp::reply::Response;

use super::super::body::read_long_json;
use super::super::problem::{Problem, Reason};
use super::super::to_the_end::to_the_end;
use super::sessions::finished;
use super::{Asked, events, no_content};
use crate::adapters::wire::chat::AskForm;
use crate::adapters::wire::events::LAST_EVENT_ID;
use crate::app::daemon::chat::{NoTurn, TurnRequest};
use crate::domain::chat::id::RequestId;
use crate::domain::chat::message::{Content, MAX_CONTENT_BYTES};
use crate::domain::chat::model::ModelName;

/// Bytes of a request: the longest message with every byte escaped (`\u0000`), and what else there is.
const MAX_ASK_BYTES: usize = 6 * MAX_CONTENT_BYTES + 4096;

pub(super) async fn begin<S, B>(asked: Asked<S>, key: &str) -> Result<Response, Problem>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let Asked { chat, caller, headers, body } = asked;
    let form: AskForm = read_long_json(MAX_ASK_BYTES, &headers, body).await?;
    let no_request = || Problem::new(Reason::InvalidRequest, "requestId has 32 lower-case hexadecimal characters");
    let request = RequestId::parse(&form.request_id).ok_or_else(no_request)?;
    let content = Content::parse(form.content)?;
    let model = form.model.map(|model| ModelName::parse(&model)).transpose()?;
    let session = chat.find(key).await?.id;
    let asked = TurnRequest { session, content, request, model, is_resumable: form.resumable };
    // Once it is kept it is answered, whether or not the client is still there.
    let begun = to_the_end(async move { chat.begin(caller, asked).await }).await;
    Ok(events::stream(finished(begun)??))
}

pub(super) async fn follow<S>(asked: &Asked<S>, key: &str, turn: u64) -> Result<Response, Problem> {
    let last = asked.headers.get(LAST_EVENT_ID).and_then(|last| last.to_str().ok()?.trim().parse().ok());
    let session = asked.chat.find(key).await?.id;
    Ok(events::stream(asked.chat.follow(&asked.caller, session, turn, last).await?))
}

pub(super) async fn stop<S>(asked: Asked<S>, key: String, turn: u64) -> Result<Response, Problem> {
    let chat = Arc::clone(&asked.chat);
    let session = chat.find(&key).await?.id;
    finished(to_the_end(async move { chat.stop(session, turn).await }).await)??;
    Ok(no_content())
}

/// There is no turn with this number.
pub(super) fn no_turn() -> Problem {
    NoTurn.into()
}

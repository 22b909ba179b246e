//! The agent, and the sessions with it.

use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use hyper::StatusCode;
use serde::Serialize;
use warp::Reply;
use warp::reply::Response;

use super::super::body::read_json;
use super::super::problem::{Problem, Reason};
use super::super::to_the_end::{Panicked, to_the_end};
use super::forms::{self, WishForm};
use super::{Asked, no_content};
use crate::adapters::wire::chat::{AgentForm, ModelsForm, SessionsForm};
use crate::app::daemon::chat::Chat;

pub(super) fn agent(chat: &Chat) -> Result<Response, Problem> {
    let (kind, model) = chat.agent()?;
    Ok(json(&AgentForm { kind: kind.name().to_owned(), model: model.map(ToString::to_string) }))
}

pub(super) async fn models(chat: &Chat) -> Result<Response, Problem> {
    let models = chat.models().await??;
    Ok(json(&ModelsForm { models: models.iter().map(ToString::to_string).collect() }))
}

pub(super) async fn list(chat: &Chat) -> Result<Response, Problem> {
    let sessions = chat.list().await?;
    Ok(json(&SessionsForm { sessions: sessions.iter().map(forms::session).collect() }))
}

pub(super) async fn read(chat: &Chat, key: &str) -> Result<Response, Problem> {
    let (session, messages) = chat.read(key).await?;
    Ok(json(&forms::transcript(&session, messages)))
}

pub(super) async fn create<S, B>(asked: Asked<S>) -> Result<Response, Problem>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let wish: WishForm = read_json(&asked.headers, asked.body).await?;
    let created = asked.chat.create(&asked.caller, wish.read_new()?).await?;
    Ok(warp::reply::with_status(json(&forms::session(&created)), StatusCode::CREATED).into_response())
}

pub(super) async fn change<S, B>(asked: Asked<S>, key: &str) -> Result<Response, Problem>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let wish: WishForm = read_json(&asked.headers, asked.body).await?;
    let changed = asked.chat.change(key, wish.read()?).await?;
    Ok(json(&forms::session(&changed)))
}

pub(super) async fn delete<S>(asked: Asked<S>, key: String) -> Result<Response, Problem> {
    let chat = Arc::clone(&asked.chat);
    finished(to_the_end(async move { chat.delete(&key).await }).await)??;
    Ok(no_content())
}

/// What an operation came to that was run to its end.
///
/// # Errors
///
/// A [`Problem`] when it panicked; the log says why.
pub(super) fn finished<T>(ended: Result<T, Panicked>) -> Result<T, Problem> {
    let failed = |Panicked| Problem::new(Reason::StorageUnavailable, "the request failed; the daemon's log says why");
    ended.map_err(failed)
}

fn json(form: &impl Serialize) -> Response {
    warp::reply::json(form).into_response()
}

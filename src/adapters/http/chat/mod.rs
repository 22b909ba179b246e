//! The routes of chat (the README's section on HTTP lists them).

mod events;
mod forms;
mod problems;
mod sessions;
mod turns;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use hyper::{HeaderMap, Method, StatusCode};
use percent_encoding::percent_decode_str;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Reply};

use super::problem::{Problem, Reason};
use super::public_routes::Route;
use crate::app::daemon::authenticate::Caller;
use crate::app::daemon::chat::Chat;

/// A path of chat, with what it names as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChatPath<'a> {
    Agent,
    Models,
    Sessions,
    Session(&'a str),
    Turns(&'a str),
    Turn(&'a str, &'a str),
}

impl<'a> ChatPath<'a> {
    /// What this path is, if it is one of chat.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let path = path.strip_prefix("/api/")?;
        let mut parts = path.split('/');
        let mut next = || parts.next();
        Some(match [next(), next(), next(), next(), next(), next()] {
            [Some("agent"), None, ..] => Self::Agent,
            [Some("agent"), Some("models"), None, ..] => Self::Models,
            [Some("chat"), Some("sessions"), None, ..] => Self::Sessions,
            [Some("chat"), Some("sessions"), Some(""), ..] => return None,
            [Some("chat"), Some("sessions"), Some(key), None, ..] => Self::Session(key),
            [Some("chat"), Some("sessions"), Some(key), Some("turns"), None, _] => Self::Turns(key),
            [Some("chat"), Some("sessions"), Some(key), Some("turns"), Some(turn), None] => Self::Turn(key, turn),
            _ => return None,
        })
    }

    /// Its route.
    pub(super) const fn route(self) -> Route {
        match self {
            Self::Agent => Route::Agent,
            Self::Models => Route::Models,
            Self::Sessions => Route::ChatSessions,
            Self::Session(_) => Route::ChatSession,
            Self::Turns(_) => Route::ChatTurns,
            Self::Turn(..) => Route::ChatTurn,
        }
    }
}

/// All routes of chat. The gate has checked path, method and credential, and put the caller into the request's extensions.
pub(super) fn routes(chat: &Arc<Chat>) -> BoxedFilter<(Response,)> {
    let chat = Arc::clone(chat);
    warp::path::full()
        .and(warp::method())
        .and(warp::ext::get::<Caller>())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |path: FullPath, method: Method, caller, headers, body| {
            let chat = Arc::clone(&chat);
            async move {
                let asked = Asked { chat, caller, headers, body };
                answered(path.as_str(), &method, asked).await.unwrap_or_else(Problem::into_response)
            }
        })
        .boxed()
}

/// A request that was let in.
struct Asked<S> {
    chat: Arc<Chat>,
    caller: Caller,
    headers: HeaderMap,
    body: S,
}

async fn answered<S, B>(path: &str, method: &Method, asked: Asked<S>) -> Result<Response, Problem>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let not_found = || Problem::new(Reason::NotFound, "there is no such route");
    // The gate has let no other methods in.
    match ChatPath::of(path).ok_or_else(not_found)? {
        ChatPath::Agent => sessions::agent(&asked.chat),
        ChatPath::Models => sessions::models(&asked.chat).await,
        ChatPath::Sessions if *method == Method::POST => sessions::create(asked).await,
        ChatPath::Sessions => sessions::list(&asked.chat).await,
        ChatPath::Session(key) => {
            let key = decoded(key)?;
            match *method {
                Method::PATCH => sessions::change(asked, &key).await,
                Method::DELETE => sessions::delete(asked, key.into_owned()).await,
                _ => sessions::read(&asked.chat, &key).await,
            }
        }
        ChatPath::Turns(key) => turns::begin(asked, &decoded(key)?).await,
        ChatPath::Turn(key, turn) => {
            let (key, turn) = (decoded(key)?, turn.parse().map_err(|_| turns::no_turn())?);
            match *method {
                Method::DELETE => turns::stop(asked, key.into_owned(), turn).await,
                _ => turns::follow(&asked, &key, turn).await,
            }
        }
    }
}

/// The id or name of a session, as it was meant.
fn decoded(key: &str) -> Result<Cow<'_, str>, Problem> {
    let no_session = |_| Problem::new(Reason::NoSession, "there is no such session");
    percent_decode_str(key).decode_utf8().map_err(no_session)
}

/// Nothing more to say.
fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

//! The routes of pairing protocol v2 (`PROTOCOL.md`).

use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use hyper::HeaderMap;
use serde::Serialize;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Reply};

use super::body::read_json;
use super::problem::{Problem, Reason};
use crate::adapters::wire::handshake::{FinishForm, FinishedForm, FormError, StartForm, StartedForm};
use crate::app::daemon::pair_v2::{PairError, PairV2};
use crate::domain::client_address::ClientAddress;

/// Both routes. The gate has put the client's address into the request's extensions.
pub(super) fn routes(pair: &Arc<PairV2>) -> BoxedFilter<(Response,)> {
    let (starting, finishing) = (Arc::clone(pair), Arc::clone(pair));
    let start = warp::path!("api" / "pair" / "v2" / "start")
        .and(warp::ext::get::<ClientAddress>())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |client, headers, body| {
            let pair = Arc::clone(&starting);
            async move { answer(start(&pair, client, headers, body).await) }
        });
    let finish = warp::path!("api" / "pair" / "v2" / "finish")
        .and(warp::ext::get::<ClientAddress>())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |client, headers, body| {
            let pair = Arc::clone(&finishing);
            async move { answer(finish(pair, client, headers, body).await) }
        });
    start.boxed().or(finish.boxed()).unify().boxed()
}

async fn start<B: Buf>(
    pair: &PairV2,
    client: ClientAddress,
    headers: HeaderMap,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<StartedForm, Problem> {
    let form: StartForm = read_json(&headers, body).await?;
    let reply = pair.start(client, form.read()?).await?;
    Ok(StartedForm::from(&reply))
}

async fn finish<B: Buf>(
    pair: Arc<PairV2>,
    client: ClientAddress,
    headers: HeaderMap,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<FinishedForm, Problem> {
    let form: FinishForm = read_json(&headers, body).await?;
    let request = form.read()?;
    // In a task of its own, because a client that goes away must not leave the code reserved.
    let run = tokio::spawn(async move { pair.finish(client, request).await });
    let failed = |_| Problem::new(Reason::StorageUnavailable, "the pairing failed; the log of the daemon says why");
    let finished = run.await.map_err(failed)??;
    Ok(FinishedForm::from(&finished))
}

fn answer(result: Result<impl Serialize, Problem>) -> Response {
    match result {
        Ok(form) => warp::reply::json(&form).into_response(),
        Err(problem) => problem.into_response(),
    }
}

impl From<FormError> for Problem {
    fn from(error: FormError) -> Self {
        let reason = match error {
            FormError::Suite => Reason::UnsupportedSuite,
            FormError::Bytes(..) | FormError::BindingKind | FormError::Origin(_) | FormError::Message(_) => {
                Reason::InvalidRequest
            }
        };
        Self::new(reason, error.to_string())
    }
}

impl From<PairError> for Problem {
    fn from(error: PairError) -> Self {
        let detail = error.to_string();
        match error {
            PairError::Exchange(error) => error.into(),
            PairError::Refused(_) | PairError::Unopened => Self::new(Reason::InvalidRequest, detail),
            PairError::OperatorIsAsked => Self::new(Reason::ConfirmationPending, detail),
            PairError::NoHandshake => Self::new(Reason::NoHandshake, detail),
        }
    }
}

//! The figures, on both doors: for a device with its token on the TCP port, for the operator on the control socket.

use std::sync::Arc;

use hyper::header::{CONTENT_TYPE, HeaderValue};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::problem::{Problem, Reason};
use crate::app::daemon::metrics::Metrics;
use crate::ports::metrics::Exposition;

/// `GET /metrics`
pub(super) fn route(metrics: &Arc<Metrics>) -> BoxedFilter<(Response,)> {
    let metrics = Arc::clone(metrics);
    warp::path!("metrics")
        .and(warp::get())
        .then(move || {
            let metrics = Arc::clone(&metrics);
            async move { shown(&metrics).await.unwrap_or_else(Problem::into_response) }
        })
        .boxed()
}

async fn shown(metrics: &Metrics) -> Result<Response, Problem> {
    let Exposition { content_type, text } = metrics.exposition().await.map_err(|cause| {
        tracing::error!(%cause, "the figures could not be read");
        Problem::new(Reason::StorageUnavailable, "the devices cannot be counted; the daemon's log says why")
    })?;
    let mut response = Response::new(text.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Ok(response)
}

//! The routes that give a device a new secret.

use std::sync::Arc;

use hyper::StatusCode;
use serde::Serialize;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Reply};

use super::problem::{Problem, Reason};
use super::to_the_end::{Panicked, to_the_end};
use crate::adapters::wire::moment;
use crate::app::daemon::authenticate::Renewing;
use crate::app::daemon::rotate::{Rotate, RotateError};
use crate::domain::device::Device;
use crate::domain::time::WallTime;

/// `{"token","confirmBefore"}`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StagedForm<'a> {
    token: &'a str,
    #[serde(with = "moment")]
    confirm_before: WallTime,
}

/// `POST /api/device/rotate` for a device, and `POST /api/device/rotate/confirm` for one that renews its secret.
pub(super) fn routes(rotate: &Arc<Rotate>) -> BoxedFilter<(Response,)> {
    let (stager, confirmer) = (Arc::clone(rotate), Arc::clone(rotate));
    let stage = warp::path!("api" / "device" / "rotate").and(warp::ext::get::<Arc<Device>>()).then(move |device| {
        let rotate = Arc::clone(&stager);
        async move { staged(rotate, device).await.unwrap_or_else(Problem::into_response) }
    });
    let confirm =
        warp::path!("api" / "device" / "rotate" / "confirm").and(warp::ext::get::<Renewing>()).then(move |renewing| {
            let rotate = Arc::clone(&confirmer);
            async move { confirmed(rotate, renewing).await.unwrap_or_else(Problem::into_response) }
        });
    stage.boxed().or(confirm.boxed()).unify().boxed()
}

async fn staged(rotate: Arc<Rotate>, device: Arc<Device>) -> Result<Response, Problem> {
    let staged = to_the_end(async move { rotate.stage(&device).await }).await.map_err(failed)??;
    let form = StagedForm { token: staged.token.reveal(), confirm_before: staged.confirm_before };
    Ok(warp::reply::json(&form).into_response())
}

async fn confirmed(rotate: Arc<Rotate>, renewing: Renewing) -> Result<Response, Problem> {
    let Renewing { device, shown } = renewing;
    to_the_end(async move { rotate.confirm(&device, shown).await }).await.map_err(failed)??;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn failed(_: Panicked) -> Problem {
    Problem::new(Reason::StorageUnavailable, "the request failed; the daemon's log says why")
}

impl From<RotateError> for Problem {
    fn from(error: RotateError) -> Self {
        let reason = match error {
            RotateError::Unauthorized => Reason::Unauthorized,
            RotateError::StorageUnavailable => Reason::StorageUnavailable,
            RotateError::RateLimited { retry_after } => Reason::RateLimited { retry_after },
        };
        Self::new(reason, error.to_string())
    }
}

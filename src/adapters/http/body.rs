//! Reading a request's JSON, bounded in size and time.

use std::time::Duration;

use bytes::Buf;
use futures_util::{Stream, StreamExt};
use hyper::HeaderMap;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::problem::{Problem, Reason};

/// Bytes of a body: every request of the contract fits many times.
const MAX_BODY_BYTES: usize = 4096;

/// Time for a body to arrive once its head has.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a body as JSON.
///
/// # Errors
///
/// `unsupported_media_type` unless it says that it is JSON, which a form or a plain-text post of a web page cannot;
/// `payload_too_large` over 4 KiB, whether declared or counted; `invalid_request` when it is not of the right form or does
/// not arrive in time.
pub(super) async fn read_json<T, S, B, E>(headers: &HeaderMap, body: S) -> Result<T, Problem>
where
    T: DeserializeOwned,
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    // Large enough from the start, so that no copy of a code is left behind by growing.
    read_json_into(Vec::with_capacity(MAX_BODY_BYTES), MAX_BODY_BYTES, headers, body).await
}

/// The same for a body without secrets, which may have `limit` bytes.
///
/// # Errors
///
/// As for [`read_json`].
pub(super) async fn read_long_json<T, S, B, E>(limit: usize, headers: &HeaderMap, body: S) -> Result<T, Problem>
where
    T: DeserializeOwned,
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    read_json_into(Vec::new(), limit, headers, body).await
}

async fn read_json_into<T, S, B, E>(content: Vec<u8>, limit: usize, headers: &HeaderMap, body: S) -> Result<T, Problem>
where
    T: DeserializeOwned,
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    if !is_json(headers) {
        return Err(Problem::new(Reason::UnsupportedMediaType, "the content type must be application/json"));
    }
    let too_large = || Problem::new(Reason::PayloadTooLarge, format!("the body is larger than {limit} bytes"));
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let read = async {
        let mut body = std::pin::pin!(body);
        let mut content = Zeroizing::new(content);
        while let Some(chunk) = body.next().await {
            let mut chunk = chunk.map_err(|_| Problem::new(Reason::InvalidRequest, "the body did not arrive"))?;
            if content.len() + chunk.remaining() > limit {
                return Err(too_large());
            }
            while chunk.has_remaining() {
                let piece = chunk.chunk();
                content.extend_from_slice(piece);
                let length = piece.len();
                chunk.advance(length);
            }
        }
        Ok(content)
    };
    let late = |_| Problem::new(Reason::InvalidRequest, "the body did not arrive in time");
    let content = tokio::time::timeout(BODY_TIMEOUT, read).await.map_err(late)??;
    // The parser's own words may quote the body, so they are not repeated.
    serde_json::from_slice(&content).map_err(|error| {
        Problem::new(
            Reason::InvalidRequest,
            format!("the body is not the expected JSON ({:?} error)", error.classify()),
        )
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

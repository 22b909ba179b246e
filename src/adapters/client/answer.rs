//! One answer: read up to a limit, and taken for a daemon's only if it looks like one.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use reqwest::Response;
use zeroize::Zeroizing;

use super::{Patience, cause, problem};
use crate::domain::text::shown_safely;
use crate::ports::chat_api::ChatError;
use crate::ports::daemon_api::ApiError;

/// Longest answer that is read, in bytes: several times the largest one of ours.
const MAX_ANSWER_BYTES: usize = 4096;

/// The longest silence within an answer: a link that brings nothing for so long is lost, however slow it is.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// A whole answer. It may contain a token and is wiped on drop.
pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
}

/// Reads an answer to its end.
///
/// # Errors
///
/// * [`ApiError::NotADaemon`] for a redirect, which is not followed, and for an answer that is too large.
/// * [`ApiError::Unreachable`] when the connection ends, or the time is up before the last byte.
pub(super) async fn read(response: Response, patience: Patience) -> Result<Answer, ApiError> {
    read_up_to(response, MAX_ANSWER_BYTES, patience).await
}

/// Reads an answer of at most `limit` bytes to its end. Tokens are only in those that [`read`] reads.
///
/// # Errors
///
/// As for [`read`].
pub(super) async fn read_up_to(mut response: Response, limit: usize, patience: Patience) -> Result<Answer, ApiError> {
    let status = response.status();
    if status.is_redirection() {
        return Err(not_a_daemon(redirect(response.headers())));
    }
    // Allocated once, so that no copy of a token is left behind by growing.
    let mut body = Zeroizing::new(Vec::with_capacity(MAX_ANSWER_BYTES));
    while let Some(chunk) = piece(&mut response, LONGEST_PAUSE, patience).await? {
        if body.len() + chunk.len() > limit {
            return Err(not_a_daemon(format!("its answer is larger than {} KiB", limit / 1024)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers: std::mem::take(response.headers_mut()), body })
}

/// The next piece of an answer; `None` at its end.
///
/// # Errors
///
/// [`ApiError::Unreachable`] when the connection breaks, when nothing comes for the length of `pause`, and when the time for
/// the whole answer is up.
pub(super) async fn piece(
    response: &mut Response,
    pause: Duration,
    patience: Patience,
) -> Result<Option<Bytes>, ApiError> {
    match tokio::time::timeout(pause, response.chunk()).await {
        Ok(piece) => piece.map_err(|error| cause::of(&error, patience)),
        Err(_) => Err(ApiError::Unreachable { cause: format!("nothing was heard for {} seconds", pause.as_secs()) }),
    }
}

impl Answer {
    /// The JSON document of an answer with the expected status.
    ///
    /// # Errors
    ///
    /// [`ApiError`] for everything else.
    pub(super) fn json(&self, expected: StatusCode) -> Result<&[u8], ApiError> {
        self.expect(expected)?;
        if !self.is_of("application/json") {
            return Err(not_a_daemon("its answer is not JSON".to_owned()));
        }
        Ok(&self.body)
    }

    /// Nothing, with the expected status.
    ///
    /// # Errors
    ///
    /// [`ApiError`] for everything else.
    pub(super) fn empty(&self, expected: StatusCode) -> Result<(), ApiError> {
        self.expect(expected)
    }

    /// What the daemon says against it, if that is about chats.
    pub(super) fn refusal(&self) -> Option<ChatError> {
        if self.is_of("application/problem+json") { problem::refusal(&self.body) } else { None }
    }

    fn expect(&self, expected: StatusCode) -> Result<(), ApiError> {
        if self.status == expected {
            return Ok(());
        }
        let status = self.status;
        if status.is_success() || status.is_informational() {
            return Err(not_a_daemon(format!("it answered {status}")));
        }
        let problem = if self.is_of("application/problem+json") { Some(self.body.as_slice()) } else { None };
        Err(problem::of(status, &self.headers, problem))
    }

    fn is_of(&self, media_type: &str) -> bool {
        is_of(&self.headers, media_type)
    }
}

/// Whether the content type is this one, whatever its parameters (RFC 9110 section 8.3.1).
pub(super) fn is_of(headers: &HeaderMap, media_type: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case(media_type))
}

/// Something answers that is no daemon, for this reason.
pub(super) const fn not_a_daemon(what: String) -> ApiError {
    ApiError::NotADaemon { what }
}

fn redirect(headers: &HeaderMap) -> String {
    match headers.get(LOCATION).map(|location| String::from_utf8_lossy(location.as_bytes())) {
        Some(location) => {
            format!("it redirects to {}, and redirects are not followed", shown_safely(&location))
        }
        None => "it answers with a redirect".to_owned(),
    }
}

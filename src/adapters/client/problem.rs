//! Problem documents (RFC 9457), and answers of proxies that should have been one.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::answer::not_a_daemon;
use crate::domain::text::shown_safely;
use crate::ports::chat_api::{ChatError, Refusal};
use crate::ports::daemon_api::{ApiError, Rejection};

/// How long to wait when a 429 does not say: the length of the daemon's rate window.
const DEFAULT_WAIT: Duration = Duration::from_secs(60);

/// The members that we read.
#[derive(Deserialize)]
struct Problem {
    code: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
}

/// What an error answer means, given its problem document if it has one.
pub(super) fn of(status: StatusCode, headers: &HeaderMap, document: Option<&[u8]>) -> ApiError {
    match document.and_then(|json| serde_json::from_slice::<Problem>(json).ok()) {
        Some(problem) => {
            let why = rejection(&problem.code, status, retry_after(headers));
            let words = if problem.detail.is_empty() { &problem.title } else { &problem.detail };
            let words = if words.is_empty() { &problem.code } else { words };
            ApiError::Rejected { why, detail: shown_safely(words) }
        }
        None => without_problem(status, headers),
    }
}

/// What a problem document says of a chat; `None` when it is about something else.
pub(super) fn refusal(document: &[u8]) -> Option<ChatError> {
    let Problem { code, title, detail } = serde_json::from_slice(document).ok()?;
    let words = if detail.is_empty() { title } else { detail };
    Some(ChatError::Refused { why: refused(&code)?, detail: shown_safely(&words) })
}

/// Exhaustive over the contract's codes for chats.
pub(super) fn refused(code: &str) -> Option<Refusal> {
    Some(match code {
        "no_agent" => Refusal::NoAgent,
        "agent_failed" => Refusal::AgentFailed,
        "agent_timeout" => Refusal::AgentTimeout,
        "agent_output_limit" => Refusal::AgentOutputLimit,
        "no_session" => Refusal::NoSession,
        "no_turn" => Refusal::NoTurn,
        "session_busy" => Refusal::SessionBusy,
        "session_full" => Refusal::SessionFull,
        "too_many_sessions" => Refusal::TooManySessions,
        "invalid_session_name" => Refusal::InvalidSessionName,
        "name_taken" => Refusal::NameTaken,
        "payload_too_large" => Refusal::TooLong,
        "storage_unavailable" => Refusal::StorageUnavailable,
        _ => return None,
    })
}

/// Exhaustive over the contract's codes. An unknown one is of a newer daemon and is judged by its status.
fn rejection(code: &str, status: StatusCode, retry_after: Duration) -> Rejection {
    match code {
        "invalid_device_name" => Rejection::InvalidDeviceName,
        "wrong_code" => Rejection::WrongCode,
        "unauthorized" => Rejection::Unauthorized,
        "tls_required" => Rejection::TlsRequired,
        "forbidden_origin" => Rejection::ForbiddenOrigin,
        "no_pairing_code" => Rejection::NoPairingCode,
        "confirmation_pending" => Rejection::ConfirmationPending,
        "no_handshake" => Rejection::NoHandshake,
        "not_found" => Rejection::NotFound,
        "name_taken" => Rejection::NameTaken,
        "rate_limited" => Rejection::RateLimited { retry_after },
        "locked_out" => Rejection::LockedOut { retry_after },
        "storage_unavailable" => Rejection::StorageUnavailable,
        "invalid_request"
        | "unsupported_suite"
        | "payload_too_large"
        | "unsupported_media_type"
        | "method_not_allowed" => Rejection::NotUnderstood,
        _ if status == StatusCode::TOO_MANY_REQUESTS => Rejection::RateLimited { retry_after },
        _ if status.is_server_error() => Rejection::Failed,
        _ => Rejection::NotUnderstood,
    }
}

/// An error that the daemon did not word: a proxy's, or another program's.
fn without_problem(status: StatusCode, headers: &HeaderMap) -> ApiError {
    match status {
        StatusCode::TOO_MANY_REQUESTS => ApiError::Rejected {
            why: Rejection::RateLimited { retry_after: retry_after(headers) },
            detail: "too many requests".to_owned(),
        },
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            ApiError::Unreachable { cause: format!("the server there answered {status}") }
        }
        _ => not_a_daemon(format!("it answered {status}, and not in the way of a daemon")),
    }
}

/// `Retry-After` in whole seconds (RFC 9110 section 10.2.3); its form with a date is not used by daemons.
fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<u32>().ok());
    seconds.map_or(DEFAULT_WAIT, |seconds| Duration::from_secs(u64::from(seconds)))
}

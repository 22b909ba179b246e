//! Answers that say no: `application/problem+json` (RFC 9457), with the contract's codes.

use std::time::Duration;

use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use warp::reply::Response;

use crate::app::daemon::exchange::ExchangeError;
use crate::domain::access::ForbiddenOrigin;
use crate::domain::transport::TlsRequired;

/// When to ask again for a place among the open requests: one is free as soon as another request ends.
const PLACE_WAIT: Duration = Duration::from_secs(1);

/// Seconds after which a client that waits for the operator's yes asks again.
const ASK_AGAIN_AFTER: u64 = 1;

/// Why a request was not served.
#[derive(Debug)]
pub(super) struct Problem {
    reason: Reason,
    detail: String,
}

#[derive(Debug)]
pub(super) enum Reason {
    InvalidRequest,
    InvalidDeviceName,
    WrongCode,
    Unauthorized,
    InvalidKey,
    ForbiddenOrigin,
    NotForwarded,
    TlsRequired,
    NoPairingCode,
    NoHandshake,
    ConfirmationPending,
    ConfirmationRequired,
    NotFound,
    NoAgent,
    MethodNotAllowed { allowed: &'static [Method] },
    NameTaken,
    PayloadTooLarge,
    UnsupportedMediaType,
    UnsupportedSuite,
    RateLimited { retry_after: Duration },
    LockedOut { retry_after: Duration },
    TooManyRequests,
    BadGateway,
    AgentFailed,
    GatewayTimeout,
    AgentTimeout,
    StorageUnavailable,
    NoSession,
    NoTurn,
    InvalidSessionName,
    TooManySessions,
    SessionBusy,
    SessionFull,
}

impl Reason {
    /// Its name in the contract, its status, and its title.
    const fn facts(&self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::InvalidRequest => ("invalid_request", StatusCode::BAD_REQUEST, "Invalid request"),
            Self::InvalidDeviceName => ("invalid_device_name", StatusCode::BAD_REQUEST, "Invalid device name"),
            Self::WrongCode => ("wrong_code", StatusCode::UNAUTHORIZED, "Wrong pairing code"),
            Self::Unauthorized => ("unauthorized", StatusCode::UNAUTHORIZED, "Unauthorized"),
            Self::InvalidKey => ("invalid_api_key", StatusCode::UNAUTHORIZED, "Invalid key"),
            Self::NotForwarded => ("not_forwarded", StatusCode::FORBIDDEN, "Not forwarded"),
            Self::ForbiddenOrigin => ("forbidden_origin", StatusCode::FORBIDDEN, "Forbidden origin"),
            Self::TlsRequired => ("tls_required", StatusCode::FORBIDDEN, "TLS required"),
            Self::NoPairingCode => ("no_pairing_code", StatusCode::NOT_FOUND, "No pairing code"),
            Self::NoHandshake => ("no_handshake", StatusCode::NOT_FOUND, "No handshake"),
            Self::ConfirmationPending => {
                ("confirmation_pending", StatusCode::SERVICE_UNAVAILABLE, "Confirmation pending")
            }
            Self::ConfirmationRequired => ("confirmation_required", StatusCode::FORBIDDEN, "Confirmation required"),
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND, "Not found"),
            Self::NoAgent => ("no_agent", StatusCode::NOT_FOUND, "No agent"),
            Self::MethodNotAllowed { .. } => {
                ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED, "Method not allowed")
            }
            Self::NameTaken => ("name_taken", StatusCode::CONFLICT, "Name taken"),
            Self::PayloadTooLarge => ("payload_too_large", StatusCode::PAYLOAD_TOO_LARGE, "Payload too large"),
            Self::UnsupportedMediaType => {
                ("unsupported_media_type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type")
            }
            Self::UnsupportedSuite => ("unsupported_suite", StatusCode::BAD_REQUEST, "Unsupported suite"),
            Self::RateLimited { .. } => ("rate_limited", StatusCode::TOO_MANY_REQUESTS, "Rate limited"),
            Self::LockedOut { .. } => ("locked_out", StatusCode::TOO_MANY_REQUESTS, "Locked out"),
            Self::TooManyRequests => ("too_many_requests", StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
            Self::BadGateway => ("bad_gateway", StatusCode::BAD_GATEWAY, "Bad gateway"),
            Self::AgentFailed => ("agent_failed", StatusCode::BAD_GATEWAY, "Agent failed"),
            Self::GatewayTimeout => ("gateway_timeout", StatusCode::GATEWAY_TIMEOUT, "Gateway timeout"),
            Self::AgentTimeout => ("agent_timeout", StatusCode::GATEWAY_TIMEOUT, "Agent timeout"),
            Self::StorageUnavailable => ("storage_unavailable", StatusCode::SERVICE_UNAVAILABLE, "Storage unavailable"),
            Self::NoSession => ("no_session", StatusCode::NOT_FOUND, "No session"),
            Self::NoTurn => ("no_turn", StatusCode::NOT_FOUND, "No turn"),
            Self::InvalidSessionName => ("invalid_session_name", StatusCode::BAD_REQUEST, "Invalid session name"),
            Self::TooManySessions => ("too_many_sessions", StatusCode::CONFLICT, "Too many sessions"),
            Self::SessionBusy => ("session_busy", StatusCode::CONFLICT, "Session busy"),
            Self::SessionFull => ("session_full", StatusCode::CONFLICT, "Session full"),
        }
    }
}

impl Problem {
    pub(super) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    pub(super) fn into_response(self) -> Response {
        let (code, status, title) = self.reason.facts();
        let kind = format!("urn:netclaw:problem:{code}");
        let body = json!({
            "type": kind, "title": title, "status": status.as_u16(), "code": code, "detail": self.detail,
        });
        self.answer(status, "application/problem+json", &body)
    }

    /// The same in the form that clients of the OpenAI API look for.
    pub(super) fn into_openai_response(self) -> Response {
        let (code, status, _) = self.reason.facts();
        let kind = match status {
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::FORBIDDEN => "permission_error",
            StatusCode::NOT_FOUND => "not_found_error",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        };
        let body = json!({ "error": { "message": self.detail, "type": kind, "param": null, "code": code } });
        self.answer(status, "application/json", &body)
    }

    fn answer(self, status: StatusCode, content_type: &'static str, body: &Value) -> Response {
        let mut response = Response::new(body.to_string().into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        match self.reason {
            Reason::WrongCode | Reason::Unauthorized => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Reason::InvalidKey => {
                headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                // For browsers, which ask a person then.
                headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"netclaw forward\""));
            }
            Reason::RateLimited { retry_after } | Reason::LockedOut { retry_after } => {
                headers.insert(RETRY_AFTER, whole_seconds(retry_after).into());
            }
            Reason::TooManyRequests => {
                headers.insert(RETRY_AFTER, whole_seconds(PLACE_WAIT).into());
            }
            Reason::ConfirmationPending => {
                headers.insert(RETRY_AFTER, ASK_AGAIN_AFTER.into());
            }
            Reason::MethodNotAllowed { allowed } => {
                let allowed = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
                headers.extend(HeaderValue::try_from(allowed).ok().map(|value| (ALLOW, value)));
            }
            Reason::InvalidRequest
            | Reason::InvalidDeviceName
            | Reason::ForbiddenOrigin
            | Reason::NotForwarded
            | Reason::TlsRequired
            | Reason::NoPairingCode
            | Reason::NoHandshake
            | Reason::ConfirmationRequired
            | Reason::NotFound
            | Reason::NoAgent
            | Reason::NameTaken
            | Reason::PayloadTooLarge
            | Reason::UnsupportedMediaType
            | Reason::UnsupportedSuite
            | Reason::BadGateway
            | Reason::AgentFailed
            | Reason::GatewayTimeout
            | Reason::AgentTimeout
            | Reason::StorageUnavailable
            | Reason::NoSession
            | Reason::NoTurn
            | Reason::InvalidSessionName
            | Reason::TooManySessions
            | Reason::SessionBusy
            | Reason::SessionFull => {}
        }
        response
    }
}

/// Rounded up, so that whoever waits that long is not refused again.
const fn whole_seconds(span: Duration) -> u64 {
    span.as_secs().saturating_add(if span.subsec_nanos() > 0 { 1 } else { 0 })
}

impl From<ExchangeError> for Problem {
    fn from(error: ExchangeError) -> Self {
        let detail = error.to_string();
        let reason = match error {
            ExchangeError::RateLimited { retry_after } => Reason::RateLimited { retry_after },
            ExchangeError::LockedOut { retry_after } => Reason::LockedOut { retry_after },
            ExchangeError::MissingField(_) => Reason::InvalidRequest,
            ExchangeError::NoPairingCode => Reason::NoPairingCode,
            ExchangeError::WrongCode => Reason::WrongCode,
            ExchangeError::NeedsHandshake => Reason::ConfirmationRequired,
            ExchangeError::InvalidDeviceName(_) => Reason::InvalidDeviceName,
            ExchangeError::NameTaken(_) => Reason::NameTaken,
            ExchangeError::StorageUnavailable => Reason::StorageUnavailable,
        };
        Self::new(reason, detail)
    }
}

impl From<ForbiddenOrigin> for Problem {
    fn from(error: ForbiddenOrigin) -> Self {
        Self::new(Reason::ForbiddenOrigin, error.to_string())
    }
}

impl From<TlsRequired> for Problem {
    fn from(error: TlsRequired) -> Self {
        Self::new(Reason::TlsRequired, error.to_string())
    }
}

//! Why a request has no answer, in plain words.

use std::error::Error;
use std::io;

use super::Patience;
use super::answer::not_a_daemon;
use super::key_verifier::ForeignKey;
use crate::domain::text::shown_safely;
use crate::ports::daemon_api::ApiError;

const NO_TLS: &str = "it does not speak TLS; perhaps http:// is meant";

/// What an error of the HTTP stack means.
///
/// The error's own text is not used as a whole, because it contains the URL and repeats itself at each level.
pub(super) fn of(error: &reqwest::Error, patience: Patience) -> ApiError {
    if error.is_timeout() {
        return unreachable(match error.is_connect() {
            true => format!("no connection within {} seconds", seconds(patience.connect)),
            false => format!("no complete answer within {} seconds", seconds(patience.answer)),
        });
    }
    let chain = || chain_of(error);
    if let Some(http) = chain().find_map(|error| error.downcast_ref::<hyper::Error>()) {
        if http.is_parse() {
            return not_a_daemon("its answer is not HTTP".to_owned());
        }
        if http.is_incomplete_message() {
            return unreachable("the connection was closed in the middle of the answer".to_owned());
        }
    }
    if let Some(tls) = chain().find_map(within) {
        if let Some(ForeignKey { expected, found }) = ForeignKey::within(tls) {
            return ApiError::WrongKey { expected: *expected, found: *found };
        }
        return unreachable(tls_in_words(tls));
    }
    if let Some(words) = chain().find_map(|error| error.downcast_ref::<io::Error>()).and_then(in_words) {
        return unreachable(words.to_owned());
    }
    let innermost = chain().last().map(ToString::to_string).unwrap_or_default();
    unreachable(shown_safely(&innermost))
}

/// Whether TLS is spoken there, with a certificate that is not trusted.
pub(super) fn is_untrusted(error: &reqwest::Error) -> bool {
    chain_of(error).find_map(within).is_some_and(|tls| matches!(tls, rustls::Error::InvalidCertificate(_)))
}

/// Whether TLS is not spoken there: what came back was something else, or nothing at all.
pub(super) fn is_no_tls(error: &reqwest::Error) -> bool {
    use io::ErrorKind as Kind;
    if let Some(tls) = chain_of(error).find_map(within) {
        return matches!(tls, rustls::Error::InvalidMessage(_));
    }
    let broken_off = |error: &io::Error| {
        matches!(error.kind(), Kind::UnexpectedEof | Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe)
    };
    error.is_connect() && chain_of(error).filter_map(|error| error.downcast_ref()).any(broken_off)
}

/// That TLS is not spoken where it must be.
pub(super) fn no_tls() -> ApiError {
    unreachable(NO_TLS.to_owned())
}

fn chain_of(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(Some(error as &(dyn Error + 'static)), |error| Error::source(*error))
}

/// The key that a connection failed for, if it was another one than the pins say.
pub(super) fn foreign_key(error: &io::Error) -> Option<&ForeignKey> {
    within(error).and_then(ForeignKey::within)
}

/// What an I/O error means, in words that are safe to show.
pub(super) fn of_io(error: &io::Error) -> String {
    match (within(error), in_words(error)) {
        (Some(tls), _) => tls_in_words(tls),
        (None, Some(words)) => words.to_owned(),
        (None, None) => shown_safely(&error.to_string()),
    }
}

const fn unreachable(cause: String) -> ApiError {
    ApiError::Unreachable { cause }
}

/// The TLS error that an error is, or that an I/O error was made of: those do not show it in their chain.
fn within<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => within(inner),
        None => error.downcast_ref(),
    }
}

fn tls_in_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidMessage(_) => NO_TLS.to_owned(),
        rustls::Error::InvalidCertificate(why) => {
            format!("its certificate is not trusted here ({})", shown_safely(&why.to_string()))
        }
        other => shown_safely(&other.to_string()),
    }
}

/// Whole seconds, or a fraction where patience is shorter.
fn seconds(patience: std::time::Duration) -> f64 {
    patience.as_secs_f64()
}

/// `None` for errors whose own text is the best there is: the resolver's and the certificate verifier's.
fn in_words(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused => Some("connection refused, nothing listens there"),
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => Some("the connection was broken off"),
        Kind::HostUnreachable => Some("there is no route to the host"),
        Kind::NetworkUnreachable | Kind::NetworkDown => Some("the network is unreachable"),
        Kind::TimedOut => Some("the host does not answer"),
        Kind::UnexpectedEof => Some("the connection was closed in the middle of the answer"),
        _ => None,
    }
}

//! What a daemon did not answer, or refused.

use super::{Exit, Failure, trust};
use crate::adapters::terminal::ENDPOINT_VARIABLE;
use crate::adapters::terminal::render::span;
use crate::app::client::target::{Choice, Rule};
use crate::ports::daemon_api::{ApiError, Rejection};

/// The failure of a request to the chosen endpoint.
pub fn of_api(error: ApiError, choice: &Choice) -> Failure {
    let endpoint = &choice.endpoint;
    match error {
        ApiError::Unreachable { cause } => {
            let failure = Failure::new(Exit::Unreachable, format!("cannot reach a daemon at {endpoint}: {cause}"));
            let failure = match choice.rule {
                Rule::HostSettings | Rule::Default => failure.hint("start it with: netclaw daemon start"),
                Rule::Argument | Rule::Named(_) | Rule::Environment | Rule::Pairing(_) if endpoint.is_loopback() => {
                    failure.hint("is it running? start it with: netclaw daemon start")
                }
                Rule::Argument | Rule::Named(_) | Rule::Environment | Rule::Pairing(_) => {
                    failure.hint("is it running there? on the host, run: netclaw daemon status")
                }
            };
            with_rule(failure, &choice.rule)
        }
        ApiError::NotADaemon { what } => {
            let failure = Failure::new(Exit::Failed, format!("there is no netclaw daemon at {endpoint}: {what}"));
            with_rule(
                failure.hint("check scheme, host and port; on the host, `netclaw daemon pair` shows them"),
                &choice.rule,
            )
        }
        ApiError::WrongKey { expected, found } => with_rule(trust::wrong_key(endpoint, &expected, found), &choice.rule),
        ApiError::Unprotected(_) => with_rule(trust::unprotected(endpoint), &choice.rule),
        ApiError::Forged { what } => trust::forged(endpoint, &what),
        ApiError::Rejected { why, detail } => of_rejection(why, &detail, choice),
    }
}

/// The daemon did not accept the credential. The words are fixed: scripts look for them.
pub(super) fn unauthorized() -> Failure {
    Failure::new(Exit::Refused, "Authentication failed: the daemon rejected the bearer token")
}

/// The code is not the one that the host shows.
pub(super) fn wrong_code() -> Failure {
    Failure::new(Exit::Refused, "wrong pairing code")
        .hint("it was mistyped, or someone in between changes what is sent; compare it with what the host shows")
        .hint("a new code is shown on the host by: netclaw daemon pair")
}

/// Nothing waits for the link that was pasted.
pub(super) fn link_over() -> Failure {
    Failure::new(
        Exit::Refused,
        "the daemon does not know this link: it expired, was used, or a newer code or link has replaced it",
    )
    .hint("make a new one on the host: netclaw daemon pair --link")
}

fn of_rejection(why: Rejection, detail: &str, choice: &Choice) -> Failure {
    let failed = |what: &str| Failure::new(Exit::Failed, format!("{what}: {detail}"));
    match why {
        Rejection::NotUnderstood => failed("the daemon did not understand the request")
            .hint("one side may be older than the other; compare: netclaw --version"),
        Rejection::NotFound => failed("the daemon does not know this request")
            .hint("one side may be older than the other; compare: netclaw --version"),
        Rejection::TlsRequired => failed("the daemon takes no code or token in the clear")
            .hint(format!("pair again, which stores the daemon's key: netclaw pair {}", choice.endpoint)),
        Rejection::NoHandshake => failed("the daemon has ended the handshake")
            .hint(format!("try again with the same code: netclaw pair {}", choice.endpoint))
            .hint("if it goes on like this, someone in between may be changing what is sent"),
        Rejection::ConfirmationPending => failed("the operator has not answered yet")
            .hint("a yes is waited for on the host, in: netclaw daemon pair --confirm"),
        Rejection::InvalidDeviceName => failed("the daemon does not accept the device name")
            .hint(format!("choose another one: netclaw pair {} --name NAME", choice.endpoint)),
        Rejection::WrongCode => wrong_code(),
        Rejection::Unauthorized => unauthorized().hint(format!("pair again: netclaw pair {}", choice.endpoint)),
        Rejection::ForbiddenOrigin => failed("the daemon does not answer to this address")
            .hint("in local mode it is reached from its own machine only, or through: ssh -L 5199:127.0.0.1:5199 HOST"),
        Rejection::NoPairingCode => {
            Failure::new(Exit::Refused, "no pairing code is active: it expired, was used or was never made")
                .hint("make a new one on the host: netclaw daemon pair")
        }
        Rejection::NameTaken => failed("the device name is already in use")
            .hint(format!("choose another one: netclaw pair {} --name NAME", choice.endpoint)),
        Rejection::RateLimited { retry_after } => Failure::new(
            Exit::Limited,
            format!("too many attempts; try again in {}", span::in_words(retry_after)),
        )
        .hint("then run the same command again; a pairing code that has ended is replaced by: netclaw daemon pair"),
        Rejection::LockedOut { retry_after } => Failure::new(
            Exit::Limited,
            format!("this address is blocked after too many wrong codes; try again in {}", span::in_words(retry_after)),
        )
        .hint("to lift the block at once, run on the host: netclaw daemon lockouts clear"),
        Rejection::StorageUnavailable => failed("the daemon could not store the device")
            .hint("the code stays valid; for the cause, run on the host: netclaw daemon logs"),
        Rejection::Failed => failed("the daemon failed").hint("for the cause, run on the host: netclaw daemon logs"),
    }
}

/// Adds where the endpoint came from, where that is not on the command line.
pub(super) fn with_rule(failure: Failure, rule: &Rule) -> Failure {
    match rule {
        Rule::Argument | Rule::Named(_) => failure,
        Rule::Environment => failure.hint(format!("this endpoint comes from {ENDPOINT_VARIABLE}")),
        Rule::Pairing(daemon) => {
            failure.hint(format!("this endpoint is where this device paired with daemon {daemon}"))
        }
        Rule::HostSettings => failure.hint("this endpoint comes from this host's configuration"),
        Rule::Default => failure.hint("this endpoint is the default; pair with another one: netclaw pair ENDPOINT"),
    }
}

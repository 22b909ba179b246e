//! That what answers may not be the daemon. Nothing was stored or sent then, and every message says what to do.

use super::{Exit, Failure};
use crate::app::client::enrol::Suspicion;
use crate::domain::endpoint::Endpoint;
use crate::domain::link::Pins;
use crate::domain::pin::Pin;

/// Another TLS key than the stored one.
pub(super) fn wrong_key(endpoint: &Endpoint, expected: &Pins, found: Pin) -> Failure {
    let (stored, found) = (expected.current.fingerprint(), found.fingerprint());
    Failure::new(
        Exit::Failed,
        format!("the key of the daemon at {endpoint} has changed from {stored} to {found}; nothing was sent"),
    )
    .hint("someone may be in between; compare the fingerprint on the host with: netclaw daemon keys")
    .hint(format!("only if it is the same there, pair again: netclaw pair {endpoint}"))
}

/// Another TLS key than the one that the link pins.
pub(super) fn not_the_links_key(endpoint: &Endpoint, expected: Pin, found: Pin) -> Failure {
    // A link that was damaged near its end differs only where a fingerprint does not reach.
    let shown = |pin: Pin| if expected.fingerprint() == found.fingerprint() { pin.text() } else { pin.fingerprint() };
    let (expected, found) = (shown(expected), shown(found));
    Failure::new(
        Exit::Failed,
        format!("{endpoint} has the key {found}, and the link says {expected}; the link was not used and is still valid"),
    )
    .hint("someone may be in between, or the link leads to another machine from here; use another network")
    .hint("or the daemon has changed its key since: compare with `netclaw daemon keys` on the host, and make a new link there: netclaw daemon pair --link")
}

/// Whoever answers knows the link by its id, and the proof of its secret is refused.
pub(super) fn link_refused(endpoint: &Endpoint) -> Failure {
    Failure::new(Exit::Refused, format!("the daemon at {endpoint} knows this link, but refuses its proof"))
        .hint("someone in between may be changing what is sent; nothing was stored")
        .hint("use another network, and a new link from the host: netclaw daemon pair --link")
}

/// A token would cross a network in the clear.
pub(super) fn unprotected(endpoint: &Endpoint) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("the token is not sent to {endpoint}: nothing protects it on the way, and its pairing has no key"),
    )
    .hint(format!("pair again, which stores the daemon's key: netclaw pair {endpoint}"))
}

/// There is nothing to pair over.
pub(super) fn unprotected_pairing(endpoint: &Endpoint) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("{endpoint} does not speak TLS, so nothing protects what is sent there; no code was asked for"),
    )
    .hint("a daemon speaks TLS on the same port; one that does not is too old, or someone in between has taken TLS away")
    .hint("is it behind a proxy or tunnel? then pair with its https:// address, as `netclaw daemon pair` shows it")
    .hint("for an older daemon, use an SSH tunnel: ssh -L 5199:127.0.0.1:5199 HOST, and then netclaw pair http://127.0.0.1:5199")
}

/// The handshake's routes are missing.
pub(super) fn no_handshakes(endpoint: &Endpoint) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("the daemon at {endpoint} does not know the handshake that protects the code; the code was not sent"),
    )
    .hint("it is too old, or someone in between hides the handshake; compare on the host: netclaw --version")
    .hint("for an older daemon, use an SSH tunnel: ssh -L 5199:127.0.0.1:5199 HOST, and then netclaw pair http://127.0.0.1:5199")
}

/// The handshake failed as it does with someone in between.
pub(super) fn in_between(endpoint: &Endpoint, why: Suspicion) -> Failure {
    let failure = Failure::new(Exit::Failed, format!("someone may be in between here and the daemon: {why}"))
        .hint("nothing was stored, and neither code nor token was shown");
    match why {
        Suspicion::UnknownLink if endpoint.is_https() => failure
            .hint("its certificate is not valid here, or the daemon does not know this address as its own")
            .hint("compare the address with the one that the host shows: netclaw daemon pair"),
        Suspicion::UnknownLink => failure
            .hint(format!("is there a proxy or tunnel in front of {endpoint}? pair with its https:// address instead"))
            .hint("if there is none, use another network; the address that leads there is shown on the host by: netclaw daemon pair"),
        Suspicion::Message(_) | Suspicion::Answer(_) => {
            failure.hint("use another network, and a new code from the host: netclaw daemon pair")
        }
    }
}

/// An answer that no daemon gives.
pub(super) fn forged(endpoint: &Endpoint, what: &str) -> Failure {
    Failure::new(Exit::Failed, format!("someone may be in between here and {endpoint}: {what}"))
        .hint("nothing was stored, and neither code nor token was shown")
        .hint("use another network, and a new code from the host: netclaw daemon pair")
}

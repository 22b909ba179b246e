//! A fresh pairing code, on the host's side, and what became of it.

use serde::Serialize;

use super::{span, time};
use crate::adapters::wire::moment;
use crate::domain::session::Phase;
use crate::domain::terms::{CredentialLife, Terms};
use crate::domain::time::WallTime;
use crate::ports::control_channel::{OpenedPairing, PairingOutcome};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    code: String,
    #[serde(with = "moment")]
    expires_at: WallTime,
    expires_in_seconds: u64,
    endpoint: String,
    command: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_verified: Option<String>,
}

/// The four lines, whose words scripts rely on.
pub fn lines(opened: &OpenedPairing) -> [String; 4] {
    [
        format!("Pairing code: {}", opened.code.reveal()),
        format!("Expires at: {} (local time)", time::local_time(opened.expires_at)),
        "On the remote device, run:".to_owned(),
        command(opened),
    ]
}

/// What the host has decided about the device, in sentences.
pub fn notes(terms: &Terms) -> Vec<String> {
    let name = terms.name.as_ref().map(|name| format!("the device will be named \"{name}\", whatever it asks for"));
    let ends = |life: CredentialLife| {
        format!("its credential will end {} after it has paired", span::in_words(life.duration()))
    };
    name.into_iter().chain(terms.life.map(ends)).collect()
}

/// `{"code","expiresAt","expiresInSeconds","endpoint","command"}`; `"ttlSeconds"` and `"deviceName"` where the host has decided
/// them; and `"notVerified"` with the reason when it is not certain that the endpoint leads to this daemon.
pub fn document(opened: &OpenedPairing, not_verified: Option<String>) -> impl Serialize + use<> {
    Document {
        code: opened.code.reveal(),
        expires_at: opened.expires_at,
        // Rounded down: whoever relies on it is not late.
        expires_in_seconds: opened.expires_in.as_secs(),
        endpoint: opened.endpoint.to_string(),
        command: command(opened),
        ttl_seconds: opened.terms.life.map(|life| life.duration().as_secs()),
        device_name: opened.terms.name.as_ref().map(ToString::to_string),
        not_verified,
    }
}

/// The line that is shown while the code waits, or `None` once it is over.
pub fn progress(outcome: &PairingOutcome) -> Option<String> {
    match outcome {
        PairingOutcome::Phase(Phase::Waiting { remaining }) => Some(format!(
            "Waiting for a device, {} left (Ctrl-C stops waiting, the code stays valid)",
            span::countdown(*remaining)
        )),
        PairingOutcome::Phase(Phase::Expired | Phase::Exhausted | Phase::Paired { .. })
        | PairingOutcome::Paired(_)
        | PairingOutcome::Replaced => None,
    }
}

fn command(opened: &OpenedPairing) -> String {
    format!("netclaw pair {}", opened.endpoint)
}

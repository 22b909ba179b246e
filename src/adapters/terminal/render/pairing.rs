//! A fresh pairing code or link, on the host's side, and what became of it.

use serde::Serialize;

use super::{span, time};
use crate::adapters::wire::moment;
use crate::domain::binding::Binding;
use crate::domain::pairing_link::PairingLink;
use crate::domain::session::Phase;
use crate::domain::session::asking::Applicant;
use crate::domain::terms::{CredentialLife, Terms};
use crate::domain::time::WallTime;
use crate::ports::control_channel::{OpenedPairing, PairingOutcome};

/// Asks for the link.
const LINK_COMMAND: &str = "netclaw pair";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
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
        expires(opened.expires_at),
        "On the remote device, run:".to_owned(),
        command(opened),
    ]
}

/// The lines of a link. The command does not hold it: other users of the device's machine would see it.
pub fn link_lines(opened: &OpenedPairing<PairingLink>) -> [String; 4] {
    [
        format!("Pairing link: {}", opened.code.reveal().as_str()),
        expires(opened.expires_at),
        "On the remote device, run this and paste the link:".to_owned(),
        LINK_COMMAND.to_owned(),
    ]
}

fn expires(at: WallTime) -> String {
    format!("Expires at: {} (local time)", time::local_time(at))
}

/// Who asks to be paired, and the question.
pub fn applicant(applicant: &Applicant) -> [String; 5] {
    let transport = match &applicant.binding {
        Binding::Spki(_) => "TLS with this daemon's own key".to_owned(),
        Binding::Origin(origin) if origin.as_str().starts_with("https:") => {
            format!("https, by way of {}", origin.as_str())
        }
        Binding::Origin(_) => "plain HTTP that does not leave this machine".to_owned(),
    };
    [
        "A device asks to be paired:".to_owned(),
        format!("  name       {}", applicant.name),
        format!("  address    {}", applicant.client),
        format!("  transport  {transport}"),
        format!("  words      {}", applicant.words),
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
    Document { code: Some(opened.code.reveal()), command: command(opened), ..without_secret(opened, not_verified) }
}

/// The same with `"link"` in the place of `"code"`. The command reads the link from stdin.
pub fn link_document(opened: &OpenedPairing<PairingLink>, not_verified: Option<String>) -> impl Serialize + use<> {
    Document { link: Some(opened.code.reveal().to_string()), ..without_secret(opened, not_verified) }
}

fn without_secret<S>(opened: &OpenedPairing<S>, not_verified: Option<String>) -> Document {
    Document {
        code: None,
        link: None,
        expires_at: opened.expires_at,
        // Rounded down: whoever relies on it is not late.
        expires_in_seconds: opened.expires_in.as_secs(),
        endpoint: opened.endpoint.to_string(),
        command: LINK_COMMAND.to_owned(),
        ttl_seconds: opened.terms.life.map(|life| life.duration().as_secs()),
        device_name: opened.terms.name.as_ref().map(ToString::to_string),
        not_verified,
    }
}

/// The line that is shown while the code waits, or `None` once it is over.
pub fn progress(outcome: &PairingOutcome, confirms: bool) -> Option<String> {
    match outcome {
        PairingOutcome::Phase(Phase::Waiting { remaining }) if confirms => {
            Some(format!("Waiting for a device, {} left (Ctrl-C ends the pairing)", span::countdown(*remaining)))
        }
        PairingOutcome::Phase(Phase::Waiting { remaining }) => Some(format!(
            "Waiting for a device, {} left (Ctrl-C stops waiting, the code stays valid)",
            span::countdown(*remaining)
        )),
        PairingOutcome::Phase(Phase::Asking { .. }) | PairingOutcome::Asking { .. } => {
            Some("Waiting for the device to come back for its credential".to_owned())
        }
        PairingOutcome::Phase(Phase::Expired | Phase::Refused | Phase::Exhausted | Phase::Paired { .. })
        | PairingOutcome::Paired(_)
        | PairingOutcome::Replaced => None,
    }
}

fn command(opened: &OpenedPairing) -> String {
    format!("netclaw pair {}", opened.endpoint)
}

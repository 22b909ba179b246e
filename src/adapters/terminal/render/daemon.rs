//! The daemon's state, as its operator sees it.

use serde::Serialize;

use super::keys::{self, KeysDocument};
use super::span;
use super::status::{DaemonDocument, daemon_lines};
use crate::domain::session::Phase;
use crate::ports::control_channel::{KeysReport, OperatorReport};

#[derive(Serialize)]
struct Document<'a> {
    running: bool,
    pid: u32,
    listening: String,
    devices: usize,
    lockouts: usize,
    pairing: Option<&'static str>,
    daemon: DaemonDocument<'a>,
    keys: Option<KeysDocument>,
}

#[derive(Serialize)]
struct NotRunning {
    running: bool,
}

/// What the person reads.
pub fn lines(report: &OperatorReport, keys: Option<&KeysReport>) -> Vec<String> {
    let pairing = match report.pairing {
        Some(Phase::Waiting { remaining }) => format!("a code waits, {} left", span::countdown(remaining)),
        Some(Phase::Asking { remaining }) => {
            format!("a device waits for a yes, {} left", span::countdown(remaining))
        }
        Some(Phase::Refused) => "the last device was refused".to_owned(),
        Some(Phase::Expired) => "the last code has expired".to_owned(),
        Some(Phase::Paired { .. }) => "the last code was used".to_owned(),
        Some(Phase::Exhausted) => "the last code was ended by too many wrong ones".to_owned(),
        None => "no code since the start".to_owned(),
    };
    let mut lines =
        vec![format!("Status:       running (pid {})", report.pid), format!("Listening:    {}", report.listening)];
    lines.extend(keys.into_iter().flat_map(keys::short_lines));
    lines.extend(daemon_lines(&report.daemon));
    lines.extend([
        format!("Devices:      {}", report.devices),
        format!("Lockouts:     {}", report.lockouts),
        format!("Pairing:      {pairing}"),
    ]);
    lines
}

/// `{"running":true,"pid","listening","devices","lockouts","pairing","daemon":{…},"keys":{…}|null}`; `pairing` is one of `waiting`,
/// `asking`, `refused`, `expired`, `paired`, `exhausted`, or null.
pub fn document<'a>(report: &'a OperatorReport, keys: Option<&KeysReport>) -> impl Serialize + use<'a> {
    Document {
        running: true,
        pid: report.pid,
        listening: report.listening.to_string(),
        devices: report.devices,
        lockouts: report.lockouts,
        pairing: report.pairing.map(phase_name),
        daemon: DaemonDocument::of(&report.daemon),
        keys: keys.map(KeysDocument::of),
    }
}

/// `{"running":false}`
pub fn not_running_document() -> impl Serialize {
    NotRunning { running: false }
}

const fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting { .. } => "waiting",
        Phase::Asking { .. } => "asking",
        Phase::Refused => "refused",
        Phase::Expired => "expired",
        Phase::Paired { .. } => "paired",
        Phase::Exhausted => "exhausted",
    }
}

//! The daemon's TLS keys.

use serde::Serialize;

use super::transport::coarse;
use super::{span, time};
use crate::adapters::wire::moment;
use crate::domain::time::WallTime;
use crate::ports::control_channel::{KeyReport, KeysReport};

/// The key in use and the announced next one.
#[derive(Serialize)]
pub(super) struct KeysDocument {
    current: KeyDocument,
    next: Option<KeyDocument>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyDocument {
    pin: String,
    fingerprint: String,
    #[serde(with = "moment")]
    created_at: WallTime,
    age_seconds: u64,
}

/// What the person reads.
pub fn lines(report: &KeysReport) -> Vec<String> {
    let moment =
        |key: &KeyReport| format!("{} ({} ago)", time::local_date_and_time(key.created_at), span::in_words(key.age));
    let mut lines = vec![
        format!("Pin:          {}", report.current.pin),
        format!("Fingerprint:  {}", report.current.pin.fingerprint()),
        format!("Created:      {}", moment(&report.current)),
    ];
    match &report.next {
        None => lines.push("Next pin:     none announced".to_owned()),
        Some(next) => lines.extend([
            format!("Next pin:     {}", next.pin),
            format!("Fingerprint:  {}", next.pin.fingerprint()),
            format!("Announced:    {}", moment(next)),
        ]),
    }
    lines
}

/// `{"current":{"pin","fingerprint","createdAt","ageSeconds"},"next":{…}|null}`
pub fn document(report: &KeysReport) -> impl Serialize + use<> {
    KeysDocument::of(report)
}

impl KeysDocument {
    pub(super) fn of(report: &KeysReport) -> Self {
        let key = |key: &KeyReport| KeyDocument {
            pin: key.pin.to_string(),
            fingerprint: key.pin.fingerprint(),
            created_at: key.created_at,
            age_seconds: key.age.as_secs(),
        };
        Self { current: key(&report.current), next: report.next.as_ref().map(key) }
    }
}

/// The same in few words, among other things about the daemon.
pub(super) fn short_lines(report: &KeysReport) -> Vec<String> {
    let ago = |key: &KeyReport| span::in_words(coarse(key.age));
    let current = &report.current;
    let mut lines = vec![
        "Transport:    HTTP and TLS with the daemon's own key, on one port".to_owned(),
        format!("Key:          {} (made {} ago)", current.pin.fingerprint(), ago(current)),
    ];
    let next = report.next.as_ref();
    lines.extend(next.map(|next| format!("Next key:     {} (announced {} ago)", next.pin.fingerprint(), ago(next))));
    lines
}

//! The daemon's TLS keys.

use serde::Serialize;

use super::{span, time};
use crate::adapters::wire::moment;
use crate::domain::time::WallTime;
use crate::ports::control_channel::{KeyReport, KeysReport};

#[derive(Serialize)]
struct Document {
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
    let key = |key: &KeyReport| KeyDocument {
        pin: key.pin.to_string(),
        fingerprint: key.pin.fingerprint(),
        created_at: key.created_at,
        age_seconds: key.age.as_secs(),
    };
    Document { current: key(&report.current), next: report.next.as_ref().map(key) }
}

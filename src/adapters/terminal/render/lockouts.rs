//! The blocked addresses.

use serde::Serialize;

use super::{span, table};
use crate::ports::control_channel::LockoutSummary;

#[derive(Serialize)]
struct Document {
    lockouts: Vec<LockoutDocument>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LockoutDocument {
    address: String,
    remaining_seconds: u64,
}

/// `Address  Blocked For`, or a sentence when there are none.
pub fn lines(lockouts: &[LockoutSummary]) -> Vec<String> {
    if lockouts.is_empty() {
        return vec!["No blocked addresses.".to_owned()];
    }
    let row = |lockout: &LockoutSummary| vec![lockout.address.to_string(), span::in_words(lockout.remaining)];
    table::lines(&["Address", "Blocked For"], lockouts.iter().map(row))
}

/// `{"lockouts":[{"address","remainingSeconds"}]}`
pub fn document(lockouts: &[LockoutSummary]) -> impl Serialize + use<> {
    let lockout = |lockout: &LockoutSummary| LockoutDocument {
        address: lockout.address.to_string(),
        remaining_seconds: span::rounded_up(lockout.remaining),
    };
    Document { lockouts: lockouts.iter().map(lockout).collect() }
}

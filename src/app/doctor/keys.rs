//! The daemon's TLS keys: whether they can be used, how old they are, and whether a rotation of them was forgotten.

use std::time::Duration;

use super::files::stored_or_exposed;
use super::{Scene, counted};
use crate::domain::diagnosis::{Check, Finding};
use crate::domain::key_rotation::{NotYet, Urgency, next_step};
use crate::domain::time::WallTime;
use crate::ports::home_inspection::{SeenKeys, Stored};

/// The files, below the home.
const FILES: [&str; 2] = ["keys/tls.key", "keys/tls-next.key"];

pub(super) fn judge(scene: &Scene) -> Finding {
    let check = Check::TlsKeys;
    match stored_or_exposed(check, &scene.facts.tls_keys, &FILES, &scene.facts) {
        Err(finding) => finding,
        Ok(Some(keys)) => whole(check, keys, scene),
        Ok(None) if scene.running.is_some() && !matches!(scene.facts.identity, Stored::Absent) => check.fail(
            "keys/tls.key of the running daemon is gone: the next start makes another key, which paired devices refuse",
            "restore it from a backup before the daemon is started again",
        ),
        Ok(None) => check.skip("there is none yet"),
    }
}

fn whole(check: Check, keys: &SeenKeys, scene: &Scene) -> Finding {
    let age = |created_at: WallTime| in_days(scene.now.since(created_at));
    let current = format!("{}, {} old", keys.current.pin.fingerprint(), age(keys.current.created_at));
    let Some(next) = keys.next else { return check.pass(current) };
    let announced = next.pin.fingerprint();
    match next_step(Urgency::InTime, Some(scene.now.since(next.created_at))) {
        Err(NotYet::TooSoon { remaining }) => check.pass(format!(
            "{current}; the next one, {announced}, is announced and can be switched to in {}",
            in_days(remaining)
        )),
        Ok(_) | Err(NotYet::NothingAnnounced) => check.warn(
            format!("the next key {announced} was announced {} ago and is not in use yet", age(next.created_at)),
            match scene.running {
                Some(_) => "switch to it: netclaw daemon keys rotate",
                None => "netclaw daemon start, then: netclaw daemon keys rotate",
            },
        ),
    }
}

/// A span in whole days, or in hours when it is shorter than one.
pub(super) fn in_days(span: Duration) -> String {
    const HOUR: u64 = 60 * 60;
    let count = |seconds| usize::try_from(span.as_secs() / seconds).unwrap_or(usize::MAX);
    match (count(24 * HOUR), count(HOUR)) {
        (0, 0) => "less than an hour".to_owned(),
        (0, hours) => counted(hours, "hour"),
        (days, _) => counted(days, "day"),
    }
}

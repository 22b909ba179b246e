//! What protects a link, in words and for scripts.

use std::time::Duration;

use serde::Serialize;

use super::span;
use crate::adapters::wire::moment;
use crate::domain::link::{Guard, Link};
use crate::domain::pin::Pin;
use crate::domain::time::WallTime;
use crate::ports::daemon_api::TransportReport;

/// `{"kind","pin","fingerprint","nextPin","nextFingerprint","keyCreatedAt"}`, with what is known.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TransportDocument {
    kind: &'static str,
    pin: Option<String>,
    fingerprint: Option<String>,
    next_pin: Option<String>,
    next_fingerprint: Option<String>,
    #[serde(with = "moment::optional")]
    key_created_at: Option<WallTime>,
}

impl TransportDocument {
    pub(super) fn of(link: &Link, told: Option<&TransportReport>) -> Self {
        let pin = key_in_use(link, told);
        let next = next_key(link, told);
        Self {
            kind: kind(link),
            pin: pin.map(|pin| pin.to_string()),
            fingerprint: pin.map(|pin| pin.fingerprint()),
            next_pin: next.map(|pin| pin.to_string()),
            next_fingerprint: next.map(|pin| pin.fingerprint()),
            key_created_at: told.map(|told| told.key_created_at),
        }
    }
}

/// What protects the link, then the daemon's key, its age, and the announced next key, if they are known.
pub(super) fn lines(link: &Link, told: Option<&TransportReport>, daemon_time: WallTime) -> Vec<String> {
    let mut lines = vec![format!("Transport:    {}", in_words(link))];
    if let Some(pin) = key_in_use(link, told) {
        let age = told.map(|told| daemon_time.since(told.key_created_at));
        let age = age.map(|age| format!(" (made {} ago)", span::in_words(coarse(age)))).unwrap_or_default();
        lines.push(format!("Key:          {}{age}", pin.fingerprint()));
    }
    lines.extend(next_key(link, told).map(|next| format!("Next key:     {} (announced)", next.fingerprint())));
    lines
}

/// What protects a link, in a few words.
pub(super) const fn in_words(link: &Link) -> &'static str {
    match link.guard() {
        Guard::Pinned(_) => "TLS with the daemon's own key",
        Guard::PublicCertificate => "TLS with a public certificate",
        Guard::Machine => "on this machine",
        Guard::Nothing => "not protected",
    }
}

const fn kind(link: &Link) -> &'static str {
    match link.guard() {
        Guard::Pinned(_) => "pinned",
        Guard::PublicCertificate => "certificate",
        Guard::Machine => "loopback",
        Guard::Nothing => "none",
    }
}

fn key_in_use(link: &Link, told: Option<&TransportReport>) -> Option<Pin> {
    match (told, link.guard()) {
        (Some(told), _) => Some(told.pin),
        (None, Guard::Pinned(pins)) => Some(pins.current),
        (None, Guard::PublicCertificate | Guard::Machine | Guard::Nothing) => None,
    }
}

fn next_key(link: &Link, told: Option<&TransportReport>) -> Option<Pin> {
    match (told, link.guard()) {
        (Some(told), _) => told.next.as_ref().map(|next| next.pin),
        (None, Guard::Pinned(pins)) => pins.next,
        (None, Guard::PublicCertificate | Guard::Machine | Guard::Nothing) => None,
    }
}

/// Nobody asks for the seconds of a key that is days old.
pub(super) const fn coarse(age: Duration) -> Duration {
    const HOUR: u64 = 60 * 60;
    if age.as_secs() < HOUR { age } else { Duration::from_secs(age.as_secs() / HOUR * HOUR) }
}

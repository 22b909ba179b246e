//! Beacons as they are sent, and what a daemon answers to one.

use serde::{Deserialize, Serialize};

use crate::domain::beacon::Sighting;

/// The header that carries a beacon (`GET /api/health/live`).
pub const BEACON_HEADER: &str = "x-netclaw-beacon";

/// A beacon for the operator.
#[derive(Debug, Serialize, Deserialize)]
pub struct BeaconForm {
    /// The beacon as it is sent.
    pub beacon: String,
}

/// `{"peer","client","isTrusted","hasHeader"}`
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SightingForm {
    peer: String,
    client: String,
    is_trusted: bool,
    has_header: bool,
}

impl From<&Sighting> for SightingForm {
    fn from(sighting: &Sighting) -> Self {
        Self {
            peer: sighting.peer.to_string(),
            client: sighting.client.to_string(),
            is_trusted: sighting.is_trusted,
            has_header: sighting.has_header,
        }
    }
}

impl SightingForm {
    /// The sighting, unless a field is not what it should be.
    pub fn read(&self) -> Option<Sighting> {
        Some(Sighting {
            peer: self.peer.parse().ok()?,
            client: self.client.parse().ok()?,
            is_trusted: self.is_trusted,
            has_header: self.has_header,
        })
    }
}

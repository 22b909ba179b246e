//! A finished pairing, on the device's side.

use serde::Serialize;

use super::status::DeviceDocument;
use crate::app::client::enrol::{Enrolled, Replaced};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    device: DeviceDocument<'a>,
    daemon_id: &'a str,
    endpoint: String,
}

/// What the person reads.
pub fn line(enrolled: &Enrolled) -> String {
    format!("Paired with {} as \"{}\".", enrolled.endpoint, enrolled.device.name)
}

/// `{"device":{"id","name"},"daemonId","endpoint"}`, never the token.
pub fn document(enrolled: &Enrolled) -> impl Serialize + '_ {
    Document {
        device: DeviceDocument::of(&enrolled.device),
        daemon_id: enrolled.daemon_id.as_str(),
        endpoint: enrolled.endpoint.to_string(),
    }
}

/// What became of a pairing that was replaced.
pub fn note(replaced: &Replaced) -> String {
    match replaced {
        Replaced::Revoked(name) => format!("note: the earlier pairing of this device, \"{name}\", is revoked"),
        Replaced::NotRevoked(name) => format!(
            "note: the earlier pairing of this device could not be revoked; on the host, run: netclaw daemon devices revoke \"{name}\""
        ),
        Replaced::Elsewhere(pairing) => format!(
            "note: this daemon was paired at {} before; that pairing is replaced, and its device \"{}\" can be revoked on the host",
            pairing.endpoint, pairing.device_name
        ),
        Replaced::OtherDaemon(pairing) => format!(
            "note: another daemon ({}) was paired at this endpoint before; its credential is forgotten",
            pairing.daemon_id
        ),
    }
}

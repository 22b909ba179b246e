//! A credential that was replaced.

use serde::Serialize;

use crate::ports::credential_store::Pairing;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    daemon_id: &'a str,
    endpoint: String,
    device_name: &'a str,
}

/// What the person reads.
pub fn line(pairing: &Pairing) -> String {
    format!(
        "\"{}\" has a new credential for {}; the old one is refused from now on.",
        pairing.device_name, pairing.endpoint
    )
}

/// `{"daemonId","endpoint","deviceName"}`, never the token.
pub fn document(pairing: &Pairing) -> impl Serialize + '_ {
    Document {
        daemon_id: pairing.daemon_id.as_str(),
        endpoint: pairing.endpoint.to_string(),
        device_name: pairing.device_name.as_str(),
    }
}

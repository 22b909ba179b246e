//! The daemons that this device is paired with.

use serde::Serialize;

use super::transport::{self, TransportDocument};
use super::{table, time};
use crate::adapters::wire::moment;
use crate::domain::daemon_id::DaemonId;
use crate::domain::link::Link;
use crate::domain::time::WallTime;
use crate::ports::credential_store::Pairing;

/// Characters of an id that tell daemons apart at a glance.
const SHORT_ID_CHARS: usize = 8;

#[derive(Serialize)]
struct Document<'a> {
    daemons: Vec<DaemonDocument<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DaemonDocument<'a> {
    id: &'a str,
    name: Option<&'a str>,
    current: bool,
    endpoint: String,
    device_name: &'a str,
    #[serde(with = "moment")]
    paired_at: WallTime,
    transport: TransportDocument,
}

/// What a person calls a daemon: its name, or else the beginning of its id.
pub fn label(pairing: &Pairing) -> String {
    let short = || pairing.daemon_id.as_str().chars().take(SHORT_ID_CHARS).collect();
    pairing.known.name.as_ref().map_or_else(short, ToString::to_string)
}

/// A table whose first column marks the current one, or a sentence when there are none.
pub fn lines(all: &[Pairing], current: Option<&DaemonId>) -> Vec<String> {
    if all.is_empty() {
        return vec!["Not paired with any daemon.".to_owned()];
    }
    let row = |pairing: &Pairing| {
        let mark = if current == Some(&pairing.daemon_id) { "*" } else { "" };
        let link = link(pairing);
        let key = pairing.known.pins.map_or_else(|| "-".to_owned(), |pins| pins.current.fingerprint());
        let paired_at = time::local_date_and_time(pairing.paired_at);
        let transport = transport::in_words(&link).to_owned();
        vec![mark.to_owned(), label(pairing), pairing.endpoint.to_string(), transport, key, paired_at]
    };
    table::lines(&["", "Name", "Endpoint", "Transport", "Key", "Paired"], all.iter().map(row))
}

/// `{"daemons":[{"id","name","current","endpoint","deviceName","pairedAt","transport":{…}}]}`
pub fn document<'a>(all: &'a [Pairing], current: Option<&DaemonId>) -> impl Serialize + use<'a> {
    let document = |pairing: &'a Pairing| DaemonDocument {
        id: pairing.daemon_id.as_str(),
        name: pairing.known.name.as_ref().map(|name| name.as_str()),
        current: current == Some(&pairing.daemon_id),
        endpoint: pairing.endpoint.to_string(),
        device_name: pairing.device_name.as_str(),
        paired_at: pairing.paired_at,
        transport: TransportDocument::of(&link(pairing), None),
    };
    Document { daemons: all.iter().map(document).collect() }
}

fn link(pairing: &Pairing) -> Link {
    Link::of_pairing(&pairing.endpoint, pairing.known.pins)
}

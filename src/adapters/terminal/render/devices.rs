//! The paired devices.

use serde::Serialize;

use super::{table, time};
use crate::adapters::wire::moment;
use crate::domain::time::WallTime;
use crate::ports::control_channel::DeviceSummary;

#[derive(Serialize)]
struct Document<'a> {
    devices: Vec<DeviceDocument<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeviceDocument<'a> {
    id: &'a str,
    name: &'a str,
    /// Only where it is true.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    bootstrap: bool,
    #[serde(with = "moment")]
    created_at: WallTime,
    #[serde(with = "moment::optional")]
    last_used_at: Option<WallTime>,
    last_address: Option<String>,
}

/// `Name  Created  Last Used` in local time, or a sentence when there are none.
pub fn lines(devices: &[DeviceSummary]) -> Vec<String> {
    if devices.is_empty() {
        return vec!["No paired devices.".to_owned()];
    }
    let row = |summary: &DeviceSummary| {
        let last_used = summary.last_use.map_or_else(|| "never".to_owned(), |last| time::local_date_and_time(last.at));
        vec![summary.device.name.to_string(), time::local_date_and_time(summary.created_at), last_used]
    };
    table::lines(&["Name", "Created", "Last Used"], devices.iter().map(row))
}

/// `{"devices":[{"id","name","createdAt","lastUsedAt","lastAddress"}]}`, and `"bootstrap":true` for the daemon's own host
pub fn document(devices: &[DeviceSummary]) -> impl Serialize + '_ {
    Document { devices: devices.iter().map(device_document).collect() }
}

fn device_document(summary: &DeviceSummary) -> DeviceDocument<'_> {
    DeviceDocument {
        id: summary.device.id.as_str(),
        name: summary.device.name.as_str(),
        bootstrap: summary.bootstrap,
        created_at: summary.created_at,
        last_used_at: summary.last_use.map(|last| last.at),
        last_address: summary.last_use.map(|last| last.address.to_string()),
    }
}

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
    /// Only where it ends.
    #[serde(with = "moment::optional", skip_serializing_if = "Option::is_none")]
    expires_at: Option<WallTime>,
    /// Only where it is true.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    expired: bool,
    #[serde(with = "moment::optional")]
    last_used_at: Option<WallTime>,
    last_address: Option<String>,
}

/// `Name  Created  Last Used` in local time, and `Expires` when any of them does; or a sentence when there are none.
pub fn lines(devices: &[DeviceSummary]) -> Vec<String> {
    if devices.is_empty() {
        return vec!["No paired devices.".to_owned()];
    }
    let row = |summary: &DeviceSummary| {
        let last_used = summary.last_use.map_or_else(|| "never".to_owned(), |last| time::local_date_and_time(last.at));
        vec![summary.device.name.to_string(), time::local_date_and_time(summary.created_at), last_used]
    };
    if devices.iter().all(|summary| summary.expires_at.is_none()) {
        return table::lines(&["Name", "Created", "Last Used"], devices.iter().map(row));
    }
    let longer = |summary: &DeviceSummary| [row(summary), vec![end(summary)]].concat();
    table::lines(&["Name", "Created", "Last Used", "Expires"], devices.iter().map(longer))
}

fn end(summary: &DeviceSummary) -> String {
    match summary.expires_at.map(time::local_date_and_time) {
        None => "never".to_owned(),
        Some(moment) if summary.has_expired => format!("{moment} (expired)"),
        Some(moment) => moment,
    }
}

/// `{"devices":[{"id","name","createdAt","lastUsedAt","lastAddress"}]}`; `"bootstrap":true` for the daemon's own host,
/// `"expiresAt"` where the credential ends, and `"expired":true` where it has.
pub fn document(devices: &[DeviceSummary]) -> impl Serialize + '_ {
    Document { devices: devices.iter().map(device_document).collect() }
}

fn device_document(summary: &DeviceSummary) -> DeviceDocument<'_> {
    DeviceDocument {
        id: summary.device.id.as_str(),
        name: summary.device.name.as_str(),
        bootstrap: summary.bootstrap,
        created_at: summary.created_at,
        expires_at: summary.expires_at,
        expired: summary.has_expired,
        last_used_at: summary.last_use.map(|last| last.at),
        last_address: summary.last_use.map(|last| last.address.to_string()),
    }
}

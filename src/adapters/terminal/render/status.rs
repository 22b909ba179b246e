//! The daemon's status, as a device sees it.

use serde::Serialize;

use super::transport::{self, TransportDocument};
use super::{span, time};
use crate::adapters::wire::moment;
use crate::domain::link::Link;
use crate::domain::time::WallTime;
use crate::ports::daemon_api::{DaemonReport, DeviceIdentity, StatusReport};

#[derive(Serialize)]
struct Document<'a> {
    overall: &'static str,
    endpoint: String,
    daemon: DaemonDocument<'a>,
    device: Option<DeviceDocument<'a>>,
    transport: TransportDocument,
}

/// What a daemon says of itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DaemonDocument<'a> {
    id: &'a str,
    version: &'a str,
    exposure_mode: &'a str,
    #[serde(with = "moment")]
    started_at: WallTime,
    uptime_seconds: u64,
    /// Only where it is true.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    restart_pending: bool,
}

/// A device by its id and name.
#[derive(Serialize)]
pub(super) struct DeviceDocument<'a> {
    id: &'a str,
    name: &'a str,
}

impl<'a> DaemonDocument<'a> {
    pub(super) fn of(daemon: &'a DaemonReport) -> Self {
        Self {
            id: daemon.id.as_str(),
            version: &daemon.version,
            exposure_mode: &daemon.exposure_mode,
            started_at: daemon.started_at,
            uptime_seconds: daemon.uptime.as_secs(),
            restart_pending: daemon.restart_pending,
        }
    }
}

impl<'a> DeviceDocument<'a> {
    pub(super) fn of(device: &'a DeviceIdentity) -> Self {
        Self { id: device.id.as_str(), name: device.name.as_str() }
    }
}

/// What the person reads.
pub fn lines(link: &Link, report: &StatusReport) -> Vec<String> {
    let device = match &report.device {
        Some(device) => format!("\"{}\" ({})", device.name, device.id),
        None => "not paired; the daemon serves this machine without a credential".to_owned(),
    };
    let mut lines = vec!["Status:       healthy".to_owned(), format!("Endpoint:     {}", link.endpoint())];
    let daemon_time = report.daemon.started_at.plus(report.daemon.uptime);
    lines.extend(transport::lines(link, report.transport.as_ref(), daemon_time));
    lines.extend(daemon_lines(&report.daemon));
    lines.push(format!("This device:  {device}"));
    lines
}

/// What a daemon says of itself, as lines.
pub(super) fn daemon_lines(daemon: &DaemonReport) -> Vec<String> {
    let mut lines = vec![
        format!("Daemon:       {}", daemon.id),
        format!("Version:      {}", daemon.version),
        format!("Exposure:     {}", daemon.exposure_mode),
        format!(
            "Started:      {} ({} ago)",
            time::local_date_and_time(daemon.started_at),
            span::in_words(daemon.uptime)
        ),
    ];
    if daemon.restart_pending {
        lines.push("Restart:      pending, the configuration has changed".to_owned());
    }
    lines
}

/// `{"overall","endpoint","daemon":{…},"device":{…}|null,"transport":{…}}`
pub fn document<'a>(link: &Link, report: &'a StatusReport) -> impl Serialize + use<'a> {
    Document {
        overall: "healthy",
        endpoint: link.endpoint().to_string(),
        daemon: DaemonDocument::of(&report.daemon),
        device: report.device.as_ref().map(DeviceDocument::of),
        transport: TransportDocument::of(link, report.transport.as_ref()),
    }
}

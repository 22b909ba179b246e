//! The daemon's status, as a device sees it.

use std::time::Duration;

use serde::Serialize;

use super::transport::{self, TransportDocument};
use super::{span, time};
use crate::adapters::wire::moment;
use crate::domain::link::Link;
use crate::domain::time::WallTime;
use crate::ports::daemon_api::{DaemonReport, DeviceIdentity, StatusReport};

/// How long before its end a credential is warned about: enough to meet whoever can pair it anew.
const NOTICE: Duration = Duration::from_secs(14 * 86_400);

#[derive(Serialize)]
struct Document<'a> {
    overall: &'static str,
    endpoint: String,
    daemon: DaemonDocument<'a>,
    device: Option<OwnDeviceDocument<'a>>,
    transport: TransportDocument,
}

/// The device that asks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OwnDeviceDocument<'a> {
    #[serde(flatten)]
    device: DeviceDocument<'a>,
    /// Only where its credential ends.
    #[serde(with = "moment::optional", skip_serializing_if = "Option::is_none")]
    expires_at: Option<WallTime>,
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
    lines.extend(report.expires_at.map(|end| format!("Expires:      {}", time::local_date_and_time(end))));
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

/// What the person must know in good time about the end of the credential, or `None` while it is far away.
pub fn warning(report: &StatusReport, now: WallTime) -> Option<String> {
    let end = report.expires_at.filter(|end| end.since(now) <= NOTICE)?;
    let moment = time::local_date_and_time(end);
    Some(match end.since(now) {
        Duration::ZERO => format!("by this machine's clock the credential of this device has ended, on {moment}"),
        left => format!("the credential of this device ends on {moment}, in {}", span::in_words(left)),
    })
}

/// `{"overall","endpoint","daemon":{…},"device":{…}|null,"transport":{…}}`, and in the device `"expiresAt"` where its credential ends
pub fn document<'a>(link: &Link, report: &'a StatusReport) -> impl Serialize + use<'a> {
    let own = |device| OwnDeviceDocument { device: DeviceDocument::of(device), expires_at: report.expires_at };
    Document {
        overall: "healthy",
        endpoint: link.endpoint().to_string(),
        daemon: DaemonDocument::of(&report.daemon),
        device: report.device.as_ref().map(own),
        transport: TransportDocument::of(link, report.transport.as_ref()),
    }
}

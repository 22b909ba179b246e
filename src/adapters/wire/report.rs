//! How the daemon, a device, and their state are spelled in JSON (`GET /api/status` and the commands' `--json`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::keys::TransportForm;
use super::moment;
use crate::domain::daemon_id::DaemonId;
use crate::domain::device::DeviceId;
use crate::domain::device_name::DeviceName;
use crate::domain::text::shown_safely;
use crate::domain::time::WallTime;
use crate::ports::daemon_api::{DaemonReport, DeviceIdentity, StatusReport};

/// `{"id","name"}`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceForm {
    /// The device's id.
    pub id: String,
    /// The device's name.
    pub name: String,
}

/// `{"id","version","exposureMode","startedAt","uptimeSeconds"}`, and `"restartPending":true`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DaemonForm {
    id: String,
    version: String,
    exposure_mode: String,
    #[serde(with = "moment")]
    started_at: WallTime,
    uptime_seconds: u64,
    /// Only where it is true.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    restart_pending: bool,
}

/// `{"daemon","device"}`, and `"transport"` for devices
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatusForm {
    /// The daemon that answers.
    pub daemon: DaemonForm,
    /// The device whose token was sent.
    pub device: Option<OwnDeviceForm>,
    /// The keys of its TLS. Only where there is a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<TransportForm>,
}

/// `{"id","name"}` of the device that asks, and `"expiresAt"` where its credential ends
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnDeviceForm {
    #[serde(flatten)]
    device: DeviceForm,
    #[serde(default, with = "moment::optional", skip_serializing_if = "Option::is_none")]
    expires_at: Option<WallTime>,
}

impl From<&DeviceIdentity> for DeviceForm {
    fn from(device: &DeviceIdentity) -> Self {
        Self { id: device.id.to_string(), name: device.name.to_string() }
    }
}

impl DeviceForm {
    /// The device, unless a field is not what it should be.
    pub fn read(&self) -> Option<DeviceIdentity> {
        Some(DeviceIdentity { id: DeviceId::parse(&self.id)?, name: DeviceName::parse(&self.name).ok()? })
    }
}

impl From<&DaemonReport> for DaemonForm {
    fn from(report: &DaemonReport) -> Self {
        Self {
            id: report.id.to_string(),
            version: report.version.clone(),
            exposure_mode: report.exposure_mode.clone(),
            started_at: report.started_at,
            uptime_seconds: report.uptime.as_secs(),
            restart_pending: report.restart_pending,
        }
    }
}

impl DaemonForm {
    /// The report, safe to show, unless a field is not what it should be.
    pub fn read(&self) -> Option<DaemonReport> {
        Some(DaemonReport {
            id: DaemonId::parse(&self.id)?,
            version: shown_safely(&self.version),
            exposure_mode: shown_safely(&self.exposure_mode),
            started_at: self.started_at,
            uptime: Duration::from_secs(self.uptime_seconds),
            restart_pending: self.restart_pending,
        })
    }
}

impl From<&StatusReport> for StatusForm {
    fn from(report: &StatusReport) -> Self {
        let own = |device: &DeviceIdentity| OwnDeviceForm { device: device.into(), expires_at: report.expires_at };
        let transport = report.transport.as_ref().map(Into::into);
        Self { daemon: (&report.daemon).into(), device: report.device.as_ref().map(own), transport }
    }
}

impl StatusForm {
    /// The report, safe to show, unless a field is not what it should be.
    pub fn read(&self) -> Option<StatusReport> {
        let device = self.device.as_ref().map(|own| own.device.read());
        let transport = self.transport.as_ref().map(TransportForm::read);
        Some(StatusReport {
            daemon: self.daemon.read()?,
            device: device.map_or(Some(None), |read| read.map(Some))?,
            expires_at: self.device.as_ref().and_then(|own| own.expires_at),
            transport: transport.map_or(Some(None), |read| read.map(Some))?,
        })
    }
}

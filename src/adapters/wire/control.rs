//! The JSON of the control socket: what the daemon's side writes and the command's side reads.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::moment;
use super::outcome::OutcomeForm;
use super::report::{DaemonForm, DeviceForm};
use crate::domain::code::PairingCode;
use crate::domain::device_name::DeviceName;
use crate::domain::endpoint::Endpoint;
use crate::domain::pairing_link::PairingLink;
use crate::domain::session::Generation;
use crate::domain::terms::{CredentialLife, Terms};
use crate::domain::text::shown_safely;
use crate::domain::time::WallTime;
use crate::ports::activity_log::LastUse;
use crate::ports::control_channel::{
    DeviceSummary, LockoutSummary, OpenedPairing, OperatorReport, PairingOutcome, Revoked,
};

/// What is decided about the device before it pairs; absent means that nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TermsForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_name: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    confirm: bool,
}

/// A fresh code or link. No `Debug`: it holds it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenedPairingForm {
    code: String,
    /// Text, because JSON numbers do not hold 64 bits everywhere.
    generation: String,
    #[serde(with = "moment")]
    expires_at: WallTime,
    expires_in_seconds: u64,
    endpoint: String,
    caveats: Vec<String>,
    #[serde(flatten)]
    terms: TermsForm,
}

/// A device in the operator's list.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceSummaryForm {
    id: String,
    name: String,
    bootstrap: bool,
    #[serde(with = "moment")]
    created_at: WallTime,
    #[serde(default, with = "moment::optional", skip_serializing_if = "Option::is_none")]
    expires_at: Option<WallTime>,
    #[serde(default)]
    has_expired: bool,
    #[serde(with = "moment::optional")]
    last_used_at: Option<WallTime>,
    last_address: Option<String>,
}

/// A blocked address.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LockoutForm {
    address: String,
    remaining_millis: u64,
}

/// The state of the daemon.
#[derive(Debug, Serialize, Deserialize)]
pub struct OperatorReportForm {
    daemon: DaemonForm,
    pid: u32,
    listening: String,
    devices: usize,
    lockouts: usize,
    pairing: Option<OutcomeForm>,
}

/// Names the device to revoke.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokeForm {
    /// Its name, in any case.
    pub name: String,
}

/// A device that was just revoked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokedForm {
    device: DeviceForm,
    was_bootstrap: bool,
    was_last: bool,
}

/// Names the device to rename.
#[derive(Debug, Serialize, Deserialize)]
pub struct RenameForm {
    /// Its name, in any case.
    pub old: String,
    /// Its new name.
    pub new: String,
}

/// Says which lockouts to lift.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClearForm {
    /// One address, or all when absent.
    pub address: Option<String>,
}

/// How many lockouts were lifted.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClearedForm {
    /// Their number.
    pub lifted: usize,
}

/// Why the daemon did not do what the operator asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefusedForm {
    /// In words for the operator.
    pub error: String,
}

impl From<&Terms> for TermsForm {
    fn from(terms: &Terms) -> Self {
        Self {
            ttl_seconds: terms.life.map(|life| life.duration().as_secs()),
            device_name: terms.name.as_ref().map(ToString::to_string),
            confirm: terms.confirm,
        }
    }
}

impl TermsForm {
    /// The terms.
    ///
    /// # Errors
    ///
    /// What is wrong with a field, in words for the operator.
    pub fn read(&self) -> Result<Terms, String> {
        let life = self.ttl_seconds.map(|seconds| CredentialLife::new(Duration::from_secs(seconds))).transpose();
        let name = self.device_name.as_deref().map(DeviceName::parse).transpose();
        let (life, name) = (life.map_err(|why| why.to_string())?, name.map_err(|why| why.to_string())?);
        Ok(Terms { life, name, confirm: self.confirm })
    }
}

/// What a device is given to pair with.
pub trait Offered: Sized {
    /// Its text, for the operator.
    fn text(&self) -> String;

    /// Reads the text, unless it is not what it should be.
    fn of_text(text: &str) -> Option<Self>;
}

impl Offered for PairingCode {
    fn text(&self) -> String {
        self.reveal()
    }

    fn of_text(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl Offered for PairingLink {
    fn text(&self) -> String {
        self.reveal().to_string()
    }

    fn of_text(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl<S: Offered> From<&OpenedPairing<S>> for OpenedPairingForm {
    fn from(opened: &OpenedPairing<S>) -> Self {
        Self {
            code: opened.code.text(),
            generation: opened.generation.number().to_string(),
            expires_at: opened.expires_at,
            expires_in_seconds: opened.expires_in.as_secs(),
            endpoint: opened.endpoint.to_string(),
            caveats: opened.caveats.clone(),
            terms: (&opened.terms).into(),
        }
    }
}

impl OpenedPairingForm {
    /// The pairing, unless a field is not what it should be.
    pub fn read<S: Offered>(&self) -> Option<OpenedPairing<S>> {
        Some(OpenedPairing {
            code: S::of_text(&self.code)?,
            generation: Generation::from_number(self.generation.parse().ok()?),
            expires_at: self.expires_at,
            expires_in: Duration::from_secs(self.expires_in_seconds),
            endpoint: Endpoint::parse(&self.endpoint).ok()?,
            caveats: self.caveats.iter().map(|caveat| shown_safely(caveat)).collect(),
            terms: self.terms.read().ok()?,
        })
    }
}

impl From<&DeviceSummary> for DeviceSummaryForm {
    fn from(summary: &DeviceSummary) -> Self {
        Self {
            id: summary.device.id.to_string(),
            name: summary.device.name.to_string(),
            bootstrap: summary.bootstrap,
            created_at: summary.created_at,
            expires_at: summary.expires_at,
            has_expired: summary.has_expired,
            last_used_at: summary.last_use.map(|last_use| last_use.at),
            last_address: summary.last_use.map(|last_use| last_use.address.to_string()),
        }
    }
}

impl DeviceSummaryForm {
    /// The device, unless a field is not what it should be.
    pub fn read(self) -> Option<DeviceSummary> {
        let last_use = match (self.last_used_at, self.last_address) {
            (Some(at), Some(address)) => Some(LastUse { at, address: address.parse().ok()? }),
            _ => None,
        };
        let device = DeviceForm { id: self.id, name: self.name }.read()?;
        Some(DeviceSummary {
            device,
            bootstrap: self.bootstrap,
            created_at: self.created_at,
            expires_at: self.expires_at,
            has_expired: self.has_expired,
            last_use,
        })
    }
}

impl From<&Revoked> for RevokedForm {
    fn from(revoked: &Revoked) -> Self {
        let Revoked { device, was_bootstrap, was_last } = revoked;
        Self { device: device.into(), was_bootstrap: *was_bootstrap, was_last: *was_last }
    }
}

impl RevokedForm {
    /// What was revoked, unless a field is not what it should be.
    pub fn read(self) -> Option<Revoked> {
        let Self { device, was_bootstrap, was_last } = self;
        Some(Revoked { device: device.read()?, was_bootstrap, was_last })
    }
}

impl From<&LockoutSummary> for LockoutForm {
    fn from(lockout: &LockoutSummary) -> Self {
        Self { address: lockout.address.to_string(), remaining_millis: millis(lockout.remaining) }
    }
}

impl LockoutForm {
    /// The lockout, unless a field is not what it should be.
    pub fn read(self) -> Option<LockoutSummary> {
        let remaining = Duration::from_millis(self.remaining_millis);
        Some(LockoutSummary { address: self.address.parse().ok()?, remaining })
    }
}

impl From<&OperatorReport> for OperatorReportForm {
    fn from(report: &OperatorReport) -> Self {
        Self {
            daemon: (&report.daemon).into(),
            pid: report.pid,
            listening: report.listening.to_string(),
            devices: report.devices,
            lockouts: report.lockouts,
            pairing: report.pairing.map(Into::into),
        }
    }
}

impl OperatorReportForm {
    /// The report, unless a field is not what it should be.
    pub fn read(self) -> Option<OperatorReport> {
        let pairing = match self.pairing.map(OutcomeForm::read) {
            None => None,
            Some(Some(PairingOutcome::Phase(phase))) => Some(phase),
            Some(_) => return None,
        };
        Some(OperatorReport {
            daemon: self.daemon.read()?,
            pid: self.pid,
            listening: Endpoint::parse(&self.listening).ok()?,
            devices: self.devices,
            lockouts: self.lockouts,
            pairing,
        })
    }
}

pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

//! `netclaw doctor`'s judgements over fakes: each at its boundary.

mod client;
mod command;
mod external;
mod files;
mod host;
mod schema;

use std::sync::Arc;

use netclaw::app::doctor::{Doctor, Examination};
use netclaw::domain::diagnosis::{Check, Finding, Verdict};
use netclaw::domain::settings::Settings;
use netclaw::ports::control_channel::OperatorReport;
use netclaw::ports::exposure::Exposure;

use crate::fakes::clock::FakeClock;
use crate::fakes::control_channel::FakeControlChannel;
use crate::fakes::daemon_api::ScriptedDaemonApi;
use crate::fakes::daemon_process::FakeDaemonProcess;
use crate::fakes::exposure::FakeExposure;
use crate::fakes::home_inspection::FakeHome;
use crate::fakes::network_probe::FakeNetwork;
use crate::fakes::samples::{daemon_report, endpoint};
use crate::fakes::settings_review::FakeSettingsReview;

/// A machine that is as it is told to be.
struct Machine {
    review: FakeSettingsReview,
    home: FakeHome,
    process: FakeDaemonProcess,
    control: FakeControlChannel,
    api: ScriptedDaemonApi,
    network: FakeNetwork,
    exposure: Arc<FakeExposure>,
    clock: FakeClock,
    environment_endpoint: Option<String>,
}

impl Machine {
    /// A configured host whose daemon does not run.
    fn host(settings: Settings) -> Self {
        Self {
            review: FakeSettingsReview::of(settings),
            home: FakeHome::default(),
            process: FakeDaemonProcess::default(),
            control: FakeControlChannel::default(),
            api: ScriptedDaemonApi::default(),
            network: FakeNetwork::default(),
            exposure: Arc::new(FakeExposure::default()),
            clock: FakeClock::default(),
            environment_endpoint: None,
        }
    }

    /// A device without anything of a host.
    fn device() -> Self {
        Self { review: FakeSettingsReview::missing(), ..Self::host(Settings::default()) }
    }

    /// The same with a running daemon.
    fn running(mut self) -> Self {
        self.process = FakeDaemonProcess::already_running(4711);
        self.control.report = Some(OperatorReport {
            daemon: daemon_report(1),
            pid: 4711,
            listening: endpoint("http://127.0.0.1:5199"),
            devices: 0,
            lockouts: 0,
            pairing: None,
        });
        self
    }

    fn doctor<'a>(&'a self, exposure: &'a (dyn Fn(&Settings) -> Arc<dyn Exposure> + Sync)) -> Doctor<'a> {
        Doctor {
            review: &self.review,
            home: &self.home,
            process: &self.process,
            control: &self.control,
            api: &self.api,
            network: &self.network,
            exposure,
            agent: &|_| Ok(None),
            clock: &self.clock,
            environment_endpoint: self.environment_endpoint.clone(),
            version: "0.1.0",
        }
    }

    async fn examine(&self) -> Examination {
        let exposure = Arc::clone(&self.exposure);
        self.doctor(&move |_| -> Arc<dyn Exposure> { exposure.clone() }).examine().await
    }

    async fn finding(&self, check: Check) -> Finding {
        only(&self.examine().await, check)
    }

    /// How the only finding of this check was.
    async fn verdict(&self, check: Check) -> &'static str {
        word(&self.finding(check).await)
    }
}

#[track_caller]
fn only(examination: &Examination, check: Check) -> Finding {
    let found: Vec<&Finding> =
        examination.diagnosis.findings().iter().filter(|finding| finding.check == check).collect();
    let [finding] = found.as_slice() else { panic!("{check:?}: {found:?}") };
    (*finding).clone()
}

fn word(finding: &Finding) -> &'static str {
    match finding.verdict {
        Verdict::Pass => "pass",
        Verdict::Warn { .. } => "warn",
        Verdict::Fail { .. } => "fail",
        Verdict::Skip => "skip",
    }
}

//! Finding out what is wrong, and mending what is safe to mend.
//!
//! The ports report facts; here they are judged, one file for each group of checks. Everything works without a running daemon
//! and on a machine that is no host, takes no lock for longer than a look, and never sends a credential to any place but the
//! one that issued it.

mod agent;
mod client;
mod commands;
mod configuration;
mod daemon;
mod exposure;
mod external;
mod files;
mod keys;
mod mend;
mod way;

use std::sync::Arc;
use std::time::Duration;

pub use self::mend::{Mended, mend};
use crate::domain::diagnosis::{Check, Diagnosis, Finding};
use crate::domain::settings::Settings;
use crate::domain::time::WallTime;
use crate::ports::agent::ChatAgent;
use crate::ports::clock::Clock;
use crate::ports::control_channel::{ControlChannel, ControlError, OperatorReport};
use crate::ports::daemon_api::DaemonApi;
use crate::ports::daemon_process::DaemonProcess;
use crate::ports::exposure::Exposure;
use crate::ports::home_inspection::{HomeFacts, HomeInspection, Stored};
use crate::ports::home_repair::Repair;
use crate::ports::network_probe::NetworkProbe;
use crate::ports::settings_review::{Review, SettingsReview, Source};

/// Time for an answer of the daemon to its operator: it has everything in memory.
const CONTROL_PATIENCE: Duration = Duration::from_secs(4);

/// What the repairs of this program are started with.
const REPAIR_COMMAND: &str = "netclaw doctor --fix";

/// Everything that is looked at, and with what.
pub struct Doctor<'a> {
    /// The configuration.
    pub review: &'a dyn SettingsReview,
    /// The home folder.
    pub home: &'a dyn HomeInspection,
    /// The daemon as a process.
    pub process: &'a dyn DaemonProcess,
    /// The operator's channel.
    pub control: &'a dyn ControlChannel,
    /// The routes of daemons.
    pub api: &'a dyn DaemonApi,
    /// The network, step by step.
    pub network: &'a dyn NetworkProbe,
    /// What stands in front of a daemon with these settings.
    pub exposure: &'a (dyn Fn(&Settings) -> Arc<dyn Exposure> + Sync),
    /// The agent that these settings name, or why it cannot be used.
    pub agent: &'a (dyn Fn(&Settings) -> NamedAgent + Sync),
    /// The time.
    pub clock: &'a dyn Clock,
    /// The endpoint that the environment names.
    pub environment_endpoint: Option<String>,
    /// The version of this program.
    pub version: &'static str,
}

/// The agent that the configuration names, or why it cannot be used.
pub type NamedAgent = Result<Option<Arc<dyn ChatAgent>>, String>;

/// What a look found.
#[derive(Debug)]
pub struct Examination {
    /// The findings.
    pub diagnosis: Diagnosis,
    /// What could be mended, most important first.
    pub repairs: Vec<Repair>,
    /// Whose home it is, if it is another user's: what is mended in it has to be that user's own.
    pub other_owner: Option<u32>,
}

/// What there is on this machine, before anything is asked over a network.
struct Scene {
    review: Review,
    facts: HomeFacts,
    /// The process that holds the daemon's lock.
    running: Option<u32>,
    /// What the running daemon tells its operator; `None` when none runs.
    report: Option<Result<OperatorReport, ControlError>>,
    now: WallTime,
}

impl Doctor<'_> {
    /// Looks at everything. What takes time is looked at side by side, and all of it is over within 30 seconds.
    pub async fn examine(&self) -> Examination {
        let scene = self.look().await;
        let (repairs, owner) = (mend::plan(&scene), scene.facts.owner);
        let other_owner = (owner != scene.facts.user).then_some(owner);
        let mut findings = files::judge(&scene);
        match scene.is_host() {
            true => {
                findings.extend(configuration::judge(&scene.review));
                let (daemon, agent, outside, client) = tokio::join!(
                    daemon::judge(self, &scene),
                    agent::judge(self, &scene),
                    self.outside(&scene),
                    client::judge(self, &scene)
                );
                findings.extend(daemon.into_iter().chain([agent]).chain(outside).chain(client));
            }
            false => {
                let host_checks = [Check::ConfigFile, Check::DaemonRunning, Check::ExposureMode, Check::ExternalUrl];
                findings.extend(host_checks.map(|check| check.skip("this home is not one of a host")));
                findings.extend(client::judge(self, &scene).await);
            }
        }
        Examination { diagnosis: Diagnosis::of(findings), repairs, other_owner }
    }

    async fn look(&self) -> Scene {
        let running = self.process.running();
        let report = match running {
            Some(_) => Some(in_time(self.control.status()).await),
            None => None,
        };
        let (review, facts) = (self.review.review(), self.home.inspect());
        Scene { review, facts, running, report, now: self.clock.now().wall }
    }

    /// What is in front of the daemon, and then the way in through it.
    async fn outside(&self, scene: &Scene) -> Vec<Finding> {
        let Some(settings) = scene.settings() else {
            let unusable = "the configuration cannot be used";
            return vec![Check::ExposureMode.skip(unusable), Check::ExternalUrl.skip(unusable)];
        };
        let (mut findings, reported) = exposure::judge((self.exposure)(settings).as_ref(), settings).await;
        findings.extend(external::judge(self, scene, settings, reported).await);
        findings
    }
}

impl Scene {
    /// Whether this home is one of a host, or was: a client has nothing of what a daemon makes or reads.
    fn is_host(&self) -> bool {
        self.running.is_some()
            || self.review.source != Source::Missing
            || !self.review.overriding.is_empty()
            || !matches!(self.facts.devices, Stored::Absent)
            || !matches!(self.facts.identity, Stored::Absent)
    }

    /// The configuration, if a daemon would start with it.
    fn settings(&self) -> Option<&Settings> {
        self.review.settings.as_ref().filter(|settings| (*settings).clone().check().is_ok())
    }

    /// What the running daemon says.
    fn daemon(&self) -> Option<&OperatorReport> {
        self.report.as_ref().and_then(|report| report.as_ref().ok())
    }
}

/// An answer of the daemon to its operator, unless it takes too long.
async fn in_time<T>(asked: impl Future<Output = Result<T, ControlError>>) -> Result<T, ControlError> {
    let late = || ControlError::Broken(format!("no answer within {} seconds", CONTROL_PATIENCE.as_secs()));
    tokio::time::timeout(CONTROL_PATIENCE, asked).await.unwrap_or_else(|_| Err(late()))
}

/// A count and its noun, in the plural where it takes one.
fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

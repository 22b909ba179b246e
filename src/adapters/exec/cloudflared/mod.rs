//! What `cloudflared` says of the way to the daemon: through its metrics server, the list of processes, and its
//! configuration files, for it has no command that tells.

mod configuration;
mod ingress;
mod metrics;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;

use self::configuration::Configuration;
use self::metrics::Instance;
use super::command::{self, CommandError, Limits};
use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::Tunnel;
use crate::ports::exposure::{Exposure, ExposureFault, FaultKind};

/// Where `cloudflared` listens when its configuration does not say, the first that is free (its `metrics/metrics.go`).
const METRICS_PORTS: [u16; 5] = [20241, 20242, 20243, 20244, 20245];

/// Where `cloudflared` is looked for, and how long.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Its configuration files, in the order in which it looks for them.
    pub configurations: Vec<PathBuf>,
    /// Its metrics servers, when no configuration names one.
    pub metrics: Vec<SocketAddr>,
    /// Until a metrics server has answered everything.
    pub patience: Duration,
    /// The program that lists processes by their name.
    pub pgrep: String,
    /// What that program may take.
    pub limits: Limits,
}

impl Surroundings {
    /// Those of a user with this home folder.
    pub fn of(home: Option<&Path>) -> Self {
        Self {
            configurations: configuration::files(home),
            metrics: METRICS_PORTS.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))).to_vec(),
            patience: Duration::from_secs(2),
            pgrep: "pgrep".to_owned(),
            limits: Limits::QUERY,
        }
    }
}

/// A daemon behind `cloudflared`.
///
/// A running `cloudflared` is believed before its files: it may have been started with other options, or be configured at
/// Cloudflare. One whose metrics server is not found counts as set up, because nothing shows that it is not.
///
/// # Security
///
/// A metrics server is believed for listening on loopback. On a machine with users who are not trusted, one of them could
/// take its place and name an endpoint of his own: there, `Daemon.ExternalUrl` says what clients use.
#[derive(Clone, Debug)]
pub struct CloudflaredExposure {
    listening: SocketAddr,
    surroundings: Surroundings,
}

impl CloudflaredExposure {
    /// A daemon on this address.
    pub const fn new(listening: SocketAddr, surroundings: Surroundings) -> Self {
        Self { listening, surroundings }
    }

    /// Checks that a `cloudflared` runs, whoever started it.
    async fn find_process(&self) -> Result<(), ExposureFault> {
        let found = command::run(&self.surroundings.pgrep, &["-x", "cloudflared"], self.surroundings.limits).await;
        match found {
            Ok(_) => Ok(()),
            // It says nothing when it finds nothing, and names every other failure.
            Err(CommandError::Failed { message, .. }) if message.is_empty() => Err(self.not_running()),
            Err(error) => Err(ExposureFault::new(
                FaultKind::Unclear,
                format!("whether cloudflared runs is unknown, `pgrep -x cloudflared` does not work: {error}"),
                "install pgrep, for example with: sudo apt install procps",
            )),
        }
    }

    /// Where the first of these that leads to the daemon is reached.
    fn endpoint(
        &self,
        instances: &[Instance],
        configuration: &Configuration,
    ) -> Result<Option<Endpoint>, ExposureFault> {
        let connected: Vec<&Instance> = instances.iter().filter(|instance| instance.is_connected()).collect();
        if connected.is_empty() {
            let fix = "read its log, for example with: journalctl -u cloudflared";
            let what = "cloudflared runs, but has no connection to Cloudflare";
            return Err(ExposureFault::new(FaultKind::NotSetUp, what, fix));
        }
        let mut leading = connected.into_iter().filter(|instance| instance.leads_to(self.listening)).peekable();
        if leading.peek().is_none() {
            return Err(self.leads_elsewhere());
        }
        Ok(leading.find_map(|instance| instance.endpoint(&configuration.ingress, self.listening)))
    }

    fn not_running(&self) -> ExposureFault {
        let fix = format!("run: cloudflared tunnel run NAME, or without an account: {}", self.quick_tunnel());
        ExposureFault::new(FaultKind::NotRunning, "cloudflared does not run", fix)
    }

    fn leads_elsewhere(&self) -> ExposureFault {
        let (here, quick) = (self.listening, self.quick_tunnel());
        let fix = format!("add an ingress rule with the service http://{here}, or run: {quick}");
        ExposureFault::new(FaultKind::NotSetUp, format!("cloudflared passes nothing on to {here}"), fix)
    }

    fn quick_tunnel(&self) -> String {
        Tunnel::Cloudflared.set_up_command(self.listening)
    }
}

#[async_trait]
impl Exposure for CloudflaredExposure {
    async fn inspect(&self) -> Result<Option<Endpoint>, ExposureFault> {
        let Surroundings { configurations, metrics, patience, .. } = &self.surroundings;
        let configuration = Configuration::read(configurations).await;
        let addresses = configuration.metrics().unwrap_or_else(|| metrics.clone());
        let asked = join_all(addresses.into_iter().map(|address| metrics::ask(address, *patience))).await;
        let instances: Vec<Instance> = asked.into_iter().flatten().collect();
        if instances.is_empty() {
            self.find_process().await?;
            return Ok(ingress::endpoint(&configuration.ingress, self.listening));
        }
        self.endpoint(&instances, &configuration)
    }
}

//! What `tailscale` says of the way to the daemon.

mod serve;
mod status;

use std::net::SocketAddr;

use async_trait::async_trait;
use serde::de::DeserializeOwned;

use self::serve::ServeConfig;
use self::status::Status;
use super::command::{self, CommandError, Limits};
use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::Tunnel;
use crate::ports::exposure::{Exposure, ExposureFault, FaultKind};

/// The state of this machine and its tailnet.
const STATUS: &[&str] = &["status", "--json"];

/// What `tailscale` says when nothing listens on the socket of `tailscaled`, on Linux and elsewhere.
const NO_DAEMON: [&str; 2] = ["doesn't appear to be running", "is Tailscale running?"];

/// A daemon behind `tailscale serve` or `tailscale funnel`.
///
/// Needs tailscale 1.52 or newer, which prints what is served as JSON in the form of its `ipn.ServeConfig`.
#[derive(Clone, Debug)]
pub struct TailscaleExposure {
    program: String,
    limits: Limits,
    way: Way,
    listening: SocketAddr,
}

/// The two ways through Tailscale, which share one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// From the tailnet.
    Serve,
    /// From the internet.
    Funnel,
}

impl Way {
    /// The subcommand of `tailscale`.
    const fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Funnel => "funnel",
        }
    }

    /// How to set it up for a daemon on this address.
    fn set_up(self, daemon: SocketAddr) -> String {
        let tunnel = match self {
            Self::Serve => Tunnel::TailscaleServe,
            Self::Funnel => Tunnel::TailscaleFunnel,
        };
        format!("run: {}", tunnel.set_up_command(daemon))
    }
}

impl TailscaleExposure {
    /// A daemon on this address, for the devices of the tailnet.
    pub fn serve(listening: SocketAddr) -> Self {
        Self { program: "tailscale".to_owned(), limits: Limits::QUERY, way: Way::Serve, listening }
    }

    /// A daemon on this address, for the whole internet.
    pub fn funnel(listening: SocketAddr) -> Self {
        Self { way: Way::Funnel, ..Self::serve(listening) }
    }

    /// The same, asking another program than the `tailscale` on the `PATH`, within other limits.
    #[must_use]
    pub fn asking(self, program: impl Into<String>, limits: Limits) -> Self {
        Self { program: program.into(), limits, ..self }
    }

    async fn ask<T: DeserializeOwned>(&self, arguments: &[&str]) -> Result<T, ExposureFault> {
        let output = command::run(&self.program, arguments, self.limits).await;
        let output = output.map_err(|error| no_answer(arguments, error))?;
        serde_json::from_slice(&output)
            .map_err(|_| unclear(arguments, "it gave an answer that is not understood; is tailscale 1.52 or newer?"))
    }
}

#[async_trait]
impl Exposure for TailscaleExposure {
    async fn inspect(&self) -> Result<Option<Endpoint>, ExposureFault> {
        let status: Status = self.ask(STATUS).await?;
        let node = status.node_name()?;
        // `null` before anything was ever served.
        let served: Option<ServeConfig> = self.ask(&[self.way.name(), "status", "--json"]).await?;
        served.unwrap_or_default().endpoint(self.way, node, self.listening).map(Some)
    }
}

fn no_answer(arguments: &[&str], error: CommandError) -> ExposureFault {
    match error {
        CommandError::Missing => ExposureFault::new(
            FaultKind::NotRunning,
            "tailscale is not installed, or not on the PATH",
            "install it from https://tailscale.com/download, then run: tailscale up",
        ),
        CommandError::Failed { ref message, .. } if NO_DAEMON.iter().any(|words| message.contains(words)) => {
            let fix = "run: sudo systemctl start tailscaled";
            ExposureFault::new(FaultKind::NotRunning, "tailscaled does not run", fix)
        }
        CommandError::NotStarted(_)
        | CommandError::Failed { .. }
        | CommandError::TimedOut(_)
        | CommandError::TooLarge(_) => unclear(arguments, &error.to_string()),
    }
}

/// An answer that says nothing, for this reason.
fn unclear(arguments: &[&str], reason: &str) -> ExposureFault {
    let command = format!("tailscale {}", arguments.join(" "));
    ExposureFault::new(
        FaultKind::Unclear,
        format!("`{command}` does not work: {reason}"),
        format!("see what it says: {command}"),
    )
}

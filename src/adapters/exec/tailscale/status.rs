//! The state of this machine in the tailnet: `ipnstate.Status`, as far as it matters here.

use serde::Deserialize;

use crate::domain::text::shown_safely;
use crate::ports::exposure::{ExposureFault, FaultKind};

/// The answer to `tailscale status --json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Status {
    backend_state: String,
    #[serde(rename = "Self")]
    node: Option<Node>,
}

/// This machine.
#[derive(Debug, Deserialize)]
struct Node {
    #[serde(rename = "DNSName", default)]
    dns_name: String,
}

impl Status {
    /// The name of this machine in the tailnet, without the dot at its end.
    ///
    /// # Errors
    ///
    /// * [`FaultKind::NotRunning`] when tailscale is in any state but `Running`.
    /// * [`FaultKind::NotSetUp`] when the tailnet gives its machines no names.
    pub(super) fn node_name(&self) -> Result<&str, ExposureFault> {
        if self.backend_state != "Running" {
            return Err(self.not_running());
        }
        let name = self.node.as_ref().map_or("", |node| node.dns_name.trim_end_matches('.'));
        if name.is_empty() {
            let fix = "turn on MagicDNS at https://login.tailscale.com/admin/dns";
            return Err(ExposureFault::new(FaultKind::NotSetUp, "this machine has no name in its tailnet", fix));
        }
        Ok(name)
    }

    /// The states of `ipn.State`, in words.
    fn not_running(&self) -> ExposureFault {
        let (what, fix) = match self.backend_state.as_str() {
            "NeedsLogin" => ("tailscale is logged out", "log in with: sudo tailscale up"),
            "NeedsMachineAuth" => (
                "this machine is not yet approved in its tailnet",
                "approve it at https://login.tailscale.com/admin/machines",
            ),
            "Stopped" => ("tailscale is stopped", "run: sudo tailscale up"),
            "Starting" | "NoState" => {
                ("tailscale is still starting", "start again when `tailscale status` shows machines")
            }
            "InUseOtherUser" => ("tailscale is in use by another user of this machine", "run: sudo tailscale up"),
            other => {
                let what = format!("tailscale does not run, its state is \"{}\"", shown_safely(other));
                return ExposureFault::new(FaultKind::NotRunning, what, "run: sudo tailscale up");
            }
        };
        ExposureFault::new(FaultKind::NotRunning, what, fix)
    }
}

//! The programs of the host that netclaw asks, played by scripts that print what the real ones do.

mod cloudflared;
mod command;
mod forwarding;
pub(crate) mod metrics_server;
pub(crate) mod player;
mod start_up;
mod tailscale;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use netclaw::adapters::exec::command::Limits;

/// What the daemon of the recorded answers listens on. Nothing here does.
const DAEMON: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 5199);

/// Enough on any machine: no test waits for it.
const PATIENT: Limits = Limits { time: Duration::from_secs(600), output: 1 << 20 };

/// What the real program said, from `recorded`.
pub(crate) fn recorded(name: &str) -> String {
    let path = format!("{}/tests/exec/recorded/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

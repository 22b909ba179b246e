//! Programs that netclaw runs: those of the host that it asks, with fixed arguments, no shell, and limits on time and output;
//! the agent if it is one; and the one that a person wants to run with a forwarder.

pub mod agent;
pub mod cloudflared;
pub mod command;
pub mod forwarding;
mod process_group;
pub mod systemd;
pub mod tailscale;
pub mod wrapped;

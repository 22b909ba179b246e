//! Programs that netclaw runs: those of the host that it asks, with fixed arguments, no shell, and limits on time and output;
//! and the one that a person wants to run with a forwarder.

pub mod cloudflared;
pub mod command;
pub mod forwarding;
pub mod systemd;
pub mod tailscale;
pub mod wrapped;

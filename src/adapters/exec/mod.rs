//! Programs of the host: those that netclaw asks, and the agent if it is one. Fixed arguments, no shell, limits on time and
//! output.

pub mod agent;
pub mod cloudflared;
pub mod command;
pub mod forwarding;
mod process_group;
pub mod systemd;
pub mod tailscale;

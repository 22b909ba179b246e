//! Programs of the host that netclaw asks: fixed arguments, no shell, limits on time and output.

pub mod cloudflared;
pub mod command;
pub mod forwarding;
pub mod systemd;
pub mod tailscale;

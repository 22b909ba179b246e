//! The daemon as a service: the unit, what systemd is asked, and the commands. The daemon's own side is in `e2e::service`.

mod commands;
mod machine;
mod systemd;
mod unit;

//! The client's side: HTTP, credential files, endpoint resolution, pairing, and the command line over fakes.

mod chat;
mod credential_files;
mod credential_life;
mod daemon_api;
mod daemons;
mod enrol;
mod forward;
mod handshake;
mod host_commands;
mod host_keys;
mod host_setup;
mod pinned_links;
pub(crate) mod qr;
mod rotate;
pub(crate) mod scripted_server;
mod target;
mod terminal;
pub(crate) mod tls_server;
mod unpair;

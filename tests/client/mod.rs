//! The client's side: HTTP, credential files, endpoint resolution, pairing, and the command line over fakes.

mod credential_files;
mod credential_life;
mod daemon_api;
mod enrol;
pub(crate) mod fakes;
mod host_commands;
mod host_setup;
mod rotate;
mod scripted_server;
mod target;
mod terminal;
mod unpair;

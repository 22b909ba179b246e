//! The two real binaries, driven from outside: processes, sockets and files.

mod bootstrap;
mod browser_attacks;
mod confirm;
mod crashes;
mod credential_life;
mod doctor;
mod files;
mod foreign_folders;
mod forward;
mod gateway;
mod guessing;
mod host_commands;
mod links;
mod load;
mod modes;
mod pairing;
pub(crate) mod raw_http;
mod rotation;
mod second_client;
mod secrets;
mod service;
mod setup;
pub(crate) mod tls_keys;
mod tunnels;
mod wizard;
pub(crate) mod world;

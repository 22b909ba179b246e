//! The rules of pairing, and nothing else.
//!
//! Everything here is synchronous and pure: the time and the random bytes come in as values, decisions and new values go
//! out. There is no I/O, no async, no serialisation and no logging, so every rule can be tested at its exact boundary.
//! The package compiles this folder a second time under `#![no_std]` (`tests/domain_no_std.rs`) to keep it that way.

pub mod access;
pub mod acquaintance;
pub mod agent;
pub mod attempts;
pub mod backoff;
pub mod beacon;
pub mod binding;
pub mod bootstrap;
pub mod chat;
pub mod client_address;
pub mod code;
pub mod daemon_id;
pub mod device;
pub mod device_name;
pub mod diagnosis;
mod encoding;
pub mod endpoint;
pub mod exposure;
pub mod forward;
pub mod gateway;
pub mod identity;
pub mod key_rotation;
pub mod link;
pub mod link_secret;
pub mod lockout;
pub mod nearest;
pub mod pairing_link;
pub mod pairing_secret;
pub mod pake;
pub mod pin;
pub mod provider_key;
pub mod rate_limit;
pub mod rotation;
pub mod rotation_limit;
pub mod session;
pub mod setting_text;
pub mod settings;
pub mod terminal_text;
pub mod terms;
pub mod text;
pub mod time;
pub mod token;
pub mod transport;
pub mod words;

//! The pairing rules, each at its exact boundary.

mod access;
mod acquaintance;
mod attempts;
mod attempts_capacity;
mod attempts_model;
mod client_address;
mod code;
mod daemon_id;
mod device;
mod device_name;
mod diagnosis;
mod endpoint;
mod exposure;
mod key_rotation;
mod link;
mod nearest;
mod pairing_link;
pub mod pake;
mod pin;
mod rotation;
mod session;
mod setting_text;
mod terms;
mod text;
mod time;
mod token;
mod transport;

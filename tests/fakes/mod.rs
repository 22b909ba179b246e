//! Stand-ins for everything outside, and sample values. Each fake keeps to the contract of its port, and some can be told
//! to fail.
#![allow(dead_code, reason = "a fake offers what tests of its port may need, used or not")]

pub mod activity_log;
pub mod agent_key_store;
pub mod attempt_log;
pub mod chat_agent;
pub mod chat_api;
pub mod chat_screen;
pub mod chat_sessions;
pub mod clock;
pub mod consent;
pub mod control_channel;
pub mod credential_store;
pub mod daemon_api;
pub mod daemon_process;
pub mod device_store;
pub mod exposure;
pub mod faults;
pub mod granting_api;
pub mod home_inspection;
pub mod host;
pub mod meter;
pub mod network_probe;
pub mod pairing_slot;
pub mod prompter;
pub mod rng;
pub mod samples;
pub mod service_manager;
pub mod settings_review;
pub mod settings_store;
pub mod tls_keys;
pub mod wizard;

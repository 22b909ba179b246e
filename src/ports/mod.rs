//! What the application needs from outside, as traits.
//!
//! Ports are semantic: each method is one decision that an implementer makes atomically, never "load all, save all", so
//! that files, memory or a shared database can stand behind the same trait. The `# Contract` section of each says what every
//! implementer must do; `tests/contracts` checks it against the fakes and the real adapters alike.

pub mod activity_log;
pub mod agent;
pub mod agent_key_store;
pub mod attempt_log;
pub mod chat_api;
pub mod chat_history;
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
pub mod home_inspection;
pub mod home_repair;
pub mod interrupts;
pub mod metrics;
pub mod network_probe;
pub mod pairing_slot;
pub mod prompter;
pub mod rng;
pub mod service_manager;
pub mod settings_review;
pub mod settings_store;
pub mod storage;
pub mod tls_keys;
pub mod wizard;

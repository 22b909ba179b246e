//! One folder for each outside thing. Adapters implement the ports and do not import each other, apart from `platform`,
//! `relay` and `wire`, which several of them stand on.

pub mod client;
#[cfg(unix)]
pub mod control;
#[cfg(unix)]
pub mod exec;
pub mod exposure;
pub mod file;
#[cfg(unix)]
pub mod http;
pub mod memory;
pub mod metrics;
pub mod openai;
pub mod platform;
pub mod relay;
pub mod system;
pub mod terminal;
pub mod wire;

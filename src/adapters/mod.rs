//! One folder for each outside thing. Adapters implement the ports and do not import each other, apart from `platform` and
//! `wire`, which several of them stand on.

pub mod client;
pub mod file;
pub mod platform;
pub mod terminal;
pub mod wire;

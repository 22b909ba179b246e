//! The use cases: what netclaw does, step by step, over the ports.
//!
//! A use case reads the clock once, asks the domain for a decision, stores it through a port, then answers; and it says in
//! its own small error why it could not go on. It does no I/O of its own and knows neither HTTP nor a terminal.

pub mod client;
pub mod daemon;
pub mod doctor;
pub mod host;

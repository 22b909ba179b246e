//! netclaw: pair your devices with an agent daemon.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    clippy::await_holding_lock
)]

extern crate alloc;

pub mod adapters;
pub mod app;
pub mod domain;
pub mod ports;

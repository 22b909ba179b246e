//! The integration tests, in one crate.

mod client;

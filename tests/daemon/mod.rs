//! The daemon's use cases over fakes.

mod bootstrap;
mod pending_restart;
mod public_endpoint;
mod tls_rotation;

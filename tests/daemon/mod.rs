//! The daemon's use cases over fakes.

mod bootstrap;
mod open_requests;
mod pair_v2;
mod pending_restart;
mod public_endpoint;
mod tls_rotation;

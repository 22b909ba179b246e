//! The two real binaries behind real reverse proxies with the files in `deploy`, and without one in the mode `direct`.
//!
//! Each test makes a network of its own out of network namespaces: addresses and ports are fixed, and those of no other.
//! What is not there, root or a proxy, skips a test; `.ci/run` has all of it.

mod blocks;
mod bodies;
mod connections;
mod conversation;
mod direct;
mod forward_auth;
pub(crate) mod lan;
mod last_device;
pub(crate) mod namespace;
mod pairing;
mod proxy;
mod refusals;
mod renewal;
mod setup;
pub(crate) mod site;
mod streams;
mod transport;
mod who_is_asking;

//! The daemon's two doors: the TCP port for devices, and the control socket for the operator; and the door of a device's own
//! forwarder.
//!
//! Our own accept loop ([`connections`]) bounds connections and time; the routes behind it are warp's. Whatever decides
//! whether a request may come in stands in front of the routes ([`public_api`]), not in them.

mod answer;
mod body;
pub mod certificate;
mod chat;
pub mod connections;
pub mod control_api;
mod farewell;
pub mod forward;
pub mod gateway;
mod head_timer;
pub mod listener;
mod metrics;
mod pair_v2;
mod passage;
mod problem;
pub mod public_api;
pub mod public_listener;
mod public_routes;
mod request_head;
mod room;
mod rotation;
pub mod tls;
mod to_the_end;
pub mod usage;

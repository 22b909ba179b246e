//! Where clients reach a daemon that nothing reports on: its own listener, as seen from outside, or a tunnel out of sight.

mod listener;
mod unseen;

pub use listener::ListenerExposure;
pub use unseen::UnseenTunnel;

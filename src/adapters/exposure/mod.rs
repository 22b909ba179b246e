//! Where clients reach a daemon that nothing reports on: its own listener, as seen from outside.

mod listener;

pub use listener::ListenerExposure;

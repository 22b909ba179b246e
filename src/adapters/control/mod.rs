//! The operator's channel: HTTP over the Unix socket `run/control.sock`. Here are the socket itself and the commands' side;
//! the daemon's side is `http::control_api`.

mod channel;
pub mod socket;

pub use channel::SocketControlChannel;

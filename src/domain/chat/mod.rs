//! Conversations with the agent, as the daemon keeps them.
//!
//! A [`session`] is a conversation, a [`message`] is one thing said in it, and a turn is a message of a device with the
//! agent's answer to it. What of a conversation the agent is shown is decided in [`conversation`]. Not to be confused with
//! the [pairing session](super::session).

pub mod conversation;
pub mod id;
pub mod message;
pub mod model;
pub mod name;
pub mod session;

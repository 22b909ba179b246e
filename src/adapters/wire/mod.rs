//! The JSON spelling of values that cross a process boundary, in files, over HTTP and on the control socket.
//!
//! Adapters do not import each other; this is what they share.

pub mod applicant;
pub mod chat;
pub mod control;
pub mod events;
pub mod handshake;
pub mod keys;
pub mod moment;
pub mod outcome;
pub mod report;
pub mod sighting;

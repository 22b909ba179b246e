//! The client's side: what a paired device does.

pub mod ask_status;
pub mod chat;
pub mod daemons;
pub mod enrol;
pub mod forward;
mod name_suggestion;
pub mod rotate;
pub mod target;
pub mod unpair;

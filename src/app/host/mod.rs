//! What the operator does on the host without the daemon's help.

pub mod setup;

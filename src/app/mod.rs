//! The use cases. Each reads the clock once, asks the domain for a decision, stores it through a port, then answers.

pub mod daemon;

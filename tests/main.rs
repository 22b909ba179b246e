//! The integration tests, one crate, so that everything is linked once.
//!
//! * `architecture`: reads the sources and holds them to the rules of the house.
//! * `domain`: every pairing rule at its exact boundary, through the public API; one file for each noun.
//! * `contracts`: what each port promises, one suite for each port, run against every implementation of it.
//! * `fakes`: an in-memory stand-in for every port, and sample values.
//!
//! A test that is an attack is named after its line in the list of attacks: `a05_…`, `d40_…`. Nothing here sleeps, uses a
//! fixed port, or draws ambient randomness; proptest prints the seed of a failure.

mod architecture;
mod contracts;
mod domain;
mod fakes;

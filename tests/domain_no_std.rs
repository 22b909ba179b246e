//! The domain, compiled once more without the standard library: what reads a clock, a file, a socket or the environment
//! is not there to be called.
#![no_std]

extern crate alloc;

#[path = "../src/domain/mod.rs"]
pub mod domain;

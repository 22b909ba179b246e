//! Stand-ins for everything outside, and sample values. Each fake keeps to the contract of its port, and some can be told
//! to fail.
#![allow(dead_code, reason = "each fake offers what its port's tests may need")]

pub mod rng;
pub mod samples;

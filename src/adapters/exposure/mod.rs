//! One adapter for each exposure mode.

mod local;

pub use local::LocalExposure;

//! The properties of the decoders, as the suite of the package has them.

#[path = "../../tests/decoders/properties/mod.rs"]
pub mod properties;

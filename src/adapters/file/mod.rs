//! The home folder: one file here for each file there.

pub mod credentials;
pub mod home;
pub mod private_file;

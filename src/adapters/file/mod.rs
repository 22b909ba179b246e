//! The home folder: one file here for each file there.

pub mod activity_file;
pub mod credentials;
pub mod device_file;
mod device_form;
pub mod folders;
pub mod hex;
pub mod home;
pub mod identity_file;
pub mod open_error;
pub mod private_file;
pub mod settings_file;

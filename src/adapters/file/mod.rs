//! The home folder: one file here for each file there.

pub mod activity_file;
mod armour;
pub mod chat_history;
#[cfg(unix)]
pub mod chat_sessions;
pub mod credentials;
pub mod device_file;
mod device_form;
pub mod folders;
pub mod hex;
pub mod home;
pub mod identity_file;
#[cfg(unix)]
pub mod inspection;
pub mod open_error;
pub mod private_file;
#[cfg(unix)]
pub mod repair;
pub mod settings_file;
pub mod tls_key_files;

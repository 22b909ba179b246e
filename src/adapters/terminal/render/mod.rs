//! Reports, as text for people and as JSON for scripts. One file each.

#[cfg(unix)]
pub mod daemon;
pub mod daemons;
#[cfg(unix)]
pub mod devices;
#[cfg(unix)]
pub mod doctor;
pub mod forward;
#[cfg(unix)]
pub mod keys;
#[cfg(unix)]
pub mod lockouts;
pub mod paired;
#[cfg(unix)]
pub mod pairing;
#[cfg(unix)]
pub mod qr;
pub mod reply;
pub mod rotated;
pub mod sessions;
pub mod span;
pub mod status;
mod table;
pub mod time;
mod transport;

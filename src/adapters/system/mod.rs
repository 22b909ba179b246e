//! The machine: its clocks, its random source, its signals, its processes, its log, and what is told to
//! its service manager.

pub mod clock;
pub mod interrupts;
pub mod rng;
mod tls_key_maker;

#[cfg(unix)]
pub mod background;
#[cfg(unix)]
pub mod daemon_lock;
#[cfg(unix)]
pub mod daemon_process;
#[cfg(unix)]
mod journal;
#[cfg(unix)]
pub mod log;
#[cfg(unix)]
pub mod service_notifier;
#[cfg(unix)]
pub mod signals;

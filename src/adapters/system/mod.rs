//! The machine: its clocks, its random source, its signals, its processes, its log.

pub mod clock;
pub mod rng;

#[cfg(unix)]
pub mod background;
#[cfg(unix)]
pub mod daemon_lock;
#[cfg(unix)]
pub mod daemon_process;
#[cfg(unix)]
pub mod log;
#[cfg(unix)]
pub mod signals;

//! The figures of the README. Run with `cargo bench`.
//!
//! * `token_check`: what a bearer token costs, with 1 to 1 000 000 devices, and what it allocates.
//! * `device_changes`: pairing and revoking with 10 to 100 000 devices in the file, made durable.
//! * `exchange`: a code exchanged for a token, from the use case down to the synced file.
//! * `handshake`: the same by protocol v2, with both sides' computing.
//! * `metering`: what counting a request costs, and what it allocates.
//! * `requests`: status requests to the real daemon on kept connections, plain and over TLS.
//! * `start`: the real daemon, from its start until it is ready, with 10 000 devices; and its memory once it is idle.

mod device_changes;
mod exchange;
mod fixtures;
mod handshake;
mod metering;
mod requests;
mod start;
mod token_check;

#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    start::print_idle_memory();
    divan::main();
}

//! netclaw: pair your devices with an agent daemon.
//!
//! A time-limited code, made on the daemon's host by whoever can open the control socket, is exchanged on another device for
//! a bearer token.
//!
//! * [`domain`]: the rules, pure. A code lives here as a [session](domain::session) and is proved in a
//!   [handshake](domain::pake) without being shown, an attempt is counted in
//!   [`attempts`](domain::attempts), a credential is a [`token`](domain::token), and [`access`](domain::access) knows who needs none.
//! * [`ports`]: what the rules need from outside, each with the contract that its implementations are tested against.
//! * [`app`]: the use cases of the daemon and of a client.
//! * [`adapters`]: HTTP, files, sockets, processes, the terminal.
//! * `src/bin/wiring`: where adapters are chosen.
//!
//! A name never points to the right of `domain ← ports ← app ← adapters ← bin`; `tests/architecture` holds that line.
//!
//! What always holds: one code makes at most one device; an answered exchange or revocation survives a power loss; a token goes only
//! to the daemon that issued it, and only its salted hash is stored; a damaged or exposed device file stops the start; no
//! address is an identity, loopback without a token being served only in local mode; everything has a limit; nothing that a
//! remote sends can panic the daemon or reach a terminal as control characters.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    clippy::await_holding_lock
)]

extern crate alloc;

pub mod adapters;
pub mod app;
pub mod domain;
pub mod ports;

//! The integration tests, one crate, so that everything is linked once.
//!
//! * `architecture`: reads the sources and holds them to the rules of the house.
//! * `chat`: sessions and turns of the daemon, over fakes and over real sockets, files and programs.
//! * `client`: a device's side: hostile servers, credential files, the commands over fakes.
//! * `e2e`: the two real binaries, driven from outside: processes, sockets and files.
//! * `daemon`: the use cases of the daemon over fakes.
//! * `decoders`: what holds for whatever bytes come from outside; the fuzz targets run the same.
//! * `exec`: programs of the host, played by scripts with recorded answers.
//! * `doctor`: what is judged of a machine, over fakes; and the schema of the configuration.
//! * `domain`: every pairing rule at its exact boundary, through the public API; one file for each noun.
//! * `host`: the setup of a host, question by question.
//! * `http`: the TCP port over real sockets, on a fake clock.
//! * `mitm`: the real binaries with someone in between, on networks that the test makes.
//! * `openai`: the gateway between the official client and a server of the OpenAI API that others wrote.
//! * `proxies`: the real binaries behind real reverse proxies, on networks that the test makes.
//! * `service`: the daemon as a service of systemd, whose `systemctl` a script plays.
//! * `contracts`: what each port promises, one suite for each port, run against every implementation of it.
//! * `second_client`: a client of pairing protocol v2 in another language, which `e2e` runs.
//! * `wire`: the spelling of what crosses a process boundary.
//! * `fakes`: an in-memory stand-in for every port, and sample values.
//!
//! A test that is an attack is named after its line in the list of attacks: `a05_…`, `d40_…`. Nothing here uses a
//! fixed port, except on networks of its own, and nothing sleeps but the tests that kill a daemon at a random moment, that
//! watch a terminal, and that leave a connection alone for a while; seeds are printed.

mod architecture;
mod chat;
mod client;
mod contracts;
mod daemon;
#[cfg(target_os = "linux")]
mod decoders;
mod doctor;
mod domain;
mod e2e;
mod exec;
mod fakes;
mod host;
mod http;
#[cfg(target_os = "linux")]
mod metrics;
mod mitm;
mod openai;
#[cfg(target_os = "linux")]
mod proxies;
mod service;
mod wire;

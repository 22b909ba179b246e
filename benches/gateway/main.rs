//! The gateway beside nginx, HAProxy and Caddy doing the same job. Run with `cargo bench --bench gateway`.
//!
//! Every server is pinned to one core, everything else to another. All are started first, and then measured in turns, so that
//! whatever else the machine does falls on all of them. What counts is the time that the system says the server's threads ran,
//! for each request; the median of the turns is shown, and beside it the requests per second of the same turns.
//!
//! Words on the command line choose: `cargo bench --bench gateway -- stream memory`.
#![expect(clippy::disallowed_methods, reason = "a bench measures real time")]

mod chat;
mod contender;
mod cpu;
mod first_chunk;
mod job;
mod load;
mod memory;
mod naive;
mod netclaw;
mod side_by_side;
mod upstream;

use std::net::SocketAddr;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let [role, address, upstream] = words.as_slice()
        && role == naive::ROLE
    {
        let parse = |text: &String| text.parse::<SocketAddr>().expect("an address");
        naive::serve(parse(address), parse(upstream));
        return;
    }
    cpu::pin_this_process(cpu::CLIENTS);
    let upstream = upstream::start();
    let is_wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    for job in job::Job::ALL.into_iter().filter(|job| is_wanted(job.name())) {
        side_by_side::measure(job, upstream);
    }
    if is_wanted("first-chunk") {
        first_chunk::measure(upstream);
    }
    if is_wanted("memory") {
        memory::measure(upstream);
    }
    if is_wanted("chat") {
        chat::measure(upstream);
    }
}

//! All servers that do a job, measured in turns.

use std::net::SocketAddr;
use std::time::Duration;

use crate::contender::{Contender, Server};
use crate::cpu;
use crate::job::Job;
use crate::load::Clients;
use crate::netclaw::credential;

/// How many ask at once.
const CLIENTS: [usize; 3] = [1, 32, 256];

/// Turns of each server.
const TURNS: usize = 9;

/// How long one takes.
const TURN: Duration = Duration::from_millis(400);

/// What the turns of one server gave.
#[derive(Default)]
struct Measured {
    /// CPU time for one request, in microseconds.
    microseconds: Vec<f64>,
    /// Requests in a second.
    rates: Vec<f64>,
}

/// Measures a job and prints its table.
pub fn measure(job: Job, upstream: SocketAddr) {
    println!("\n{}: CPU microseconds a request on one core (requests a second), median of {TURNS} turns", job.what());
    let credential = credential();
    let servers: Vec<(Contender, Server)> = Contender::of(job)
        .iter()
        .filter_map(|contender| Some((*contender, contender.start(upstream, &credential)?)))
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let columns: Vec<Vec<Measured>> = CLIENTS
        .iter()
        .map(|clients| runtime.block_on(in_turns(&servers, *clients, &job.request(&credential))))
        .collect();
    let titles = CLIENTS.map(|clients| format!("{clients} clients"));
    println!("{:<22}{:>18}{:>18}{:>18}", "", titles[0], titles[1], titles[2]);
    for (row, (contender, _)) in servers.iter().enumerate() {
        let cells = columns.iter().map(|column| {
            let Measured { microseconds, rates } = &column[row];
            format!("{:.1} ({:.0})", median(microseconds), median(rates))
        });
        let cells: Vec<String> = cells.map(|cell| format!("{cell:>18}")).collect();
        println!("{:<22}{}", contender.name(), cells.concat());
    }
    let ratio = |row: usize| median(&columns[1][0].microseconds) / median(&columns[1][row].microseconds);
    let ratios = servers.iter().enumerate().skip(1);
    let ratios: Vec<String> =
        ratios.map(|(row, (other, _))| format!("{:.2} of {}", ratio(row), other.name())).collect();
    println!("with 32 clients, netclaw takes {}", ratios.join("; "));
    let shares = servers
        .iter()
        .map(|(contender, server)| format!("{:.0} % of {}", 100.0 * cpu::kernel_share(server.id()), contender.name()));
    println!("in the kernel: {}", shares.collect::<Vec<_>>().join("; "));
}

async fn in_turns(servers: &[(Contender, Server)], clients: usize, request: &[u8]) -> Vec<Measured> {
    let mut connected = Vec::new();
    for (_, server) in servers {
        connected.push(Clients::connect(server.address, clients, request.to_vec()).await);
    }
    let mut measured: Vec<Measured> = servers.iter().map(|_| Measured::default()).collect();
    for _ in 0..TURNS {
        for ((server, clients), measured) in servers.iter().zip(&mut connected).zip(&mut measured) {
            let before = cpu::time_of(server.1.id());
            let turn = clients.ask_for(TURN).await;
            let ran = cpu::time_of(server.1.id()) - before;
            let answers = turn.answers as f64;
            measured.microseconds.push(ran.as_secs_f64() * 1e6 / answers);
            measured.rates.push(answers / turn.took.as_secs_f64());
        }
    }
    measured
}

/// The one in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

//! How much later the first chunk of a stream comes through a server than straight from the upstream.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::contender::Contender;
use crate::job::Job;
use crate::load;
use crate::netclaw::credential;
use crate::side_by_side::median;

const STREAMS: usize = 2000;

/// Measures and prints.
pub fn measure(upstream: SocketAddr) {
    let (credential, job) = (credential(), Job::Stream);
    let request = job.request(&credential);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let servers: Vec<_> = Contender::of(job)
        .iter()
        .filter_map(|contender| Some((*contender, contender.start(upstream, &credential)?)))
        .collect();
    let mut places = vec![("straight", upstream)];
    places.extend(servers.iter().map(|(contender, server)| (contender.name(), server.address)));
    let mut waits: Vec<Vec<f64>> = places.iter().map(|_| Vec::with_capacity(STREAMS)).collect();
    runtime.block_on(async {
        let mut streams = Vec::new();
        for (_, address) in &places {
            streams.push(load::connect(*address).await);
        }
        for _ in 0..STREAMS {
            for (stream, waits) in streams.iter_mut().zip(&mut waits) {
                waits.push(first_chunk(stream, &request).await);
            }
        }
    });
    println!("\nfirst chunk of a stream, median of {STREAMS}, microseconds later than straight from the upstream");
    let straight = median(&waits[0]);
    for ((name, _), waits) in places.iter().zip(&waits).skip(1) {
        println!("{name:<22}{:>8.0}", median(waits) - straight);
    }
}

/// Microseconds until the first byte of the body; then the rest is read.
async fn first_chunk(stream: &mut tokio::net::TcpStream, request: &[u8]) -> f64 {
    let begun = Instant::now();
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::with_capacity(32 * 1024);
    let mut waited = None;
    while !answer.ends_with(b"\r\n0\r\n\r\n") {
        assert!(stream.read_buf(&mut answer).await.expect("an answer") > 0, "the connection ended");
        let has_body = load::end_of_head(&answer).is_some_and(|end| answer.len() > end);
        if has_body && waited.is_none() {
            waited = Some(begun.elapsed());
        }
    }
    waited.expect("a body").as_secs_f64() * 1e6
}

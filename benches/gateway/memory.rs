//! How much memory a server takes for streams that are open and silent.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::contender::Contender;
use crate::job::Job;
use crate::netclaw::credential;
use crate::{cpu, load};

const STREAMS: usize = 1000;

/// Measures and prints.
pub fn measure(upstream: SocketAddr) {
    let credential = credential();
    let request = String::from_utf8(Job::Stream.request(&credential)).expect("text").replace("/stream", "/hold");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!("\nresident memory with {STREAMS} open streams: in all, and for each");
    for contender in Contender::of(Job::Stream) {
        let Some(server) = contender.start(upstream, &credential) else { continue };
        let before = cpu::memory_of(server.id());
        let after = runtime.block_on(async {
            let mut streams = Vec::new();
            for _ in 0..STREAMS {
                let mut stream = load::connect(server.address).await;
                stream.write_all(request.as_bytes()).await.expect("sent");
                let mut answer = Vec::with_capacity(1024);
                while !answer.ends_with(b"\n\n\r\n") {
                    let read = stream.read_buf(&mut answer).await.expect("an answer");
                    assert!(read > 0, "{}: {}", contender.name(), String::from_utf8_lossy(&answer));
                }
                streams.push(stream);
            }
            cpu::memory_of(server.id())
        });
        let each = (after - before) / STREAMS as u64;
        println!("{:<22}{:>8.1} MB{:>8.1} kB", contender.name(), after as f64 / 1e6, each as f64 / 1e3);
    }
}

//! Clients that ask again as soon as they have the answer, each on one kept connection.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a turn gave.
pub struct Turn {
    /// Answers, all of them good.
    pub answers: u64,
    /// How long it took.
    pub took: Duration,
}

/// Connections that stay open between turns.
pub struct Clients {
    connections: Vec<TcpStream>,
    request: Vec<u8>,
}

impl Clients {
    /// Connects, and asks once on each connection.
    pub async fn connect(to: SocketAddr, count: usize, request: Vec<u8>) -> Self {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            let mut stream = connect(to).await;
            ask(&mut stream, &request).await;
            connections.push(stream);
        }
        Self { connections, request }
    }

    /// Asks for this long.
    pub async fn ask_for(&mut self, time: Duration) -> Turn {
        let start = Instant::now();
        let request = &self.request;
        let each = self.connections.iter_mut().map(|stream| async move {
            let mut answers = 0_u64;
            while start.elapsed() < time {
                ask(stream, request).await;
                answers += 1;
            }
            answers
        });
        let answers = futures_util::future::join_all(each).await.into_iter().sum();
        Turn { answers, took: start.elapsed() }
    }
}

pub async fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    stream
}

/// One request, and its answer to the last byte.
pub async fn ask(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::with_capacity(2048);
    let mut wanted = None;
    loop {
        if wanted.is_none() {
            wanted = end_of_head(&answer).map(|end| framing(&answer, end));
        }
        match wanted {
            Some(Framing::Length(length)) if answer.len() >= length => return,
            Some(Framing::Chunked) if answer.ends_with(b"\r\n0\r\n\r\n") => return,
            _ => {}
        }
        let read = stream.read_buf(&mut answer).await.expect("an answer");
        assert!(read > 0, "the connection ended: {}", String::from_utf8_lossy(&answer));
    }
}

#[derive(Clone, Copy)]
enum Framing {
    /// The whole answer has this many bytes.
    Length(usize),
    /// It ends with an empty chunk.
    Chunked,
}

pub fn end_of_head(answer: &[u8]) -> Option<usize> {
    answer.windows(4).position(|window| window == b"\r\n\r\n").map(|end| end + 4)
}

fn framing(answer: &[u8], end: usize) -> Framing {
    let head = std::str::from_utf8(&answer[..end]).expect("text").to_ascii_lowercase();
    // A server that answers anything else does another job.
    let has_body = head.contains("content-type: application/json") || head.contains("content-type: text/event-stream");
    assert!(head.starts_with("http/1.1 204") || (head.starts_with("http/1.1 200") && has_body), "{head}");
    if head.contains("transfer-encoding: chunked") {
        return Framing::Chunked;
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    Framing::Length(end + length.map_or(0, |length| length.trim().parse().expect("a number")))
}

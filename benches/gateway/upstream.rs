//! What is behind the servers: small answers, event streams, and a model that answers at once.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::job::CHUNKS;

/// A JSON document of the size of a short answer.
const JSON: &str = r#"{"id":"chatcmpl-0123456789","object":"chat.completion","created":1700000000,"model":"small","choices":[{"index":0,"message":{"role":"assistant","content":"Hello! How can I help you today?"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}}"#;

/// One event, of the size of one token's.
const EVENT: &str = "data: {\"id\":\"chatcmpl-0123456789\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"small\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"},\"finish_reason\":null}]}\n\n";

const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Serves on a thread of its own until the process ends.
pub fn start() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).expect("a socket");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                stream.set_nodelay(true).expect("a socket");
                tokio::spawn(answer_all(stream));
            }
        });
    });
    address
}

/// Answers requests until the other end has enough.
async fn answer_all(mut stream: TcpStream) {
    let mut received = Vec::with_capacity(4096);
    loop {
        let Some(path) = next_request(&mut stream, &mut received).await else { return };
        let answered = match path.as_str() {
            path if path.ends_with("/json") => stream.write_all(&json()).await,
            path if path.ends_with("/models") => stream.write_all(&models()).await,
            path if path.ends_with("/stream") => send_stream(&mut stream, CHUNKS).await,
            path if path.ends_with("/chat/completions") => send_stream(&mut stream, 8).await,
            path if path.ends_with("/hold") => hold(&mut stream).await,
            _ => stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await,
        };
        if answered.is_err() {
            return;
        }
    }
}

/// Reads one request to its end, and gives its path.
async fn next_request(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(received.get(..end)?).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let whole = end + 4 + length.unwrap_or(0);
            while received.len() < whole {
                read_more(stream, received).await?;
            }
            received.drain(..whole);
            return head.split(' ').nth(1).map(str::to_owned);
        }
        read_more(stream, received).await?;
    }
}

async fn read_more(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<()> {
    stream.read_buf(received).await.ok().filter(|read| *read > 0).map(|_| ())
}

fn json() -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{JSON}", JSON.len())
        .into_bytes()
}

fn models() -> Vec<u8> {
    let list = r#"{"object":"list","data":[{"id":"small","object":"model"}]}"#;
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{list}", list.len())
        .into_bytes()
}

/// Each event is written by itself, and the other streams have their turn before the next.
async fn send_stream(stream: &mut TcpStream, events: usize) -> std::io::Result<()> {
    stream.write_all(STREAM_HEAD.as_bytes()).await?;
    let chunk = chunk(EVENT);
    for _ in 0..events {
        stream.write_all(&chunk).await?;
        tokio::task::yield_now().await;
    }
    let end = chunk_end("data: [DONE]\n\n");
    stream.write_all(&end).await
}

/// A stream of one event that goes on until the other end has enough.
async fn hold(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(STREAM_HEAD.as_bytes()).await?;
    stream.write_all(&chunk(EVENT)).await?;
    let mut byte = [0];
    let _ = tokio::time::timeout(Duration::from_secs(600), stream.read(&mut byte)).await;
    Err(std::io::ErrorKind::ConnectionAborted.into())
}

fn chunk(event: &str) -> Vec<u8> {
    format!("{:x}\r\n{event}\r\n", event.len()).into_bytes()
}

fn chunk_end(event: &str) -> Vec<u8> {
    let mut last = chunk(event);
    last.extend_from_slice(b"0\r\n\r\n");
    last
}

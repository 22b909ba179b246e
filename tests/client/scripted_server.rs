//! A loopback HTTP server that answers with exactly the bytes it is given, and records what it was asked.

use std::sync::{Arc, Mutex};

use netclaw::domain::endpoint::Endpoint;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How one connection is answered.
#[derive(Clone)]
pub enum Act {
    /// These bytes, then the end of the connection.
    Send(Vec<u8>),
    /// These bytes, before anything is asked.
    SendUnasked(Vec<u8>),
    /// These bytes, then nothing, with the connection left open.
    SendAndHang(Vec<u8>),
    /// These bytes, then one more every few milliseconds for ever.
    Drip(Vec<u8>),
}

pub struct ScriptedServer {
    pub endpoint: Endpoint,
    requests: Arc<Mutex<Vec<String>>>,
}

impl ScriptedServer {
    /// Answers the first connection with the first act and so on; the last one is repeated.
    pub async fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::of_listener(listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        tokio::spawn(async move {
            for turn in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let act = acts[turn.min(acts.len() - 1)].clone();
                tokio::spawn(serve(stream, act, Arc::clone(&log)));
            }
        });
        Self { endpoint, requests }
    }

    /// One answer to everything.
    pub async fn answering(response: impl Into<Vec<u8>>) -> Self {
        Self::start(vec![Act::Send(response.into())]).await
    }

    /// What was asked, head and body.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A whole response.
pub fn response(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

async fn serve(mut stream: TcpStream, act: Act, log: Arc<Mutex<Vec<String>>>) {
    if let Act::SendUnasked(bytes) = &act {
        let _ = stream.write_all(bytes).await;
    }
    let Some(request) = read_request(&mut stream).await else { return };
    log.lock().unwrap().push(request);
    match act {
        Act::Send(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Act::SendUnasked(_) => {}
        Act::SendAndHang(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
        Act::Drip(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let mut pause = tokio::time::interval(std::time::Duration::from_millis(5));
            while stream.write_all(b" ").await.is_ok() {
                pause.tick().await;
            }
        }
    }
}

/// A request, head and body; `None` when the connection ends before.
pub async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

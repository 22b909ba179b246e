//! Whoever sits in between: ends a client's connection, and opens one of their own to the daemon.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use netclaw::domain::pin::Pin;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConnection, StreamOwned};
use serde_json::Value;

use crate::client::tls_server::Shown;
use crate::e2e::raw_http::{Answer, Request};
use crate::http::tls_client::Client;

/// Changes the JSON of a message, given the path of its request.
pub type Change = Box<dyn Fn(&str, &mut Value) + Send + Sync>;

/// An answer of one's own to a request for a path.
pub type Instead = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What is done to the messages that pass.
pub struct Plan {
    /// What each connection is shown; the last is repeated. `None` does not speak TLS.
    pub shown: Vec<Option<Shown>>,
    pub request: Change,
    pub answer: Change,
    pub instead: Instead,
}

impl Default for Plan {
    /// Passes everything on, with a certificate of one's own.
    fn default() -> Self {
        Self {
            shown: vec![Some(Shown::expired("my-server"))],
            request: Box::new(|_, _| {}),
            answer: Box::new(|_, _| {}),
            instead: Box::new(|_| None),
        }
    }
}

/// The daemon that is attacked.
#[derive(Clone, Copy)]
pub struct Victim {
    pub address: SocketAddr,
    pub pin: Pin,
}

/// Listens, and writes down what clients say.
pub struct Mallory {
    heard: Arc<Mutex<Vec<String>>>,
}

impl Mallory {
    /// Begins to listen. Connections are made from where this is called.
    pub fn start(listener: TcpListener, victim: Victim, plan: Plan) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        std::thread::spawn(move || {
            for (turn, stream) in listener.incoming().enumerate() {
                let shown = plan.shown.get(turn).or_else(|| plan.shown.last()).unwrap();
                // A client that notices something goes away.
                let _ = converse(stream.unwrap(), shown.as_ref(), victim, &plan, &log);
            }
        });
        Self { heard }
    }

    /// Every request, head and body, as it was before it was passed on.
    pub fn heard(&self) -> String {
        self.heard.lock().unwrap().join("\n")
    }
}

fn converse(
    mut stream: TcpStream,
    shown: Option<&Shown>,
    victim: Victim,
    plan: &Plan,
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut first = [0];
    stream.peek(&mut first)?;
    match shown {
        Some(shown) if first == [0x16] => {
            let tls = ServerConnection::new(shown.config(&[&TLS13, &TLS12])).map_err(std::io::Error::other)?;
            let mut stream = StreamOwned::new(tls, stream);
            pass_on(&mut stream, victim, plan, log)?;
            stream.conn.send_close_notify();
            stream.flush()
        }
        // What speaks no TLS says so in plain HTTP.
        _ if first == [0x16] => stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        _ => pass_on(&mut stream, victim, plan, log),
    }
}

/// One request and its answer.
fn pass_on(
    stream: &mut (impl Read + Write),
    victim: Victim,
    plan: &Plan,
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let text = read_request(stream)?;
    log.lock().unwrap().push(text.clone());
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
    let path = line.split(' ').nth(1).unwrap();
    if let Some(own) = (plan.instead)(path) {
        return stream.write_all(own.as_bytes());
    }
    let mut request = Request::new(victim.address, line);
    for field in head.lines().skip(1) {
        let (name, value) = field.split_once(": ").unwrap();
        if ["authorization", "content-type"].contains(&name.to_ascii_lowercase().as_str()) {
            request = request.header(name, value);
        }
    }
    let answer = Client::of(victim.pin).send(&request.body(&changed(&plan.request, path, body)));
    let body = changed(&plan.answer, path, &answer.body);
    stream.write_all(spelled(&answer, &body).as_bytes())
}

fn changed(change: &Change, path: &str, body: &str) -> String {
    let Ok(mut document) = serde_json::from_str::<Value>(body) else { return body.to_owned() };
    change(path, &mut document);
    document.to_string()
}

fn spelled(answer: &Answer, body: &str) -> String {
    let kind = answer.header("content-type").unwrap_or("text/plain");
    let (status, length) = (answer.status, body.len());
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn read_request(stream: &mut impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lengths = head.lines().filter_map(|line| line.split_once(": "));
            let length = lengths.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            if body.len() >= length.map(|(_, value)| value.parse().unwrap()).next().unwrap_or(0) {
                return Ok(text);
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            length => text += &String::from_utf8_lossy(&piece[..length]),
        }
    }
}

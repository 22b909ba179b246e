//! Requests to the byte, from any address of this machine: what a well-behaved client cannot send.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpSocket;

/// An answer, taken apart.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let field = |line: &'_ str| line.split_once(':').map(|(name, _)| name.to_ascii_lowercase());
        let line = self.head.lines().find(|line| field(line).as_deref() == Some(name))?;
        line.split_once(':').map(|(_, value)| value.trim())
    }

    /// Its status and the contract's code.
    pub fn problem(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap_or("none").to_owned())
    }
}

/// A request, by its parts.
#[derive(Clone, Debug)]
pub struct Request {
    pub to: SocketAddr,
    pub from: IpAddr,
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn new(to: SocketAddr, line: &str) -> Self {
        let host = ("Host".to_owned(), to.to_string());
        Self {
            to,
            from: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            line: line.to_owned(),
            headers: vec![host],
            body: String::new(),
        }
    }

    pub fn exchange(to: SocketAddr, code: &str, name: &str) -> Self {
        let body = serde_json::json!({ "code": code, "deviceName": name }).to_string();
        Self::new(to, "POST /api/pair/exchange").header("Content-Type", "application/json").body(&body)
    }

    pub fn status(to: SocketAddr, token: &str) -> Self {
        Self::new(to, "GET /api/status").header("Authorization", &format!("Bearer {token}"))
    }

    /// Adds a header, or replaces `Host`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if name == "Host" {
            self.headers.retain(|(name, _)| name != "Host");
        }
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self
    }

    pub fn body(mut self, body: &str) -> Self {
        self.body = body.to_owned();
        self
    }

    /// Sends it from another loopback address, which the daemon takes for another client.
    pub fn from(mut self, number: u16) -> Self {
        let [high, low] = number.to_be_bytes();
        self.from = IpAddr::V4(Ipv4Addr::new(127, 20, high, low));
        self
    }

    pub fn bytes(&self, connection: &str) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = self.body.len();
        format!(
            "{} HTTP/1.1\r\n{headers}Connection: {connection}\r\nContent-Length: {length}\r\n\r\n{}",
            self.line, self.body
        )
    }

    pub fn send(&self) -> Answer {
        self.try_send().unwrap()
    }

    /// The answer, or the error of a daemon that went away.
    pub fn try_send(&self) -> std::io::Result<Answer> {
        let mut stream = connect(self.from, self.to)?;
        stream.write_all(self.bytes("close").as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        answers(&text).pop().ok_or_else(|| std::io::Error::other("no answer"))
    }
}

/// A connection from `from` to `to`, with a time limit on every read.
pub fn connect(from: IpAddr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let stream = runtime.block_on(async {
        let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if !from.is_unspecified() && cfg!(target_os = "linux") {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        socket.connect(to).await?.into_std()
    })?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

/// The answers in a stream of them; each states its length.
pub fn answers(mut text: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    while let Some((head, rest)) = text.split_once("\r\n\r\n") {
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut answer = Answer { status, head: head.to_owned(), body: String::new() };
        let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        // The answer to HEAD states a length and has no body.
        let (body, next) = rest.split_at_checked(length).unwrap_or((rest, ""));
        answer.body = body.to_owned();
        answers.push(answer);
        text = next;
    }
    answers
}

/// The answer to these very bytes, which must ask for the connection to be closed.
pub fn send_text(to: SocketAddr, text: &str) -> Answer {
    let mut stream = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), to).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answers(&answer).pop().unwrap()
}

//! Requests that are passed on, over real sockets: the test is the client on one side and the server on the other, step by
//! step, so that nothing has to be waited for.

mod agent;
mod answers;
mod bodies;
mod callers;
mod ends;
mod framing;
mod heads;
mod places;
mod raw;
mod targets;
mod tunnels;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use netclaw::domain::agent::{AgentKind, AgentSettings};
use netclaw::domain::device::DeviceId;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::gateway::{GatewayRoute, GatewaySettings, RoutePath};
use netclaw::domain::settings::Settings;
use netclaw::domain::transport::AllowPlaintext;
use netclaw::ports::device_store::DeviceStore;

use rustix::net::sockopt::{Timeout, set_socket_timeout};

use super::Port;
use crate::e2e::raw_http::{Answer, answers, connect};
use crate::fakes::samples::device_and_token;

/// A server that the test plays.
pub struct Server(TcpListener);

impl Server {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        set_socket_timeout(&listener, Timeout::Recv, Some(Duration::from_secs(30))).unwrap();
        Self(listener)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// The next connection.
    pub fn accept(&self) -> Wire {
        Wire::new(self.0.accept().unwrap().0)
    }

    /// Whether somebody has connected and not been accepted.
    pub fn is_asked(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let is_asked = self.0.accept().is_ok();
        self.0.set_nonblocking(false).unwrap();
        is_asked
    }
}

/// One end of a connection.
pub struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Wire {
    pub fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, unread: Vec::new() }
    }

    pub fn to(address: SocketAddr) -> Self {
        Self::new(connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), address).unwrap())
    }

    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Reads once; false at the end, or when the connection broke.
    fn fill(&mut self) -> bool {
        let mut bytes = [0; 64 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(0) => false,
            Ok(length) => {
                self.unread.extend_from_slice(&bytes[..length]);
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!("{error}; unread: {:?}", String::from_utf8_lossy(&self.unread)),
        }
    }

    /// The next bytes up to and with `end`.
    #[track_caller]
    pub fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(place) = self.unread.windows(end.len()).position(|window| window == end.as_bytes()) {
                let rest = self.unread.split_off(place + end.len());
                return String::from_utf8(std::mem::replace(&mut self.unread, rest)).unwrap();
            }
            assert!(self.fill(), "the connection ended; unread: {:?}", String::from_utf8_lossy(&self.unread));
        }
    }

    /// The next head.
    #[track_caller]
    pub fn head(&mut self) -> String {
        self.until("\r\n\r\n")
    }

    /// The next bytes.
    #[track_caller]
    pub fn take(&mut self, length: usize) -> String {
        while self.unread.len() < length {
            assert!(self.fill(), "the connection ended; unread: {:?}", String::from_utf8_lossy(&self.unread));
        }
        let rest = self.unread.split_off(length);
        String::from_utf8(std::mem::replace(&mut self.unread, rest)).unwrap()
    }

    /// The next chunk of a body; an empty one ends it, without trailers.
    #[track_caller]
    pub fn chunk(&mut self) -> String {
        let size = self.until("\r\n");
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let chunk = self.take(size);
        assert_eq!(self.take(2), "\r\n");
        chunk
    }

    /// Everything up to the end of the connection.
    pub fn rest(&mut self) -> String {
        while self.fill() {}
        String::from_utf8(std::mem::take(&mut self.unread)).unwrap()
    }

    /// Waits for the end of the connection, before which nothing may come.
    #[track_caller]
    pub fn ends(&mut self) {
        assert!(!self.fill() && self.unread.is_empty(), "not the end: {:?}", String::from_utf8_lossy(&self.unread));
    }

    /// A whole answer that states its length.
    #[track_caller]
    pub fn answer(&mut self) -> Answer {
        let mut text = self.head();
        let length = answers(&text)[0].header("content-length").map_or(0, |length| length.parse().unwrap());
        text += &self.take(length);
        answers(&text).pop().unwrap()
    }
}

/// Each event of a stream arrives before its server makes the next one.
pub fn stream_event_by_event(client: &mut Wire, served: &mut Wire) {
    served.head();
    served.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    let head = client.head();
    assert_eq!(field(&head, "content-type"), Some("text/event-stream"), "{head}");
    for number in 0..20 {
        let event = format!("data: {number:02}\n\n");
        served.send(format!("{:x}\r\n{event}\r\n", event.len()));
        assert_eq!(client.chunk(), event);
    }
    served.send("0\r\n\r\n");
    assert_eq!(client.chunk(), "");
}

/// Says words both ways between two ends that speak no HTTP any more, until one of them is gone.
#[track_caller]
pub fn talk_to_the_end(mut client: Wire, mut served: Wire) {
    for word in ["ping", "pong"] {
        client.send(word);
        assert_eq!(served.take(4), word);
        served.send(word);
        assert_eq!(client.take(4), word);
    }
    drop(client);
    served.ends();
}

/// The value of a field in a head.
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut values = fields(head, name);
    let value = values.pop();
    assert!(values.is_empty(), "{name} is there twice: {head}");
    value
}

/// The values of all fields of this name in a head.
pub fn fields<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let field = |line: &'a str| line.split_once(": ").filter(|(found, _)| found.eq_ignore_ascii_case(name));
    head.lines().filter_map(field).map(|(_, value)| value).collect()
}

pub fn route(path: &str, target: &str) -> GatewayRoute {
    GatewayRoute { path: RoutePath::parse(path).unwrap(), target: Endpoint::parse(target).unwrap() }
}

/// Settings with these routes.
pub fn routed(routes: &[(&str, String)]) -> Settings {
    let routes = routes.iter().map(|(path, target)| route(path, target)).collect();
    let gateway = GatewaySettings { routes, ..GatewaySettings::default() };
    Settings { gateway, allow_plaintext: AllowPlaintext::Always, ..Settings::default() }
}

/// Settings with an agent there.
pub fn with_agent(base_url: &str) -> Settings {
    let base_url = Some(Endpoint::parse(base_url).unwrap());
    let agent = AgentSettings { kind: Some(AgentKind::OpenAi), base_url, ..AgentSettings::default() };
    Settings { agent, allow_plaintext: AllowPlaintext::Always, ..Settings::default() }
}

/// A daemon in local mode whose `/app/` leads to a server.
pub fn app() -> (Port, Server) {
    let server = Server::new();
    (Port::with(routed(&[("/app/", server.url("/"))])), server)
}

/// A client of such a daemon that has sent this request, with `Host` and a blank line.
pub fn asked(port: &Port, request: &str) -> Wire {
    let mut client = Wire::to(port.address);
    client.send(format!("{request}\r\nHost: localhost\r\n\r\n"));
    client
}

impl Port {
    /// Pairs a device; returns its token.
    pub fn device(&self, name: &str, seed: u64) -> (DeviceId, String) {
        let (device, token) = device_and_token(name, seed);
        let id = device.id();
        self.runtime.block_on(self.devices.insert(device)).unwrap();
        (id, token.reveal().to_owned())
    }
}

//! What the daemon passes on, through the proxies in front of it: WebSockets, and answers and bodies as they come.

use serde_json::json;

use super::lan::{Lan, Machine, PUBLIC_NAME};
use super::proxy::Scheme;
use super::site::{PUBLIC_URL, Site, host_on, request, usable_proxies};
use crate::e2e::raw_http::connect;
use crate::http::gateway::{Server, Wire, field, stream_event_by_event, talk_to_the_end};

/// A device behind each proxy that is installed, and the server that `/app/` of the daemon leads to.
struct Passage {
    site: Site,
    server: Server,
    token: String,
}

fn behind_each(test: impl Fn(Passage)) {
    for proxy in usable_proxies() {
        let lan = Lan::default();
        let server = lan.namespace(Machine::Daemon).run(Server::new);
        let settings = json!({
            "Daemon": {
                "ExposureMode": "reverse-proxy", "TrustedProxies": [Machine::Proxy.v4()], "ExternalUrl": PUBLIC_URL,
                "AllowPlaintext": true,
            },
            "Gateway": { "Routes": [{ "Path": "/app/", "Target": server.url("/") }] },
        });
        let host = host_on(&lan, Machine::Daemon.v4(), &settings.to_string());
        let daemon = host.daemon();
        let site = Site { proxy: proxy.start(&lan, Scheme::Http), daemon, host, lan };
        let token = site.pair("laptop");
        test(Passage { site, server, token });
    }
}

impl Passage {
    /// A connection from a client that has sent this request, with its token and a blank line.
    fn asked(&self, head: &str) -> Wire {
        let to = request("");
        let stream = self.site.lan.namespace(Machine::Alice).run(|| connect(to.from, to.to).unwrap());
        let mut client = Wire::new(stream);
        client.send(format!("{head}\r\nHost: {PUBLIC_NAME}\r\nAuthorization: Bearer {}\r\n\r\n", self.token));
        client
    }
}

#[test]
fn a_websocket_passes() {
    behind_each(|passage| {
        let mut client = passage.asked(
            "GET /app/ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        );
        let mut served = passage.server.accept();
        let head = served.head();
        assert_eq!(field(&head, "upgrade"), Some("websocket"), "{head}");
        served.send(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        );
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        talk_to_the_end(client, served);
    });
}

#[test]
fn a_body_of_three_mebibytes_passes_as_it_comes() {
    const PIECES: usize = 48;
    behind_each(|passage| {
        let piece = "x".repeat(64 * 1024);
        let mut client = passage.asked("POST /app/x HTTP/1.1\r\nTransfer-Encoding: chunked");
        let piece_in_chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
        client.send(&piece_in_chunk);
        let mut served = passage.server.accept();
        assert_eq!(field(&served.head(), "transfer-encoding"), Some("chunked"));
        for number in 1..=PIECES {
            let mut arrived = 0;
            while arrived < piece.len() {
                arrived += served.chunk().len();
            }
            client.send(if number < PIECES { &piece_in_chunk } else { "0\r\n\r\n" });
        }
        assert_eq!(served.chunk(), "");
        served.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        assert!(client.head().starts_with("HTTP/1.1 200 "));
        // One that states its length is no different.
        let length = piece.len() * PIECES;
        let mut client = passage.asked(&format!("POST /app/x HTTP/1.1\r\nContent-Length: {length}"));
        client.send(&piece);
        let mut served = passage.server.accept();
        assert_eq!(field(&served.head(), "content-length"), Some(length.to_string().as_str()));
        for number in 1..=PIECES {
            served.take(piece.len());
            if number < PIECES {
                client.send(&piece);
            }
        }
        served.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        assert!(client.head().starts_with("HTTP/1.1 200 "));
    });
}

#[test]
fn each_event_passes_before_the_next_one_is_made() {
    behind_each(|passage| {
        let mut client = passage.asked("GET /app/events HTTP/1.1\r\nAccept: text/event-stream");
        stream_event_by_event(&mut client, &mut passage.server.accept());
    });
}

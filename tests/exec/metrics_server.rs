//! A loopback HTTP server with the routes of a `cloudflared`.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// How a route answers: with these bytes.
pub type Routes = Vec<(&'static str, String)>;

/// It ends with the test program.
pub struct MetricsServer {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl MetricsServer {
    /// A server with these routes. Of one that answers with nothing, the connection stays open.
    pub fn start(routes: Routes) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(path) = path_of_request(&stream) else { continue };
                log.lock().unwrap().push(path.clone());
                let answer = routes.iter().find(|(route, _)| *route == path).map(|(_, answer)| answer.clone());
                match answer.unwrap_or_else(|| response("404 Not Found", "404 page not found\n")) {
                    nothing if nothing.is_empty() => silent.push(stream),
                    // A client that has heard enough goes away.
                    answer => drop(stream.write_all(answer.as_bytes())),
                }
            }
        });
        Self { address, asked }
    }

    /// A connected `cloudflared`: for a quick tunnel with this name, or for a named tunnel, with this `/config`.
    pub fn of_tunnel(quick_host: &str, config: &str) -> Self {
        Self::start(vec![
            ("/ready", response("200 OK", &super::recorded("ready.json"))),
            ("/quicktunnel", response("200 OK", &format!(r#"{{"hostname":"{quick_host}"}}"#))),
            ("/config", response("200 OK", config)),
        ])
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A whole answer, the way Go writes it.
pub fn response(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn path_of_request(stream: &TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    // The rest of the head; a request for a document has no body.
    lines.find(|line| line.as_ref().map_or(true, String::is_empty))?.ok()?;
    first.split(' ').nth(1).map(str::to_owned)
}

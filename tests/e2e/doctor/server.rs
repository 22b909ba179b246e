//! Servers on loopback that are no daemon: programs that hold a port, and proxies.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use crate::e2e::raw_http::{Request, connect};

/// A whole answer in JSON, with other fields beside its own.
pub(super) fn json(fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// Answers every request on `listener` with what `answer` makes of its head, until the test program ends.
pub(super) fn serve(listener: TcpListener, answer: impl Fn(&str, SocketAddr) -> String + Send + 'static) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let client = stream.peer_addr().unwrap();
            // A client that goes away is not answered.
            let _ = head(&mut stream).map(|head| stream.write_all(answer(&head, client).as_bytes()));
        }
    });
}

/// A proxy on an address of its own that passes requests on to `daemon` from `from`, with the header as it makes it of the
/// client's address, or none.
pub(super) fn proxy(
    daemon: SocketAddr,
    from: Ipv4Addr,
    header: impl Fn(IpAddr) -> Option<String> + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    serve(listener, move |head, client| {
        let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
        let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let kept = fields.filter(|(name, _)| !["connection", "host"].contains(&name.to_ascii_lowercase().as_str()));
        let request = kept.fold(Request::new(daemon, line), |request, (name, value)| request.header(name, value));
        let request = match header(client.ip()) {
            Some(address) => request.header("X-Forwarded-For", &address),
            None => request,
        };
        let mut stream = connect(IpAddr::V4(from), daemon).unwrap();
        stream.write_all(request.bytes("close").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    address
}

fn head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).ok()
}

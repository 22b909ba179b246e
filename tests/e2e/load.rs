//! Load: attacks.md E. Everything here is bounded in count and goes to a loopback address of the test.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::{Duration, SystemTime};

use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
use rustix::process::{Resource, getrlimit, setrlimit};

use super::raw_http::{Request, connect};
use super::world::{Daemon, World};

/// Connections that an attacker opens, as far as this machine lets one process.
const IDLE_CONNECTIONS: usize = 10_000;

/// Open files of a daemon at its connection limit of 2048, and some for itself.
const MOST_OPEN_FILES: usize = 2048 + 64;

/// Lets the test have as many files open as it may; says how many.
pub fn allow_open_files() -> Option<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    limit.maximum
}

fn open_connections(host: &World, first_bytes: &[u8]) -> Vec<TcpStream> {
    let room = allow_open_files().map_or(IDLE_CONNECTIONS, |files| usize::try_from(files).unwrap_or(usize::MAX) / 2);
    let open = |number: usize| {
        let from = Ipv4Addr::new(127, 30, u8::try_from(number / 20_000).unwrap(), 1);
        let mut stream = connect(IpAddr::V4(from), host.address).unwrap();
        // The daemon may have closed it already to make room.
        let _ = stream.write_all(first_bytes);
        stream
    };
    (0..IDLE_CONNECTIONS.min(room)).map(open).collect()
}

fn open_files(daemon: &Daemon) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", daemon.pid())).unwrap().count()
}

pub fn resident_kilobytes(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn e47_ten_thousand_idle_or_slow_connections_are_bounded_and_others_are_served() {
    if !cfg!(target_os = "linux") {
        println!("skipped: this test reads /proc, which is not installed");
        return;
    }
    let half_a_head = b"POST /api/pair/exchange HTTP/1.1\r\nHost: localhost\r\nX: ";
    let no_body =
        b"POST /api/pair/exchange HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n";
    let half_a_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    for first_bytes in [&b""[..], &half_a_head[..], &no_body[..], &half_a_hello[..]] {
        let host = World::default();
        let daemon = host.daemon();
        let idle = open_connections(&host, first_bytes);
        assert!(open_files(&daemon) <= MOST_OPEN_FILES, "{}", open_files(&daemon));
        assert_eq!(Request::new(host.address, "GET /api/health/live").send().status, 200);
        host.netclaw(&["daemon", "status"]).succeeded();
        drop(idle);
    }
}

#[test]
fn e48_a_client_that_reads_no_answer_is_not_listened_to_and_takes_no_memory() {
    if !cfg!(target_os = "linux") {
        println!("skipped: this test reads /proc, which is not installed");
        return;
    }
    /// Requests, in bytes: more than all buffers on the way hold, and than answers to them.
    const MOST: usize = 16 << 20;
    let host = World::default();
    let daemon = host.daemon();
    assert_eq!(Request::new(host.address, "GET /api/status").send().status, 200);
    let resident = resident_kilobytes(&daemon);
    let requests = Request::new(host.address, "GET /api/status").bytes("keep-alive").repeat(500);
    let one_that_reads_nothing = || {
        let mut stream = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), host.address).unwrap();
        // The system would take in megabytes of answers for it.
        set_socket_recv_buffer_size(&stream, 4096).unwrap();
        set_socket_send_buffer_size(&stream, 4096).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
        let mut said = 0;
        while let Ok(length) = stream.write(requests.as_bytes()) {
            said += length;
            assert!(said < MOST, "the daemon goes on listening");
        }
        stream
    };
    let clients = [(); 4].map(|()| one_that_reads_nothing());
    assert!(
        resident_kilobytes(&daemon) <= resident + 16 * 1024,
        "{resident} kB before, {} after",
        resident_kilobytes(&daemon)
    );
    assert_eq!(Request::new(host.address, "GET /api/health/live").send().status, 200);
    drop(clients);
}

#[test]
fn e49_bad_tokens_grow_nothing_and_write_nothing() {
    if !cfg!(target_os = "linux") {
        println!("skipped: this test reads /proc, which is not installed");
        return;
    }
    const REQUESTS: usize = 50_000;
    let host = World::default();
    let daemon = host.daemon();
    assert_eq!(Request::exchange(host.address, &host.code(), "laptop").send().status, 200);
    let written = || -> Vec<SystemTime> {
        let modified = |file: &str| std::fs::metadata(host.path(file)).unwrap().modified().unwrap();
        ["config", "config/devices.json", "keys", "run", "run/daemon.lock"].map(modified).to_vec()
    };
    let flood = |requests: usize| {
        let mut stream = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), host.address).unwrap();
        let mut answers = stream.try_clone().unwrap();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            answers.read_to_string(&mut text).unwrap();
            text.matches("HTTP/1.1 401").count()
        });
        for number in 0..requests {
            let token = format!("nct_{number:0>75}");
            let last = if number + 1 == requests { "close" } else { "keep-alive" };
            stream.write_all(Request::status(host.address, &token).bytes(last).as_bytes()).unwrap();
        }
        assert_eq!(reader.join().unwrap(), requests);
    };
    flood(REQUESTS / 10);
    let (before, resident) = (written(), resident_kilobytes(&daemon));
    flood(REQUESTS);
    assert_eq!(before, written());
    assert!(
        resident_kilobytes(&daemon) <= resident + 2048,
        "{resident} kB before, {} after",
        resident_kilobytes(&daemon)
    );
}

//! Someone records every packet while two machines do what the manual says: attacks.md B18.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use serde_json::{Value, json};

use super::capture::{Capture, Sniffer};
use super::spellings::{of_bytes, of_text};
use crate::e2e::raw_http::Request;
use crate::e2e::world::{Finished, NETCLAW, Stopped, World};
use crate::proxies::lan::{Lan, Machine};
use crate::proxies::namespace;
use crate::proxies::site::{client_on, in_direct_mode};

/// Where the far end of the tunnel listens.
const TUNNEL: u16 = 2222;

/// `netclaw` with these arguments, and nothing in its environment but the home.
fn netclaw(world: &World, arguments: &[&str]) -> Finished {
    Finished::of(world.unconfigured(NETCLAW).args(arguments).output().unwrap())
}

/// The code and the URL that `netclaw daemon pair` prints.
fn open_pairing(host: &World) -> (String, String) {
    let opened = netclaw(host, &["daemon", "pair"]).succeeded().stdout;
    let lines: Vec<&str> = opened.lines().collect();
    let code = lines[0].strip_prefix("Pairing code: ").unwrap();
    (code.to_owned(), lines[3].strip_prefix("netclaw pair ").unwrap().to_owned())
}

fn token_of(client: &World) -> String {
    let secrets: Value = serde_json::from_str(&client.read("config/secrets.json")).unwrap();
    secrets["tokens"].as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
}

/// What is stored in hexadecimal of the host's devices under this name.
fn stored(host: &World, field: &str) -> Vec<Vec<u8>> {
    let devices: Value = serde_json::from_str(&host.read("config/devices.json")).unwrap();
    let devices = devices["devices"].as_array().unwrap().iter();
    devices.map(|device| HEXLOWER.decode(device[field].as_str().unwrap().as_bytes()).unwrap()).collect()
}

/// A code, in every spelling, and the parts of it that cannot be there by chance.
fn spellings_of_code(code: &str) -> Vec<(String, Vec<u8>)> {
    let bare = code.replace('-', "");
    let parts = (0..3).flat_map(|at| of_text("a part of the code", &bare[at..at + 6]));
    of_text("the code", code).into_iter().chain(parts).collect()
}

/// A token, its parts and its secret as bytes, in every spelling.
fn spellings_of_token(token: &str) -> Vec<(String, Vec<u8>)> {
    let parts = [&token[4..20], &token[20..72], &token[20..46], &token[46..72], &token[72..]];
    let secret = BASE32_NOPAD.decode(token[20..72].to_uppercase().as_bytes()).unwrap();
    let halves = [&secret[..], &secret[..16], &secret[16..]];
    let parts = parts.into_iter().flat_map(|part| of_text("a part of the token", part));
    let halves = halves.into_iter().flat_map(|half| of_bytes("the token's secret", half));
    of_text("the token", token).into_iter().chain(parts).chain(halves).collect()
}

/// Hashes and salts, and their halves.
fn spellings_of_hashes(hashes: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    let halves = hashes.iter().flat_map(|hash| [&hash[..], &hash[..8], &hash[8..]]);
    halves.flat_map(|hash| of_bytes("a hash or salt", hash)).collect()
}

#[track_caller]
fn assert_nothing_in(capture: &Capture, secrets: &[(String, Vec<u8>)]) {
    assert_eq!(capture.search(secrets), None);
}

/// A network whose packets are recorded, if one can be made.
fn on_a_recorded_lan(test: impl FnOnce(&Lan, Sniffer)) {
    match namespace::obstacle() {
        Some(obstacle) => println!("skipped: {obstacle}"),
        None => {
            let lan = Lan::default();
            test(&lan, Sniffer::start(&lan));
        }
    }
}

#[test]
fn b18_the_two_commands_of_the_manual_show_a_recorder_neither_code_nor_token_nor_hash() {
    on_a_recorded_lan(|lan, sniffer| {
        let (host, client) = (client_on(lan, Machine::Daemon), client_on(lan, Machine::Alice));
        netclaw(&host, &["init", "--exposure", "direct", "--yes"]).succeeded();
        let _stopped = Stopped(&host);
        netclaw(&host, &["daemon", "start"]).succeeded();
        let (code, url) = open_pairing(&host);
        assert_eq!(url, format!("http://{}:5199", Machine::Daemon.v4()));
        client.netclaw_reading(&["pair", &url, "--name", "laptop"], &format!("{code}\n")).succeeded();
        netclaw(&client, &["status"]).succeeded();
        let (first, mut hashes) = (token_of(&client), [stored(&host, "tokenHash"), stored(&host, "salt")].concat());
        netclaw(&client, &["rotate"]).succeeded();
        netclaw(&client, &["status"]).succeeded();
        let second = token_of(&client);
        hashes.extend([stored(&host, "tokenHash"), stored(&host, "salt")].concat());
        assert_ne!(first, second);

        let capture = sniffer.stop();
        // The first bytes of every connection to the daemon are a ClientHello of TLS, and it answers.
        let said: usize = capture.streams.iter().map(Vec::len).sum();
        let hellos = capture.streams.iter().filter(|stream| stream.starts_with(&[0x16, 3]) && stream[5] == 1).count();
        assert!(hellos >= 4 && capture.streams.len() == 2 * hellos && said > 8192, "{hellos} {said}");
        assert!(capture.streams.iter().all(|stream| stream.starts_with(&[0x16, 3])));
        assert_nothing_in(&capture, &spellings_of_code(&code));
        assert_nothing_in(&capture, &spellings_of_token(&first));
        assert_nothing_in(&capture, &spellings_of_token(&second));
        assert_nothing_in(&capture, &spellings_of_hashes(&hashes));
    });
}

#[test]
fn b18_a_tunnel_without_encryption_shows_a_recorder_neither_code_nor_token_nor_hash() {
    through_a_tunnel(forward, |client, host, sniffer| {
        let code = pair_on_loopback(client, host);
        client.netclaw(&["status"]).succeeded();
        let (first, hashes) = (token_of(client), [stored(host, "tokenHash"), stored(host, "salt")].concat());
        client.netclaw(&["rotate"]).succeeded();
        let capture = sniffer.stop();
        assert!(capture.streams.len() >= 8 && capture.streams.iter().all(|stream| stream.starts_with(&[0x16, 3])));
        assert_nothing_in(&capture, &spellings_of_code(&code));
        for token in [first, token_of(client)] {
            assert_nothing_in(&capture, &spellings_of_token(&token));
        }
        assert_nothing_in(&capture, &spellings_of_hashes(&hashes));
    });
}

/// Where a tunnel does not pass TLS on, the handshake is in the clear. The first request with the token is too: a loopback
/// endpoint is taken for this machine.
#[test]
fn b18_a_handshake_in_the_clear_shows_a_recorder_neither_code_nor_token_nor_hash() {
    through_a_tunnel(forward_http, |client, host, sniffer| {
        let code = pair_on_loopback(client, host);
        let (token, hashes) = (token_of(client), [stored(host, "tokenHash"), stored(host, "salt")].concat());
        let capture = sniffer.stop().before(b"GET /api/status HTTP/1.1\r\n");
        for step in ["POST /api/pair/v2/start HTTP/1.1\r\n", "POST /api/pair/v2/finish HTTP/1.1\r\n"] {
            assert!(capture.has(step.as_bytes()), "{step}");
        }
        // Both sides' sealed messages, 528 and 2064 bytes in base64url.
        let sealed = capture.streams.iter().filter(|stream| stream.windows(10).any(|at| at == b"\"sealed\":\""));
        assert!(sealed.map(Vec::len).min().is_some_and(|length| length > 704));
        assert_nothing_in(&capture, &spellings_of_code(&code));
        assert_nothing_in(&capture, &spellings_of_token(&token));
        assert_nothing_in(&capture, &spellings_of_hashes(&hashes));
        assert_nothing_in(&capture, &of_text("the name", "laptop"));
    });
}

/// A daemon in local mode, and a tunnel over a recorded network to it from Alice's loopback, whose near end is this.
fn through_a_tunnel(near_end: fn(TcpListener, SocketAddr), test: impl FnOnce(&World, &World, Sniffer)) {
    on_a_recorded_lan(|lan, sniffer| {
        let host = World::elsewhere(loopback(5199), lan.namespace(Machine::Daemon).launcher());
        let _daemon = host.daemon();
        let far = SocketAddr::new(Machine::Daemon.v4(), TUNNEL);
        lan.namespace(Machine::Daemon).run(|| forward(TcpListener::bind(far).unwrap(), loopback(5199)));
        lan.namespace(Machine::Alice).run(|| near_end(TcpListener::bind(loopback(5199)).unwrap(), far));
        test(&client_on(lan, Machine::Alice), &host, sniffer);
    });
}

fn pair_on_loopback(client: &World, host: &World) -> String {
    let code = host.code();
    let arguments = ["pair", "http://127.0.0.1:5199", "--name", "laptop"];
    client.netclaw_reading(&arguments, &format!("{code}\n")).succeeded();
    code
}

#[test]
fn what_does_cross_a_network_in_the_clear_is_found_by_the_recorder() {
    in_direct_mode(|lan, host| {
        let (code, sniffer) = (host.code(), Sniffer::start(lan));
        let granted = lan.send(Machine::Alice, &Request::exchange(host.address, &code, "laptop")).json();
        let token = granted["token"].as_str().unwrap();
        let capture = sniffer.stop();
        for secrets in [spellings_of_code(&code), spellings_of_token(token), of_text("the name", "laptop")] {
            assert!(capture.search(&secrets).is_some());
        }
        assert!(capture.has(json!(token).to_string().as_bytes()));
    });
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// The far end of a tunnel: passes everything on. Connections are made from where this is called.
fn forward(listener: TcpListener, to: SocketAddr) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            join(stream.unwrap(), TcpStream::connect(to).unwrap());
        }
    });
}

/// The near end, which passes on HTTP only: who begins with TLS is answered in HTTP.
fn forward_http(listener: TcpListener, to: SocketAddr) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut first) = (stream.unwrap(), [0]);
            if stream.peek(&mut first).is_ok_and(|length| length == 1) && first == [0x16] {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                let _ = stream.shutdown(Shutdown::Write).and_then(|()| stream.read_to_end(&mut Vec::new()));
            } else {
                join(stream, TcpStream::connect(to).unwrap());
            }
        }
    });
}

/// Passes bytes on in both directions until both have ended.
fn join(one: TcpStream, other: TcpStream) {
    let back = (other.try_clone().unwrap(), one.try_clone().unwrap());
    for (mut from, mut to) in [(one, other), back] {
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
}

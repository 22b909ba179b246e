//! The gateway of a real daemon.

use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use super::raw_http::Request;
use super::world::{Daemon, NETCLAWD, World};
use crate::http::gateway::{Server, Wire, field};

/// Many, as a host has that serves a team.
const STREAMS: usize = 1_000;

/// Memory that a stream may take, in kilobytes: its buffers, and the connections on both sides.
const KILOBYTES_OF_A_STREAM: u64 = 64;

/// A daemon with the agent's API at `server`, whose key is in its environment.
fn daemon(host: &World, server: &Server) -> Command {
    let mut command = host.command(NETCLAWD);
    command
        .env("NETCLAW_Agent__Kind", "openai")
        .env("NETCLAW_Agent__BaseUrl", server.url("/v1"))
        .env("NETCLAW_Agent__ApiKeyVariable", "PROVIDER_KEY")
        .env("NETCLAW_Gateway__RequestsPerDevice", STREAMS.to_string())
        .env("PROVIDER_KEY", "sk-secret");
    command
}

fn token(host: &World) -> String {
    let granted = Request::exchange(host.address, &host.code(), "laptop").send();
    granted.json()["token"].as_str().unwrap().to_owned()
}

/// A stream of which the client has read the first piece.
fn streaming(host: &World, server: &Server, token: &str) -> (Wire, Wire) {
    let mut client = Wire::to(host.address);
    client.send(format!("GET /v1/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"));
    let mut served = server.accept();
    let head = served.head();
    assert_eq!(field(&head, "authorization"), Some("Bearer sk-secret"));
    served.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    client.head();
    assert_eq!(client.chunk(), "hello");
    (client, served)
}

#[test]
fn d38_the_operator_revokes_a_device_and_its_streams_end() {
    let (host, server) = (World::default(), Server::new());
    let running = Daemon::of(daemon(&host, &server)).unwrap();
    let token = token(&host);
    let (mut client, mut served) = streaming(&host, &server, &token);
    host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
    client.ends();
    served.ends();
    let log = running.terminate();
    assert!(!log.contains("sk-secret") && !log.contains(&token), "{log}");
}

#[test]
fn a_daemon_that_is_told_to_stop_says_that_it_is_not_ready_while_its_streams_go_on() {
    let (host, server) = (World::default(), Server::new());
    let running = Daemon::of(daemon(&host, &server)).unwrap();
    let token = token(&host);
    let ready = || Request::new(host.address, "GET /api/health/ready").try_send();
    assert_eq!(ready().unwrap().status, 200);
    let (mut client, mut served) = streaming(&host, &server, &token);
    let pid = Pid::from_raw(running.pid().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    loop {
        match ready() {
            Ok(answer) if answer.status == 503 => break,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => panic!("nobody is there: {error}"),
            // It has not heard of it, or hears of it in the middle.
            _ => {}
        }
    }
    assert_eq!(Request::status(host.address, &token).send().status, 200, "whoever has not asked is still served");
    served.send("2\r\nok\r\n0\r\n\r\n");
    assert_eq!((client.chunk().as_str(), client.chunk().as_str()), ("ok", ""));
    client.ends();
    running.terminate();
    assert!(ready().is_err());
}

#[test]
fn a_key_that_is_missing_stops_the_start_and_is_named() {
    let (host, server) = (World::default(), Server::new());
    let mut command = daemon(&host, &server);
    command.env_remove("PROVIDER_KEY");
    let Err(failed) = Daemon::of(command) else { panic!("it runs") };
    failed.failed(1, "the environment variable PROVIDER_KEY, which Agent.ApiKeyVariable names, is not set");
    let mut command = daemon(&host, &server);
    command.env("PROVIDER_KEY", "sk-secret and more");
    let Err(failed) = Daemon::of(command) else { panic!("it runs") };
    assert!(!failed.stderr.contains("sk-secret"), "{failed:?}");
    failed.failed(1, "holds no key");
}

#[test]
fn a_thousand_streams_are_open_at_once_in_little_memory() {
    if !cfg!(target_os = "linux") {
        println!("skipped: this test reads /proc, which is not installed");
        return;
    }
    super::load::allow_open_files();
    let (host, server) = (World::default(), Server::new());
    let running = Daemon::of(daemon(&host, &server)).unwrap();
    let token = token(&host);
    let first = streaming(&host, &server, &token);
    let before = super::load::resident_kilobytes(&running);
    let mut streams: Vec<(Wire, Wire)> = (1..STREAMS).map(|_| streaming(&host, &server, &token)).collect();
    let grown = super::load::resident_kilobytes(&running).saturating_sub(before);
    assert!(grown < KILOBYTES_OF_A_STREAM * STREAMS as u64, "{grown} kB for {STREAMS} streams");
    streams.push(first);
    for (client, served) in &mut streams {
        served.send("2\r\nok\r\n");
        assert_eq!(client.chunk(), "ok");
    }
    let mut refused = Wire::to(host.address);
    refused.send(format!("GET /v1/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"));
    assert_eq!(refused.answer().status, 429);
    assert_eq!(Request::new(host.address, "GET /api/health/live").send().status, 200);
}

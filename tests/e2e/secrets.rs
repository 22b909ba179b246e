//! Tokens and codes do not leak: attacks.md D45.

use super::raw_http::Request;
use super::world::{NETCLAWD, World, client_of};

#[test]
fn d45_tokens_and_codes_are_in_no_log_but_for_the_line_of_a_fresh_code() {
    let host = World::default();
    let mut command = host.command(NETCLAWD);
    command.env("NETCLAW_LOG", "trace");
    let daemon = super::world::Daemon::of(command).unwrap();
    let client = client_of(&host);
    let code = host.code();
    client.netclaw_reading(&["pair", &host.endpoint()], &format!("{code}\nlaptop\n")).succeeded();
    let token = token_of(&client);
    client.netclaw(&["status"]).succeeded();
    Request::status(host.address, &token.replace('a', "b")).send();
    let typed = "ABCD-EF23";
    Request::exchange(host.address, typed, "x").send();
    client.netclaw(&["unpair"]).succeeded();
    let log = daemon.terminate();
    let with_code: Vec<&str> = log.lines().filter(|line| line.contains(&code)).collect();
    assert!(with_code.len() == 1 && with_code[0].contains(&format!("Pairing code: {code}")), "{with_code:?}");
    assert!(!log.contains(&token[..30]) && !log.contains(&token[30..60]), "{log}");
    assert!(!log.contains(typed), "{log}");
}

#[test]
fn d45_a_configuration_without_the_log_line_keeps_codes_out_of_the_log() {
    let host = World::default();
    let mut command = host.command(NETCLAWD);
    command.env("NETCLAW_Daemon__LogPairingCode", "false");
    let daemon = super::world::Daemon::of(command).unwrap();
    let code = host.code();
    assert!(!daemon.terminate().contains(&code));
}

#[test]
fn d45_the_daemons_disk_never_holds_a_token() {
    let host = World::default();
    let daemon = host.daemon();
    let client = client_of(&host);
    client.netclaw_reading(&["pair", &host.endpoint()], &format!("{}\nlaptop\n", host.code())).succeeded();
    let token = token_of(&client);
    daemon.terminate();
    for file in ["config/devices.json", "state/activity.json", "keys/identity.key"] {
        let content = host.read(file);
        assert!(!content.contains("nct_") && !content.contains(&token[20..72]), "{file}");
    }
}

#[test]
fn d45_the_client_puts_neither_code_nor_token_into_its_arguments_or_output() {
    let host = World::default();
    let _daemon = host.daemon();
    let client = client_of(&host);
    let code = host.code();
    let paired =
        client.netclaw_reading(&["pair", &host.endpoint(), "--json"], &format!("{code}\nlaptop\n")).succeeded();
    let token = token_of(&client);
    let status = client.netclaw(&["status", "--json"]).succeeded();
    for text in [paired.stdout, paired.stderr, status.stdout, status.stderr] {
        assert!(!text.contains(&code) && !text.contains(&token[20..]), "{text}");
    }
    let help = client.netclaw(&["pair", "--help"]).succeeded().stdout;
    assert!(!help.contains("--code"), "a code on the command line would be seen by every user: {help}");
}

#[test]
fn s05_a_token_goes_only_to_the_daemon_that_issued_it() {
    let (host, other) = (World::default(), World::default());
    let _daemon = host.daemon();
    let client = client_of(&host);
    client.netclaw_reading(&["pair", &host.endpoint()], &format!("{}\nlaptop\n", host.code())).succeeded();
    // Someone else's server, which answers nothing and keeps what it hears.
    let listener = std::net::TcpListener::bind(other.address).unwrap();
    let heard = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = vec![0; 4096];
        let length = stream.read(&mut head).unwrap();
        stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        String::from_utf8_lossy(&head[..length]).into_owned()
    });
    let mut command = client.command(super::world::NETCLAW);
    command.env("NETCLAW_DAEMON_ENDPOINT", other.endpoint()).arg("status").output().unwrap();
    let heard = heard.join().unwrap();
    assert!(heard.starts_with("GET /api/status") && !heard.to_ascii_lowercase().contains("authorization"), "{heard}");
}

fn token_of(client: &World) -> String {
    let secrets: serde_json::Value = serde_json::from_str(&client.read("config/secrets.json")).unwrap();
    let tokens = secrets["tokens"].as_object().unwrap();
    tokens.values().next().unwrap().as_str().unwrap().to_owned()
}

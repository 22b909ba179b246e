//! Pairing from end to end, as two people at two machines do it.

use serde_json::Value;

use super::raw_http::Request;
use super::world::{World, client_of, mode};

#[test]
fn a_second_home_pairs_gets_its_status_is_listed_revoked_and_told_so() {
    let host = World::default();
    let daemon = host.daemon();
    let client = client_of(&host);

    let code = host.code();
    let paired = client.netclaw_reading(&["pair", &host.endpoint(), "--name", "laptop"], &format!("{code}\n"));
    assert!(paired.succeeded().stdout.contains("laptop"));

    let status = client.netclaw(&["status", "--json"]).succeeded();
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["overall"], "healthy");
    assert_eq!(status["endpoint"], host.endpoint());
    assert_eq!(status["device"]["name"], "laptop");
    assert_eq!(status["daemon"]["exposureMode"], "local");

    assert_eq!(host.device_names(), ["laptop"]);
    let table = host.netclaw(&["daemon", "devices"]).succeeded().stdout;
    assert!(
        table.contains("Name") && table.contains("Created") && table.contains("Last Used") && table.contains("laptop")
    );

    host.netclaw(&["daemon", "devices", "revoke", "LAPTOP"]).succeeded();
    assert!(host.netclaw(&["daemon", "devices"]).succeeded().stdout.contains("No paired devices."));
    let refused = client.netclaw(&["status"]);
    let refused = refused.failed(3, "Authentication failed: the daemon rejected the bearer token");
    assert!(refused.stderr.contains(&format!("netclaw pair {}", host.endpoint())), "{refused:?}");
    daemon.terminate();
}

#[test]
fn the_answer_of_daemon_pair_is_four_lines_to_the_letter() {
    let host = World::default();
    let _daemon = host.daemon();
    let opened = host.netclaw(&["daemon", "pair"]).succeeded();
    let lines: Vec<&str> = opened.stdout.lines().collect();
    let [code, expires, instruction, command] = lines.as_slice() else { panic!("{opened:?}") };
    let code = code.strip_prefix("Pairing code: ").unwrap();
    assert!(code.len() == 9 && code.as_bytes()[4] == b'-', "{code}");
    let time = expires.strip_prefix("Expires at: ").and_then(|rest| rest.strip_suffix(" (local time)")).unwrap();
    assert!(time.len() == 8 && time.split(':').all(|part| part.len() == 2 && part.parse::<u8>().is_ok()), "{time}");
    assert_eq!(*instruction, "On the remote device, run:");
    assert_eq!(*command, format!("netclaw pair {}", host.endpoint()));
}

#[test]
fn the_json_of_daemon_pair_has_what_a_script_needs() {
    let host = World::default();
    let _daemon = host.daemon();
    let opened = host.netclaw(&["daemon", "pair", "--json"]).succeeded();
    let document: Value = serde_json::from_str(&opened.stdout).unwrap();
    let keys: Vec<&String> = document.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["code", "expiresAt", "expiresInSeconds", "endpoint", "command"]);
    assert_eq!(document["expiresInSeconds"], 300);
    assert_eq!(document["command"], format!("netclaw pair {}", host.endpoint()));
}

#[test]
fn the_json_of_pair_never_holds_the_token() {
    let host = World::default();
    let _daemon = host.daemon();
    let client = client_of(&host);
    let input = format!("{}\nphone\n", host.code());
    let paired = client.netclaw_reading(&["pair", &host.endpoint(), "--json"], &input).succeeded();
    let document: Value = serde_json::from_str(&paired.stdout).unwrap();
    assert_eq!(document["device"]["name"], "phone");
    assert_eq!(document["endpoint"], host.endpoint());
    assert_eq!(document["daemonId"].as_str().unwrap().len(), 26);
    assert!(!paired.stdout.contains("nct_") && !paired.stderr.contains("nct_"));
}

#[test]
fn a_taken_name_keeps_the_code_and_asks_for_another_one() {
    let host = World::default();
    let _daemon = host.daemon();
    let first = client_of(&host);
    first.netclaw_reading(&["pair", &host.endpoint()], &format!("{}\nlaptop\n", host.code())).succeeded();

    let second = client_of(&host);
    let code = host.code();
    let failed = second.netclaw_reading(&["pair", &host.endpoint(), "--name", "Laptop"], &format!("{code}\n"));
    assert!(failed.failed(1, "Laptop").stderr.contains("--name"));
    second.netclaw_reading(&["pair", &host.endpoint()], &format!("{code}\nLAPTOP\ntablet\n")).succeeded();
    assert_eq!(host.device_names(), ["laptop", "tablet"]);
}

#[test]
fn a_wrong_code_ends_a_script_and_keeps_the_right_one() {
    let host = World::default();
    let _daemon = host.daemon();
    let client = client_of(&host);
    let code = host.code();
    let wrong = if code.starts_with('2') { "3333-3333" } else { "2222-2222" };
    client.netclaw_reading(&["pair", &host.endpoint(), "--name", "x"], &format!("{wrong}\n")).failed(3, "pairing code");
    client.netclaw_reading(&["pair", &host.endpoint(), "--name", "x"], &format!("{code}\n")).succeeded();
}

#[test]
fn without_an_active_code_the_way_to_one_is_named() {
    let host = World::default();
    let _daemon = host.daemon();
    let client = client_of(&host);
    let failed = client.netclaw_reading(&["pair", &host.endpoint(), "--name", "x"], "2222-2222\n");
    assert!(failed.failed(3, "no pairing code").stderr.contains("netclaw daemon pair"));
}

#[test]
fn unpair_revokes_at_the_daemon_and_forgets_here() {
    let host = World::default();
    let _daemon = host.daemon();
    let client = client_of(&host);
    client.netclaw_reading(&["pair", &host.endpoint()], &format!("{}\nlaptop\n", host.code())).succeeded();
    client.netclaw(&["unpair"]).succeeded();
    assert!(host.device_names().is_empty());
    assert!(!client.read("config/secrets.json").contains("nct_"));
}

#[test]
fn a_device_survives_a_restart_of_the_daemon() {
    let host = World::default();
    let daemon = host.daemon();
    let client = client_of(&host);
    client.netclaw_reading(&["pair", &host.endpoint()], &format!("{}\nlaptop\n", host.code())).succeeded();
    daemon.kill();
    client.netclaw(&["status"]).failed(4, &host.endpoint());
    let _daemon = host.daemon();
    client.netclaw(&["status"]).succeeded();
}

#[test]
fn a_code_does_not_survive_a_restart_of_the_daemon() {
    let host = World::default();
    let daemon = host.daemon();
    let code = host.code();
    daemon.terminate();
    let _daemon = host.daemon();
    let answer = Request::exchange(host.address, &code, "laptop").send();
    assert_eq!(answer.problem(), (404, "no_pairing_code".to_owned()));
}

#[test]
fn last_use_survives_an_orderly_stop() {
    let host = World::default();
    let daemon = host.daemon();
    let client = client_of(&host);
    client.netclaw_reading(&["pair", &host.endpoint()], &format!("{}\nlaptop\n", host.code())).succeeded();
    client.netclaw(&["status"]).succeeded();
    daemon.terminate();
    let _daemon = host.daemon();
    let listed = host.netclaw(&["daemon", "devices", "--json"]).succeeded();
    let document: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert!(document["devices"][0]["lastUsedAt"].is_string());
    assert_eq!(document["devices"][0]["lastAddress"], "127.0.0.1");
}

#[test]
fn everything_that_is_written_is_private() {
    let host = World::default();
    let daemon = host.daemon();
    let client = client_of(&host);
    client.netclaw_reading(&["pair", &host.endpoint()], &format!("{}\nlaptop\n", host.code())).succeeded();
    client.netclaw(&["status"]).succeeded();
    assert_eq!(mode(&host.path("run/control.sock")), 0o600);
    daemon.terminate();
    for folder in ["", "config", "run", "state", "keys"] {
        assert_eq!(mode(&host.path(folder)), 0o700, "{folder}");
    }
    for file in ["config/devices.json", "state/activity.json", "keys/identity.key", "run/daemon.lock"] {
        assert_eq!(mode(&host.path(file)), 0o600, "{file}");
    }
    for file in ["config/secrets.json", "client/config.json"] {
        assert_eq!(mode(&client.path(file)), 0o600, "{file}");
    }
}

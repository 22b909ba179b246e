//! Credentials that end: from `daemon pair --ttl` to the refusal.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use super::raw_http::{Request, connect};
use super::world::{World, client_of};
use crate::http::tls_client::ask;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_device_gets_the_name_and_the_end_that_the_host_has_decided_and_is_refused_after_it() {
    let host = World::default();
    let daemon = host.daemon();
    let client = client_of(&host);
    let opened = host.netclaw(&["daemon", "pair", "--ttl", "1w", "--name", "ci-runner", "--json"]).succeeded();
    let opened = json(&opened.stdout);
    assert_eq!((&opened["ttlSeconds"], &opened["deviceName"]), (&604_800.into(), &"ci-runner".into()));
    let code = format!("{}\n", opened["code"].as_str().unwrap());
    let paired = client.netclaw_reading(&["pair", &host.endpoint(), "--name", "laptop"], &code).succeeded();
    assert!(paired.stdout.contains("as \"ci-runner\""), "{paired:?}");

    let taken = host.netclaw(&["daemon", "pair", "--name", "CI-RUNNER"]);
    taken.failed(1, "another device is already named \"CI-RUNNER\"");

    let status = client.netclaw(&["status", "--json"]).succeeded();
    assert!(status.stderr.starts_with("warning: the credential of this device ends on "), "{status:?}");
    let end = json(&status.stdout)["device"]["expiresAt"].as_str().unwrap().to_owned();
    let listed = json(&host.netclaw(&["daemon", "devices", "--json"]).succeeded().stdout);
    assert_eq!(
        (&listed["devices"][0]["expiresAt"], &listed["devices"][0]["name"]),
        (&end.as_str().into(), &"ci-runner".into())
    );
    daemon.terminate();

    // Years go by.
    let devices = host.read("config/devices.json");
    assert!(devices.contains(&end), "{devices}");
    host.write("config/devices.json", &devices.replace(&end, "2020-01-01T00:00:00.000Z"), 0o600);
    let _daemon = host.daemon();
    let refused = client.netclaw(&["status"]).failed(3, "Authentication failed: the daemon rejected the bearer token");
    assert!(refused.stderr.contains("has expired"), "{refused:?}");
    let token = json(&client.read("config/secrets.json"))["tokens"].as_object().unwrap().clone();
    let token = token.values().next().unwrap().as_str().unwrap().to_owned();
    assert_eq!(Request::status(host.address, &token).send().problem(), (401, "unauthorized".to_owned()));
    let table = host.netclaw(&["daemon", "devices"]).succeeded().stdout;
    assert!(table.contains("Expires") && table.contains("(expired)"), "{table}");
    host.netclaw(&["daemon", "pair", "--name", "ci-runner"]).failed(1, "already named");
    host.netclaw(&["daemon", "devices", "revoke", "ci-runner"]).succeeded();
    host.netclaw(&["daemon", "pair", "--name", "ci-runner"]).succeeded();
}

#[test]
fn d38_a_revoked_device_is_refused_on_the_connection_that_it_has_open_and_after_a_restart() {
    let host = World::default();
    let daemon = host.daemon();
    let granted = Request::exchange(host.address, &host.code(), "laptop").send().json();
    let token = granted["token"].as_str().unwrap();
    let question = Request::status(host.address, token);
    let mut open = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), host.address).unwrap();
    assert_eq!(ask(&mut open, &question).status, 200);
    host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
    assert_eq!(ask(&mut open, &question).problem(), (401, "unauthorized".to_owned()));
    daemon.kill();
    let _daemon = host.daemon();
    assert_eq!(question.send().problem(), (401, "unauthorized".to_owned()));
}

//! Faults of configuration and files.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::Value;

use super::{Report, on_device, set_mode, settled_host, tunnelled};
use crate::e2e::world::{NETCLAW, World};

/// A fault: what makes it, and the check that names it with its verdict and words.
type Fault = (fn(&World), &'static str, &'static str, &'static [&'static str]);

const FAULTS: &[Fault] = &[
    (|host| host.write("config/netclaw.json", "{\"Daemon\":", 0o600), "config-file", "fail", &["damaged", "mv "]),
    (|host| host.write("config/netclaw.json", "[]", 0o600), "config-file", "fail", &["not a JSON object"]),
    (|host| config(host, r#"{"configVersion":2}"#), "config-version", "fail", &["configVersion is 2", "newer netclaw"]),
    (|host| config(host, r#"{"Daemon":{"Prot":1}}"#), "config-keys", "warn", &["Daemon.Prot", "Daemon.Port"]),
    (|host| config(host, r#"{"colour":"red"}"#), "config-keys", "warn", &["colour means nothing", "remove it"]),
    (
        |host| config(host, r#"{"Daemon":{"LogPairingCode":"yes"}}"#),
        "config-values",
        "fail",
        &["\"yes\"", "true or false"],
    ),
    (|host| set_mode(&host.home(), 0o777), "folders", "fail", &["0777", "chmod 700"]),
    (|host| set_mode(&host.path("config"), 0o755), "folders", "warn", &["0755", "chmod 700", "config"]),
    (
        |host| set_mode(&host.path("config/devices.json"), 0o644),
        "private-files",
        "fail",
        &["0644", "devices.json", "chmod 600"],
    ),
    (
        |host| set_mode(&host.path("config/secrets.json"), 0o644),
        "private-files",
        "fail",
        &["0644", "secrets.json", "chmod 600"],
    ),
    (
        |host| set_mode(&host.path("client/config.json"), 0o640),
        "private-files",
        "fail",
        &["0640", "client/config.json"],
    ),
    (
        |host| set_mode(&host.path("keys/identity.key"), 0o644),
        "private-files",
        "fail",
        &["0644", "identity.key", "chmod 600"],
    ),
    (a_link_in_place_of_the_devices, "private-files", "fail", &["devices.json", "symbolic link"]),
    (|host| cut(host, "config/devices.json"), "devices-file", "fail", &["damaged", "backup"]),
    (|host| cut(host, "config/secrets.json"), "credential-files", "fail", &["secrets.json", "mv "]),
    (|host| cut(host, "client/config.json"), "credential-files", "fail", &["client/config.json", "mv "]),
    (|host| cut(host, "keys/identity.key"), "identity-key", "fail", &["no Ed25519 key", "backup"]),
    (|host| set_mode(&host.path("keys/tls.key"), 0o644), "private-files", "fail", &["0644", "tls.key", "chmod 600"]),
    (|host| set_mode(&host.path("keys/tls.key"), 0o644), "tls-keys", "skip", &["see private-files"]),
    (|host| cut(host, "keys/tls.key"), "tls-keys", "fail", &["no P-256 key", "backup"]),
    (
        |host| std::fs::rename(host.path("keys/tls.key"), host.path("keys/tls-next.key")).unwrap(),
        "tls-keys",
        "fail",
        &["tls.key is gone", "mv "],
    ),
    (|host| version(host, "config/devices.json", 2), "devices-file", "fail", &["version 2", "newer netclaw"]),
    (|host| version(host, "client/config.json", 9), "credential-files", "fail", &["version is 9"]),
    (without_tokens, "pairing-tokens", "fail", &["has no token", "netclaw pair http://"]),
    (without_tokens, "host-credential", "fail", &["credential of this host is gone", "--fix"]),
    (without_pairings, "pairing-tokens", "warn", &["no pairing that it belongs to", "--fix"]),
    (
        |host| host.write("config/devices.json", r#"{"version":1,"devices":[]}"#, 0o600),
        "host-credential",
        "fail",
        &["no device can authenticate"],
    ),
    (
        |host| host.write("config/.devices.json.a1b2c3.tmp", "{", 0o600),
        "leftovers",
        "warn",
        &[".devices.json.a1b2c3.tmp", "--fix"],
    ),
    (
        |host| host.write("client/.config.json.a1b2c3.tmp", "{", 0o600),
        "leftovers",
        "warn",
        &["client/.config.json.a1b2c3.tmp"],
    ),
    (|host| host.write("run/control.sock", "", 0o600), "control-socket", "fail", &["not a socket", "mv "]),
    (|_| (), "daemon-running", "fail", &["not running", "netclaw daemon start"]),
];

#[test]
fn every_fault_of_the_home_is_named_with_its_way_out() {
    let host = settled_host();
    let healthy = tempfile::tempdir().unwrap();
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let _ = fs::remove_dir_all(to);
        assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
    };
    let kept = healthy.path().join("home");
    copy(&host.home(), &kept);
    for (seed, id, verdict, words) in FAULTS {
        seed(&host);
        let report = Report::of(tunnelled(&host, NETCLAW), &[]);
        report.finds(id, verdict, words);
        assert!(!report.document.to_string().contains("nct_"), "a token is shown: {report:?}");
        set_mode(&host.home(), 0o700);
        copy(&kept, &host.home());
    }
    let report = Report::of(tunnelled(&host, NETCLAW), &[]);
    let faults = report.document["checks"].as_array().unwrap().iter().filter(|check| check["fix"].is_string());
    let faults: Vec<&Value> = faults.map(|check| &check["id"]).collect();
    // The pairing elsewhere, the current one, leads to a daemon that was stopped too.
    assert_eq!(faults, ["daemon-running", "client-connect"], "{report:#?}");
}

#[test]
fn all_wrong_values_show_at_once_and_those_of_the_environment_by_their_variable() {
    let host = World::default();
    config(
        &host,
        r#"{"Daemon":{"Port":0,"ExposureMode":"wide-open","TrustedProxies":["10.0.0.0/33","10.0.0.1","0.0.0.0/0"]}}"#,
    );
    let mut netclaw = on_device(&host);
    netclaw.env("NETCLAW_Daemon__LogPairingCode", "perhaps").env("NETCLAW_daemon__HOST", "my-server");
    let report = Report::of(netclaw, &[]);
    assert_eq!(report.checks("config-values").len(), 6, "{report:#?}");
    report
        .finds("config-values", "fail", &["Daemon.Port is 0", "1 to 65535", "netclaw.json"])
        .finds("config-values", "fail", &["\"wide-open\"", "\"local\"", "\"reverse-proxy\""])
        .finds("config-values", "fail", &["10.0.0.0/33"])
        .finds("config-values", "fail", &["0.0.0.0/0", "internet"])
        .finds("config-values", "fail", &["\"perhaps\"", "unset NETCLAW_Daemon__LogPairingCode"])
        .finds("config-values", "fail", &["\"my-server\"", "NETCLAW_daemon__HOST"])
        .finds("config-environment", "pass", &["NETCLAW_Daemon__LogPairingCode sets Daemon.LogPairingCode to perhaps"]);
    config(&host, r#"{"Daemon":7}"#);
    Report::of(on_device(&host), &[]).finds("config-values", "fail", &["Daemon is 7", "object"]);
    config(&host, r#"{"Daemon":{"ExposureMode":"reverse-proxy"}}"#);
    Report::of(on_device(&host), &[])
        .finds("config-values", "fail", &["Daemon.Host is \"127.0.0.1\"", "\"Host\": \"0.0.0.0\""])
        .finds("config-values", "fail", &["Daemon.TrustedProxies is []", "\"TrustedProxies\": ["]);
}

fn config(host: &World, content: &str) {
    host.write("config/netclaw.json", content, 0o600);
}

fn cut(host: &World, file: &str) {
    let whole = host.read(file);
    host.write(file, &whole[..whole.len() / 2], 0o600);
}

fn version(host: &World, file: &str, version: u32) {
    let mut document: Value = serde_json::from_str(&host.read(file)).unwrap();
    document["version"] = version.into();
    host.write(file, &document.to_string(), 0o600);
}

fn without_tokens(host: &World) {
    host.write("config/secrets.json", r#"{"version":1,"tokens":{}}"#, 0o600);
}

fn without_pairings(host: &World) {
    host.write("client/config.json", r#"{"version":1,"current":null,"daemons":{}}"#, 0o600);
}

fn a_link_in_place_of_the_devices(host: &World) {
    fs::rename(host.path("config/devices.json"), host.path("elsewhere.json")).unwrap();
    symlink(host.path("elsewhere.json"), host.path("config/devices.json")).unwrap();
}

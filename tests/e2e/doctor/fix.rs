//! `netclaw doctor --fix`: what it shows, what it asks, what it mends and what it leaves alone.

use netclaw::adapters::file::repair::protect;
use serde_json::Value;

use super::{Report, doctor, set_mode, settled_host, tunnelled};
use crate::e2e::world::{Daemon, Finished, NETCLAW, NETCLAWD, World, mode};

/// Everything that can be mended, in one home.
fn host_in_disorder() -> World {
    let host = settled_host();
    set_mode(&host.home(), 0o755);
    set_mode(&host.path("config/secrets.json"), 0o644);
    host.write("config/.devices.json.a1b2c3.tmp", "{", 0o600);
    host.write("config/.secrets.json.a1b2c3.tmp", "{", 0o600);
    drop(std::os::unix::net::UnixListener::bind(host.path("run/control.sock")).unwrap());
    host
}

/// Every file below the home with its mode and content.
fn snapshot(host: &World) -> Vec<(String, u32, Vec<u8>)> {
    let mut folders = vec![host.home()];
    let mut seen = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            seen.push((path.display().to_string(), mode(&path), std::fs::read(&path).unwrap_or_default()));
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    seen.sort();
    seen
}

fn fix(host: &World, arguments: &[&str]) -> Finished {
    Finished::of(tunnelled(host, NETCLAW).arg("doctor").args(arguments).output().unwrap())
}

#[test]
fn a_dry_run_and_a_fix_that_nobody_allows_change_nothing() {
    let host = host_in_disorder();
    let before = snapshot(&host);
    for arguments in [&["--fix", "--dry-run"][..], &["--dry-run"], &["--fix", "--dry-run", "--yes"]] {
        let ran = fix(&host, arguments);
        assert!(ran.stderr.contains("config/secrets.json\n  - mode 0644\n  + mode 0600\n"), "{ran:?}");
        assert!(ran.stderr.contains("run/control.sock\n  - the socket of a daemon that is gone\n  + nothing\n"));
        assert!(ran.stderr.ends_with("Nothing was changed.\n"), "{ran:?}");
        assert_eq!((ran.code, snapshot(&host)), (1, before.clone()));
    }
    let refused = fix(&host, &["--fix"]).failed(2, "nobody is there to allow these repairs");
    assert!(refused.stderr.contains("hint: to do them without a question, add: --yes") && refused.stdout.is_empty());
    assert_eq!(snapshot(&host), before);
}

#[test]
fn modes_sockets_leftovers_and_orphans_are_mended_and_a_second_run_has_nothing_to_do() {
    let host = host_in_disorder();
    let devices = host.read("config/devices.json");
    let ran = fix(&host, &["--fix", "--yes"]);
    for (path, expected) in [("", 0o700), ("config/secrets.json", 0o600)] {
        assert_eq!(mode(&host.path(path)), expected, "{path}");
    }
    for gone in ["config/.devices.json.a1b2c3.tmp", "config/.secrets.json.a1b2c3.tmp", "run/control.sock"] {
        assert!(!host.path(gone).exists(), "{gone}");
    }
    assert_eq!(host.read("config/devices.json"), devices);
    let report = Report::of(tunnelled(&host, NETCLAW), &[]);
    for id in ["folders", "private-files", "leftovers"] {
        report.finds(id, "pass", &[]);
    }
    assert!(ran.stdout.contains("PASS  folders ") && ran.stdout.contains("FAIL  daemon-running "), "{ran:?}");
    // A token that no pairing refers to goes, the others stay.
    let mut pairings: Value = serde_json::from_str(&host.read("client/config.json")).unwrap();
    let current = pairings["current"].as_str().unwrap().to_owned();
    pairings["daemons"].as_object_mut().unwrap().remove(&current);
    pairings["current"] = Value::Null;
    host.write("client/config.json", &pairings.to_string(), 0o600);
    fix(&host, &["--fix", "--yes"]);
    let tokens: Value = serde_json::from_str(&host.read("config/secrets.json")).unwrap();
    assert_eq!(tokens["tokens"].as_object().unwrap().len(), 1);
    assert!(tokens["tokens"].get(&current).is_none());
    let _daemon = Daemon::of(tunnelled(&host, NETCLAWD)).unwrap();
    Report::of(tunnelled(&host, NETCLAW), &["--fix"]).is_clean();
}

#[test]
fn a_lost_credential_of_the_host_is_renewed_only_while_no_daemon_runs() {
    let host = settled_host();
    let devices = host.read("config/devices.json");
    host.write("config/secrets.json", r#"{"version":1,"tokens":{}}"#, 0o600);
    host.write("client/config.json", r#"{"version":1,"current":null,"daemons":{}}"#, 0o600);
    let ran = fix(&host, &["--fix", "--yes"]);
    assert!(ran.stdout.contains("PASS  host-credential "), "{ran:?}");
    assert!(ran.stderr.contains("  + a new credential of this host; other devices stay as they are"), "{ran:?}");
    let names = |text: &str| -> Vec<Value> {
        let set: Value = serde_json::from_str(text).unwrap();
        set["devices"].as_array().unwrap().iter().map(|device| device["name"].clone()).collect()
    };
    assert_eq!(names(&host.read("config/devices.json")), names(&devices));
    let _daemon = Daemon::of(tunnelled(&host, NETCLAWD)).unwrap();
    Finished::of(tunnelled(&host, NETCLAW).arg("status").output().unwrap()).succeeded();
    Report::of(tunnelled(&host, NETCLAW), &[]).is_clean();
    host.write("config/secrets.json", r#"{"version":1,"tokens":{}}"#, 0o600);
    let report = Report::of(tunnelled(&host, NETCLAW), &["--fix", "--yes"]);
    report.finds("host-credential", "fail", &["netclaw daemon stop", "netclaw daemon start --recover"]);
    assert_eq!(host.read("config/secrets.json"), r#"{"version":1,"tokens":{}}"#);
}

#[test]
fn what_a_link_leads_to_keeps_its_mode() {
    let host = settled_host();
    let (elsewhere, logs) = (host.home().with_file_name("elsewhere"), host.path("logs"));
    std::fs::create_dir(&elsewhere).unwrap();
    set_mode(&elsewhere, 0o755);
    let _ = std::fs::remove_dir_all(&logs);
    std::os::unix::fs::symlink(&elsewhere, &logs).unwrap();
    fix(&host, &["--fix", "--yes"]);
    assert_eq!(mode(&elsewhere), 0o755);
    // Nor does it when the link comes in between the look and the repair.
    protect(&logs, 0o755, 0o700).unwrap_err();
    assert_eq!(mode(&elsewhere), 0o755);
}

#[test]
fn damaged_files_are_never_touched() {
    let host = settled_host();
    let files = ["config/devices.json", "config/secrets.json", "client/config.json", "keys/identity.key"];
    for file in files {
        host.write(file, "garbage", 0o600);
    }
    host.write("config/netclaw.json", "{\"Daemon\":{\"Port\":0}}", 0o600);
    let ran = fix(&host, &["--fix", "--yes"]);
    assert!(ran.stderr.contains("There is nothing that can be mended without a risk."), "{ran:?}");
    for file in files {
        assert_eq!(host.read(file), "garbage", "{file}");
    }
    assert_eq!(host.read("config/netclaw.json"), "{\"Daemon\":{\"Port\":0}}");
}

#[test]
fn what_a_killed_daemon_left_is_mended() {
    let host = World::default();
    host.daemon().kill();
    assert!(host.path("run/control.sock").exists());
    doctor(&host).finds("control-socket", "warn", &["left by a daemon that is gone", "netclaw doctor --fix"]);
    host.netclaw(&["doctor", "--fix", "--yes"]);
    assert!(!host.path("run/control.sock").exists());
    doctor(&host).finds("control-socket", "skip", &[]);
    let _daemon = host.daemon();
    doctor(&host).is_clean();
}

//! The host's own credential, with real files and processes: no way in, and always a way out.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::crashes::Seeded;
use super::world::{Daemon, Finished, NETCLAWD, World};

/// What happens on loopback in a mode that does not trust it: the tunnel is not looked for.
fn tunnelled(host: &World, program: &str) -> Command {
    let mut command = host.command(program);
    command.env("NETCLAW_Daemon__ExposureMode", "cloudflare-tunnel");
    command.env("NETCLAW_Daemon__SkipTunnelProcessCheck", "true");
    command
}

fn start(host: &World) -> Result<Daemon, Finished> {
    Daemon::of(tunnelled(host, NETCLAWD))
}

fn netclaw(host: &World, arguments: &[&str]) -> Finished {
    Finished::of(tunnelled(host, super::world::NETCLAW).args(arguments).output().unwrap())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The start fails and names the three ways out.
fn assert_no_way_in(host: &World, cause: &str) {
    let failed = start(host).err().expect("no start").failed(1, cause);
    for way_out in ["backup", "netclaw daemon start --recover", "netclaw init --exposure local"] {
        assert!(failed.stderr.contains(way_out), "{way_out}: {failed:?}");
    }
}

#[test]
fn the_first_start_pairs_the_host_with_itself_and_its_status_works() {
    let host = World::default();
    let daemon = start(&host).unwrap();
    let status = json(&netclaw(&host, &["status", "--json"]).succeeded().stdout);
    assert_eq!(status["daemon"]["exposureMode"], "cloudflare-tunnel");
    let own = status["device"]["name"].as_str().unwrap().to_owned();
    assert!(own.ends_with("-host"), "{own}");
    let devices = json(&netclaw(&host, &["daemon", "devices", "--json"]).succeeded().stdout);
    assert_eq!((&devices["devices"][0]["name"], &devices["devices"][0]["bootstrap"]), (&own.into(), &true.into()));
    assert!(host.read("config/devices.json").contains("\"bootstrap\":true"));
    let log = daemon.terminate();
    assert!(!log.contains("nct_"), "{log}");
    // Nothing is added at the next start.
    let before = host.read("config/devices.json");
    drop(start(&host).unwrap());
    assert_eq!(host.read("config/devices.json"), before);
}

#[test]
fn d46_the_last_device_can_be_revoked_with_a_warning_and_the_host_still_pairs() {
    let host = World::default();
    let daemon = start(&host).unwrap();
    let own = json(&netclaw(&host, &["status", "--json"]).stdout)["device"]["name"].as_str().unwrap().to_owned();
    let revoked = netclaw(&host, &["daemon", "devices", "revoke", &own]).succeeded();
    assert!(revoked.stderr.contains("warning: no device is left"), "{revoked:?}");
    assert!(revoked.stderr.contains("hint: pair one now with: netclaw daemon pair"), "{revoked:?}");
    netclaw(&host, &["status"]).failed(3, "Authentication failed");
    netclaw(&host, &["daemon", "pair"]).succeeded();
    drop(daemon);

    assert_no_way_in(&host, "no device can authenticate");
    netclaw(&host, &["daemon", "start"]).failed(1, "no device can authenticate");
    netclaw(&host, &["daemon", "start", "--recover"]).succeeded();
    netclaw(&host, &["daemon", "pair"]).succeeded();
    netclaw(&host, &["status"]).succeeded();
    netclaw(&host, &["daemon", "start", "--recover"]).failed(1, "--recover is for its start");
    netclaw(&host, &["daemon", "stop"]).succeeded();
    drop(start(&host).unwrap());
}

#[test]
fn a_host_that_has_lost_its_credential_says_so_and_gets_another() {
    let host = World::default();
    drop(start(&host).unwrap());
    let devices = host.read("config/devices.json");
    let kept = host.read("config/secrets.json");
    std::fs::remove_file(host.path("config/secrets.json")).unwrap();
    assert_no_way_in(&host, "the credential of this host is gone");
    assert_eq!(host.read("config/devices.json"), devices);
    // Restoring the file is one of the ways out.
    host.write("config/secrets.json", &kept, 0o600);
    drop(start(&host).unwrap());

    std::fs::remove_file(host.path("config/secrets.json")).unwrap();
    let mut recovering = tunnelled(&host, NETCLAWD);
    recovering.arg("--recover");
    let daemon = Daemon::of(recovering).unwrap();
    netclaw(&host, &["status"]).succeeded();
    assert_eq!(host.device_names().len(), 1);
    drop(daemon);
    drop(start(&host).unwrap());
}

#[test]
fn a_pairing_of_the_host_that_a_crash_has_lost_comes_back_with_its_token() {
    let host = World::default();
    drop(start(&host).unwrap());
    let devices = host.read("config/devices.json");
    std::fs::remove_file(host.path("client/config.json")).unwrap();
    let _daemon = start(&host).unwrap();
    netclaw(&host, &["status"]).succeeded();
    assert_eq!(host.read("config/devices.json"), devices);
}

#[test]
fn s05_the_hosts_credential_is_not_stored_for_a_port_that_another_program_has() {
    let host = World::default();
    let _other = std::net::TcpListener::bind(host.address).unwrap();
    start(&host).err().expect("no start").failed(1, "cannot listen");
    assert!(!host.path("config/secrets.json").exists() && !host.path("client/config.json").exists());
}

#[test]
fn local_mode_is_a_way_out() {
    let host = World::default();
    host.write("config/devices.json", r#"{"version":1,"devices":[]}"#, 0o600);
    assert_no_way_in(&host, "no device can authenticate");
    drop(host.daemon());
}

#[test]
fn d42_a_first_start_that_is_killed_at_any_moment_is_taken_up_again() {
    let mut random = Seeded::new("first start");
    for round in 0..40 {
        let host = World::default();
        let mut child = tunnelled(&host, NETCLAWD).stderr(std::process::Stdio::null()).spawn().unwrap();
        // Spread over the time that a start takes, and a little beyond.
        std::thread::sleep(Duration::from_micros(random.below(30_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let daemon = start(&host).unwrap_or_else(|failed| panic!("round {round}: {failed:?}"));
        netclaw(&host, &["status"]).succeeded();
        assert_eq!(host.device_names().len(), 1, "round {round}");
        drop(daemon);
    }
}

#[test]
fn a_changed_configuration_waits_for_a_restart_and_says_so() {
    let host = World::default();
    host.write("config/netclaw.json", r#"{"Daemon":{"LogPairingCode":true}}"#, 0o600);
    let daemon = host.daemon();
    let status = |arguments: &[&str]| json(&host.netclaw(arguments).succeeded().stdout);
    assert_eq!(status(&["daemon", "status", "--json"])["daemon"]["restartPending"], Value::Null);
    host.write("config/netclaw.json", r#"{"Daemon":{"LogPairingCode":false}}"#, 0o600);
    assert_eq!(status(&["daemon", "status", "--json"])["daemon"]["restartPending"], true);
    assert_eq!(status(&["status", "--json"])["daemon"]["restartPending"], true);
    let shown = host.netclaw(&["daemon", "status"]).succeeded();
    assert!(shown.stdout.contains("Restart:      pending"), "{shown:?}");
    let code = host.code();
    let log = daemon.terminate();
    assert!(log.contains(&code) && log.contains("netclaw daemon restart"), "{log}");
}

//! `netclaw doctor` with real files, processes and sockets: each fault is seeded, and named with its way out.

mod files;
mod fix;
mod network;
mod server;
mod tls;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::world::{Daemon, Finished, NETCLAW, NETCLAWD, World, client_of};

/// What `netclaw doctor --format json` said.
#[derive(Debug)]
struct Report {
    code: i32,
    document: Value,
    stderr: String,
}

impl Report {
    /// The report of this `netclaw`, with these arguments beside its own.
    fn of(mut netclaw: Command, arguments: &[&str]) -> Self {
        netclaw.args(["doctor", "--format", "json"]).args(arguments);
        let Finished { code, stdout, stderr } = Finished::of(netclaw.output().unwrap());
        assert_eq!(stdout.lines().count(), 1, "one document: {stdout} {stderr}");
        Self { code, document: serde_json::from_str(&stdout).unwrap(), stderr }
    }

    fn checks(&self, id: &str) -> Vec<&Value> {
        self.document["checks"].as_array().unwrap().iter().filter(|check| check["id"] == id).collect()
    }

    /// A check of this name has this verdict, a message with all of these words, and a fix if something is wrong.
    #[track_caller]
    fn finds(&self, id: &str, verdict: &str, words: &[&str]) -> &Self {
        let fits = |check: &&&Value| {
            let text = format!("{} {}", check["message"].as_str().unwrap(), check["fix"].as_str().unwrap_or_default());
            check["verdict"] == verdict && words.iter().all(|words| text.contains(words))
        };
        let checks = self.checks(id);
        let found = checks.iter().find(fits).unwrap_or_else(|| panic!("{id} {verdict} {words:?}: {self:#?}"));
        assert_eq!(found["fix"].is_string(), matches!(verdict, "fail" | "warn"), "{found}");
        let codes = [("fail", [1, 1]), ("warn", [1, 2]), ("pass", [0, 0]), ("skip", [0, 0])];
        let (_, codes) = codes.iter().find(|(known, _)| *known == verdict).unwrap();
        assert!(codes[0] == 0 || codes.contains(&self.code), "{}", self.code);
        self
    }

    /// Nothing is wrong.
    #[track_caller]
    fn is_clean(&self) {
        assert_eq!((self.code, &self.document["overall"]), (0, &Value::from("pass")), "{self:#?}");
    }
}

/// The doctor of a world, under its environment.
fn doctor(world: &World) -> Report {
    Report::of(world.command(NETCLAW), &[])
}

/// A device's own machine: nothing in its environment is about a daemon.
fn on_device(world: &World) -> Command {
    let mut command = world.command(NETCLAW);
    command.env_remove("NETCLAW_Daemon__Host").env_remove("NETCLAW_Daemon__Port");
    command
}

/// A device that is paired with this host.
fn paired_device(host: &World) -> World {
    let device = client_of(host);
    device.netclaw_reading(&["pair", &host.endpoint()], &format!("{}\nlaptop\n", host.code())).succeeded();
    device
}

/// In a mode where loopback is nobody, and whose tunnel is not looked for.
fn tunnelled(host: &World, program: &str) -> Command {
    let mut command = host.command(program);
    command.env("NETCLAW_Daemon__ExposureMode", "cloudflare-tunnel");
    command.env("NETCLAW_Daemon__SkipTunnelProcessCheck", "true");
    command
}

/// A host in that mode with its own credential and a pairing elsewhere. It does not run, nor does the daemon elsewhere.
fn settled_host() -> World {
    let host = World::default();
    let elsewhere = World::default();
    let (daemon, other) = (Daemon::of(tunnelled(&host, NETCLAWD)).unwrap(), elsewhere.daemon());
    host.netclaw_reading(&["pair", &elsewhere.endpoint()], &format!("{}\nserver\n", elsewhere.code())).succeeded();
    other.terminate();
    daemon.terminate();
    host
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_home_without_anything_and_a_host_that_is_well_have_no_faults() {
    let host = World::default();
    Report::of(on_device(&host), &[]).finds("client-endpoint", "skip", &["netclaw pair"]).is_clean();
    assert!(!host.home().exists(), "a look makes nothing");
    let _daemon = host.daemon();
    let report = doctor(&host);
    report
        .finds("daemon-running", "pass", &["pid"])
        .finds("config-environment", "pass", &["NETCLAW_Daemon__Port sets Daemon.Port"])
        .finds("port", "pass", &[&host.endpoint()])
        .is_clean();
    let device = paired_device(&host);
    let report = Report::of(on_device(&device), &[]);
    report
        .finds("config-file", "skip", &[])
        .finds("daemon-running", "skip", &[])
        .finds("client-credential", "pass", &["laptop"])
        .finds("client-daemon", "pass", &[])
        .finds("client-clock", "pass", &["Date"])
        .is_clean();
    assert!(!report.document.to_string().contains("nct_") && report.stderr.is_empty());
}

#[test]
fn people_read_a_line_for_each_check_and_what_to_do_below_it() {
    let host = World::default();
    host.write("config/netclaw.json", r#"{"Daemon":{"TrustedProxys":[]}}"#, 0o600);
    let ran = host.netclaw(&["doctor"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let place = lines.iter().position(|line| line.starts_with("WARN  config-keys ")).unwrap();
    assert!(lines[place].contains("Daemon.TrustedProxys means nothing; did you mean Daemon.TrustedProxies?"));
    assert!(lines[place + 1].starts_with("      fix: rename it in "), "{}", lines[place + 1]);
    assert!(lines.last().unwrap().starts_with("1 failure, "), "{lines:?}");
    let verdicts = ["PASS", "WARN", "FAIL", "SKIP"];
    let is_line =
        |line: &&str| verdicts.iter().any(|verdict| line.starts_with(verdict)) || line.starts_with("      fix: ");
    assert!(lines[..lines.len() - 1].iter().all(is_line), "{lines:?}");
}

#[test]
fn warnings_alone_have_an_exit_code_of_their_own() {
    let host = World::default();
    let _daemon = host.daemon();
    let mut netclaw = host.command(NETCLAW);
    netclaw.env("NETCLAW_Daemon__Colour", "red");
    let report = Report::of(netclaw, &[]);
    report.finds("config-environment", "warn", &["NETCLAW_Daemon__Colour"]);
    assert_eq!((report.code, &report.document["overall"]), (2, &Value::from("warn")));
}

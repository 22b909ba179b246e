//! The host's commands in the background life of a daemon.

use serde_json::Value;

use super::raw_http::Request;
use super::world::{NETCLAW, Stopped, World};
use crate::metrics::text::Figures;

#[test]
fn start_stop_and_restart_are_idempotent_and_say_so() {
    let host = World::default();
    let _stopped = Stopped(&host);
    let say = |arguments: &[&str]| host.netclaw(arguments).succeeded().stdout;
    assert!(say(&["daemon", "stop"]).contains("not running"));
    assert!(say(&["daemon", "start"]).contains("is running"));
    assert!(say(&["daemon", "start"]).contains("already"));
    let pid = || -> Value {
        let status = host.netclaw(&["daemon", "status", "--json"]).succeeded();
        serde_json::from_str::<Value>(&status.stdout).unwrap()["pid"].clone()
    };
    let before = pid();
    say(&["daemon", "restart"]);
    assert_ne!(before, pid());
    assert!(say(&["daemon", "stop"]).contains("topped"));
    assert!(!host.path("run/control.sock").exists());
    assert!(say(&["daemon", "restart"]).contains("is running"));
}

#[test]
fn of_several_starts_at_once_each_ends_with_the_one_daemon() {
    let host = World::default();
    let _stopped = Stopped(&host);
    let said: Vec<String> = std::thread::scope(|scope| {
        let start = || host.netclaw(&["daemon", "start"]).succeeded().stdout;
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let already = said.iter().filter(|said| said.contains("already running")).count();
    assert_eq!(already, 3, "{said:?}");
    let status = host.netclaw(&["daemon", "status", "--json"]).succeeded();
    let pid = serde_json::from_str::<Value>(&status.stdout).unwrap()["pid"].clone();
    assert!(said.iter().all(|said| said.contains(&format!("(pid {pid})"))), "{said:?}, {pid}");
}

#[test]
fn the_operator_reads_the_figures_without_a_token_and_a_device_the_same_with_its_own() {
    let host = World::default();
    let _daemon = host.daemon();
    let figures = || Figures::read(&host.netclaw(&["daemon", "metrics"]).succeeded().stdout);
    let before = figures();
    let granted = Request::exchange(host.address, &host.code(), "prometheus").send();
    assert_eq!(
        figures().since(&before),
        [
            ("netclaw_devices", 1.0),
            ("netclaw_pairing_attempts_total{outcome=\"paired\"}", 1.0),
            ("netclaw_pairing_codes_total", 1.0),
            // `netclaw daemon pair` has looked whether the URL leads here.
            ("netclaw_requests_total{route=\"health\",status=\"2xx\"}", 1.0),
            ("netclaw_requests_total{route=\"pairing\",status=\"2xx\"}", 1.0),
        ]
    );
    let token = granted.json()["token"].as_str().unwrap().to_owned();
    let scrape = Request::new(host.address, "GET /metrics");
    let scraped = scrape.clone().header("Authorization", &format!("Bearer {token}")).send();
    assert!(Figures::read(&scraped.body).series().eq(figures().series()));
    assert_eq!(scrape.send().status, 401, "not even from loopback in local mode");
    host.netclaw(&["daemon", "devices", "revoke", "prometheus"]).succeeded();
    assert_eq!(figures().value("netclaw_devices"), before.value("netclaw_devices"));
}

#[test]
fn without_a_daemon_every_host_command_names_the_way_to_one() {
    let host = World::default();
    let commands: &[&[&str]] = &[
        &["daemon", "status"],
        &["daemon", "pair"],
        &["daemon", "devices"],
        &["daemon", "devices", "revoke", "x"],
        &["daemon", "devices", "rename", "x", "y"],
        &["daemon", "lockouts"],
        &["daemon", "lockouts", "clear"],
        &["daemon", "metrics"],
    ];
    for command in commands {
        let failed = host.netclaw(command).failed(4, "not running");
        assert!(failed.stderr.contains("netclaw daemon start"), "{failed:?}");
    }
    let status = host.netclaw(&["daemon", "status", "--json"]);
    assert_eq!(status.code, 4);
    assert_eq!(serde_json::from_str::<Value>(&status.stdout).unwrap()["running"], false);
}

#[test]
fn up_on_a_fresh_home_ends_with_a_code_and_again_with_another() {
    let host = World::default();
    let _stopped = Stopped(&host);
    let port = host.address.port().to_string();
    let up = || {
        let mut command = host.command(NETCLAW);
        command.env_remove("NETCLAW_Daemon__Port").args(["up", "--port", &port]);
        super::world::Finished::of(command.output().unwrap()).succeeded()
    };
    let (first, second) = (up(), up());
    let code = |finished: &super::world::Finished| {
        let line = finished.stdout.lines().find_map(|line| line.strip_prefix("Pairing code: ")).unwrap();
        line.to_owned()
    };
    assert_ne!(code(&first), code(&second));
    assert!(first.stdout.contains(&format!("netclaw pair {}", host.endpoint())));
    let settings: Value = serde_json::from_str(&host.read("config/netclaw.json")).unwrap();
    assert_eq!(settings["configVersion"], 1);
    assert_eq!(settings["Daemon"]["Port"], host.address.port());
    assert_eq!(settings["Daemon"]["ExposureMode"], "local");
    assert_eq!(Request::exchange(host.address, &code(&second), "x").send().status, 200);
}

#[test]
fn up_changes_an_existing_configuration_only_when_told() {
    let host = World::default();
    let _stopped = Stopped(&host);
    let port = host.address.port();
    host.write("config/netclaw.json", &format!(r#"{{"Daemon":{{"port":{port},"Mine":1}}}}"#), 0o600);
    let before = host.read("config/netclaw.json");
    let run = |arguments: &[&str]| {
        let mut command = host.command(NETCLAW);
        super::world::Finished::of(command.env_remove("NETCLAW_Daemon__Port").args(arguments).output().unwrap())
    };
    let refused = run(&["up", "--external-url", "https://claw.example"]);
    assert_ne!(refused.code, 0, "{refused:?}");
    assert!(refused.stderr.contains("--yes") && refused.stderr.contains("ExternalUrl"), "{refused:?}");
    assert_eq!(host.read("config/netclaw.json"), before);
    run(&["up", "--external-url", "https://claw.example", "--yes"]).succeeded();
    let after: Value = serde_json::from_str(&host.read("config/netclaw.json")).unwrap();
    assert_eq!(after["Daemon"]["ExternalUrl"], "https://claw.example");
    assert_eq!((&after["Daemon"]["port"], &after["Daemon"]["Mine"]), (&Value::from(port), &Value::from(1)));
}

#[test]
fn a_linked_configuration_is_left_to_whoever_made_the_link() {
    let host = World::default();
    let _stopped = Stopped(&host);
    host.write("elsewhere.json", r#"{"Daemon":{"LogPairingCode":false}}"#, 0o644);
    std::fs::create_dir(host.path("config")).unwrap();
    std::os::unix::fs::symlink(host.path("elsewhere.json"), host.path("config/netclaw.json")).unwrap();
    let refused = host.netclaw(&["up", "--external-url", "https://claw.example", "--yes"]).failed(1, "symbolic link");
    assert!(refused.stderr.contains(&host.path("elsewhere.json").display().to_string()), "{refused:?}");
    assert!(!refused.stderr.contains("writable"), "{refused:?}");
    assert!(host.path("config/netclaw.json").is_symlink());
}

#[test]
fn devices_are_renamed_and_revoked_by_name_in_any_case() {
    let host = World::default();
    let _daemon = host.daemon();
    let token = Request::exchange(host.address, &host.code(), "laptop").send().json()["token"].clone();
    host.netclaw(&["daemon", "devices", "rename", "LapTop", "work laptop"]).succeeded();
    assert_eq!(host.device_names(), ["work laptop"]);
    assert_eq!(Request::status(host.address, token.as_str().unwrap()).send().json()["device"]["name"], "work laptop");
    host.netclaw(&["daemon", "devices", "rename", "nobody", "x"]).failed(1, "nobody");
    let refused = host.netclaw(&["daemon", "devices", "rename", "work laptop", "bad/name"]);
    assert!(refused.code == 2 && refused.stderr.contains("must not contain '/'"), "{refused:?}");
    assert_eq!(Request::exchange(host.address, &host.code(), "phone").send().status, 200);
    host.netclaw(&["daemon", "devices", "rename", "phone", "Work Laptop"]).failed(1, "Work Laptop");
    host.netclaw(&["daemon", "devices", "revoke", "nobody"]).failed(1, "nobody");
    host.netclaw(&["daemon", "devices", "revoke", "WORK LAPTOP"]).succeeded();
    assert_eq!(host.device_names(), ["phone"]);
}

#[test]
fn lockouts_are_shown_and_lifted() {
    let host = World::default();
    let _daemon = host.daemon();
    assert!(host.netclaw(&["daemon", "lockouts"]).succeeded().stdout.contains("No "));
    host.code();
    for _ in 0..6 {
        Request::exchange(host.address, "2222-2222", "x").send();
    }
    assert_eq!(Request::exchange(host.address, "2222-2222", "x").send().status, 429);
    host.netclaw(&["daemon", "lockouts", "clear", "127.0.0.1"]).succeeded();
    assert_ne!(Request::exchange(host.address, "2222-2222", "x").send().status, 429);
    host.netclaw(&["daemon", "lockouts", "clear"]).succeeded();
    let wrong = host.netclaw(&["daemon", "lockouts", "clear", "not-an-address"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
}

#[test]
fn wait_reports_who_paired() {
    let host = World::default();
    let _daemon = host.daemon();
    let mut command = host.command(NETCLAW);
    let mut waiting = command.args(["daemon", "pair", "--wait"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(waiting.stdout.take().unwrap()));
    let code = lines.next().unwrap().unwrap();
    let code = code.strip_prefix("Pairing code: ").unwrap().to_owned();
    assert_eq!(Request::exchange(host.address, &code, "my phone").send().status, 200);
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(rest.last().unwrap().contains("my phone"), "{rest:?}");
    assert!(waiting.wait().unwrap().success());
}

#[test]
fn wait_reports_that_another_code_took_the_place() {
    let host = World::default();
    let _daemon = host.daemon();
    let mut command = host.command(NETCLAW);
    let command = command.args(["daemon", "pair", "--wait"]);
    let mut waiting =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(waiting.stdout.as_mut().unwrap()), &mut first).unwrap();
    host.code();
    let finished = super::world::Finished::of(waiting.wait_with_output().unwrap());
    finished.failed(1, "replaced by a newer one");
}

#[test]
fn the_log_of_a_background_daemon_can_be_read() {
    let host = World::default();
    let _stopped = Stopped(&host);
    host.netclaw(&["daemon", "logs"]).failed(1, "log");
    host.netclaw(&["daemon", "start"]).succeeded();
    assert!(host.netclaw(&["daemon", "logs"]).succeeded().stdout.contains("the daemon is ready"));
    assert_eq!(super::world::mode(&host.path("logs/daemon.log")), 0o600);
}

#[test]
fn a_reader_that_goes_away_ends_a_command_quietly() {
    let host = World::default();
    for arguments in ["completions bash", "daemon --help", "--help"] {
        let script =
            format!("'{NETCLAW}' {arguments} 2>&1 >/dev/full | cat; '{NETCLAW}' {arguments} | head -c 1 >/dev/null");
        let output = host.command("sh").args(["-c", &script]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!text.contains("panicked"), "{text}");
    }
}

#[test]
fn completions_come_for_every_shell() {
    let host = World::default();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(host.netclaw(&["completions", shell]).succeeded().stdout.contains("netclaw"), "{shell}");
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let host = World::default();
    for arguments in [&["nonsense"][..], &["pair"], &["daemon", "devices", "revoke"], &["up", "--port", "0"]] {
        let failed = host.netclaw(arguments);
        assert_eq!(failed.code, 2, "{failed:?}");
        assert!(failed.stderr.starts_with("error: "), "{failed:?}");
    }
}

//! `netclaw init` and the flags of `netclaw up`, with nobody there to be asked.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::world::{Finished, NETCLAW, Stopped, World};

/// Runs `netclaw` without any value of the configuration in the environment.
fn run(host: &World, arguments: &[&str]) -> Finished {
    Finished::of(host.unconfigured(NETCLAW).args(arguments).output().unwrap())
}

fn configuration(host: &World) -> Value {
    serde_json::from_str(&host.read("config/netclaw.json")).unwrap()
}

fn pid(host: &World) -> Value {
    let status = run(host, &["daemon", "status", "--json"]).succeeded();
    serde_json::from_str::<Value>(&status.stdout).unwrap()["pid"].clone()
}

/// A port that is free on every address.
fn free_port() -> String {
    TcpListener::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port().to_string()
}

#[test]
fn in_local_mode_init_ends_with_a_daemon_that_can_be_paired_with() {
    let host = World::default();
    let _stopped = Stopped(&host);
    let (ip, port) = (host.address.ip().to_string(), host.address.port().to_string());
    let ran = run(&host, &["init", "--exposure", "Local", "--host", &ip, "--port", &port]).succeeded();
    assert!(ran.stdout.starts_with(&format!("The daemon is running at {} (pid ", host.endpoint())), "{ran:?}");
    assert!(ran.stdout.ends_with("To pair a device, run:\nnetclaw daemon pair\n"), "{ran:?}");
    assert!(ran.stderr.contains(&format!("Daemon.Port: {port}\n")) && !ran.stderr.contains("warning"), "{ran:?}");
    let expected = json!({"configVersion": 1, "Daemon": {
        "ExposureMode": "local", "Host": ip, "Port": host.address.port(), "TrustedProxies": [], "ExternalUrl": null,
        "AllowPlaintext": false, "LogPairingCode": true, "SkipTunnelProcessCheck": false,
    }});
    assert_eq!(configuration(&host), expected);
    assert!(run(&host, &["daemon", "pair"]).succeeded().stdout.contains(&host.endpoint()));
}

#[test]
fn in_every_other_mode_init_writes_it_and_says_what_it_means() {
    let proxy: &[&str] = &["--trusted-proxy", "10.0.0.2", "--external-url", "https://claw.example"];
    let table: [(&str, &[&str], &str, &str, &str); 5] = [
        ("reverse-proxy", proxy, "0.0.0.0", "warning: whoever reaches the proxy", ""),
        ("tailscale-serve", &[], "127.0.0.1", "", "tailscale serve --bg "),
        ("tailscale-funnel", &[], "127.0.0.1", "warning: the whole internet", "tailscale funnel --bg "),
        ("cloudflare-tunnel", &[], "127.0.0.1", "warning: the whole internet", "cloudflared tunnel --url "),
        ("direct", &[], "0.0.0.0", "warning: every machine of the network", ""),
    ];
    for (mode, flags, address, warning, next) in table {
        let host = World::default();
        let _stopped = Stopped(&host);
        let port = free_port();
        let ran = run(&host, &[&["init", "--exposure", mode, "--port", &port], flags].concat());
        let daemon = &configuration(&host)["Daemon"];
        assert_eq!((daemon["ExposureMode"].as_str(), daemon["Host"].as_str()), (Some(mode), Some(address)));
        assert_eq!(daemon["TrustedProxies"].as_array().unwrap().len(), flags.len() / 4);
        let is_warned = ran.stderr.lines().any(|line| line.starts_with("warning: "));
        assert_eq!((is_warned, ran.stderr.contains(warning)), (!warning.is_empty(), true), "{ran:?}");
        // Whether it can start depends on what this machine has in front of it.
        match ran.code {
            0 => assert!(ran.stdout.contains(next) && ran.stdout.ends_with("netclaw daemon pair\n"), "{ran:?}"),
            _ => drop(ran.failed(1, "").stderr.find("hint: the configuration is written").unwrap()),
        }
    }
}

#[test]
fn a_second_run_edits_and_keeps_what_it_does_not_know() {
    let host = World::default();
    let _stopped = Stopped(&host);
    let (ip, port) = (host.address.ip(), host.address.port());
    let before =
        json!({"daemon": {"host": ip.to_string(), "PORT": port, "LogPairingCode": false, "Mine": 1}, "Theirs": [2]});
    host.write("config/netclaw.json", &before.to_string(), 0o600);
    run(&host, &["daemon", "start"]).succeeded();
    let first = pid(&host);

    let same = run(&host, &["init", "--port", &port.to_string(), "--exposure", "local"]).succeeded();
    assert!(same.stdout.starts_with("Nothing to change"), "{same:?}");
    let refused = run(&host, &["init", "--external-url", "https://claw.example"]).failed(2, "existing configuration");
    assert!(refused.stderr.starts_with("Daemon.ExternalUrl: none → https://claw.example\n"), "{refused:?}");
    assert!(refused.stderr.contains("--yes"), "{refused:?}");
    assert_eq!((configuration(&host), pid(&host)), (before.clone(), first.clone()));

    let ran = run(&host, &["init", "--external-url", "https://claw.example", "--yes"]).succeeded();
    assert!(ran.stderr.contains("is restarted"), "{ran:?}");
    assert_ne!(pid(&host), first);
    let mut expected = before;
    expected["daemon"]["ExternalUrl"] = json!("https://claw.example");
    assert_eq!(configuration(&host), expected);
    run(&host, &["init", "--external-url", "none", "--yes"]).succeeded();
    assert_eq!(configuration(&host)["daemon"]["ExternalUrl"], Value::Null);
}

#[test]
fn what_the_environment_overrides_is_warned_about_and_never_written() {
    let host = World::default();
    let _stopped = Stopped(&host);
    host.write("config/netclaw.json", r#"{"Daemon":{"Port":5199,"LogPairingCode":false}}"#, 0o600);
    for (command, port) in [("up", "6000"), ("init", "6001")] {
        let mut overridden = host.command(NETCLAW);
        overridden.env("NETCLAW_Daemon__LogPairingCode", "true").args([command, "--port", port, "--yes"]);
        let ran = Finished::of(overridden.output().unwrap()).succeeded();
        let warning = "warning: Daemon.Port: NETCLAW_Daemon__Port in the environment overrides this\n";
        assert!(ran.stderr.contains(warning), "{ran:?}");
        assert!(!ran.stderr.contains("restarted") && !ran.stderr.contains("netclaw daemon restart"), "{ran:?}");
        let expected = json!({"Daemon": {"Port": port.parse::<u16>().unwrap(), "LogPairingCode": false}});
        assert_eq!(configuration(&host), expected);
    }
}

#[test]
fn up_needs_no_more_than_the_environment() {
    let host = World::default();
    let _stopped = Stopped(&host);
    for _ in 0..2 {
        let ran = host.netclaw(&["up"]).succeeded();
        assert!(ran.stdout.ends_with(&format!("netclaw pair {}\n", host.endpoint())), "{ran:?}");
        assert!(!ran.stderr.contains("warning") && !ran.stderr.contains("Daemon."), "{ran:?}");
    }
    assert_eq!(configuration(&host)["Daemon"]["Port"], 5199);
}

#[test]
fn a_start_that_fails_leaves_the_configuration_and_says_so() {
    let host = World::default();
    let _other = TcpListener::bind(host.address).unwrap();
    let (ip, port) = (host.address.ip().to_string(), host.address.port().to_string());
    let ran = run(&host, &["init", "--host", &ip, "--port", &port]).failed(1, "cannot listen on");
    assert!(ran.stderr.ends_with("with the cause mended, run: netclaw daemon start\n"), "{ran:?}");
    assert_eq!(configuration(&host)["Daemon"]["Port"], host.address.port());
}

#[test]
fn flags_that_do_not_go_together_write_nothing() {
    let host = World::default();
    for (flags, key) in [
        (&["--exposure", "direct", "--host", "127.0.0.1"][..], "Daemon.Host"),
        (&["--host", "0.0.0.0"], "Daemon.Host"),
        (&["--exposure", "reverse-proxy"], "Daemon.TrustedProxies"),
    ] {
        for command in ["init", "up"] {
            let ran = run(&host, &[&[command], flags, &["--yes"]].concat()).failed(2, key);
            assert!(!host.path("config").exists(), "{ran:?}");
        }
    }
}

//! Faults of the daemon, of the way in, and of a device.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;

use super::server::{json, proxy, serve};
use super::{Report, doctor, on_device, paired_device};
use crate::e2e::tls_keys::pin_of;
use crate::e2e::world::{Daemon, Finished, NETCLAW, NETCLAWD, World, client_of, port_of_every_address};

#[test]
fn a_taken_port_is_named_with_who_has_it() {
    let host = World::default();
    let daemon = host.daemon();
    let second = client_of(&host);
    doctor(&second).finds("port", "fail", &["another netclaw daemon", &host.address.to_string(), "netclaw up --port"]);
    daemon.terminate();
    serve(TcpListener::bind(host.address).unwrap(), |_, _| "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_owned());
    doctor(&second).finds("port", "fail", &["another program", "no netclaw daemon", "netclaw up --port"]);
}

#[test]
fn a_daemon_with_an_older_configuration_wants_a_restart() {
    let host = World::default();
    let _daemon = host.daemon();
    doctor(&host).finds("restart-pending", "pass", &[]).is_clean();
    host.write("config/netclaw.json", r#"{"Daemon":{"LogPairingCode":false}}"#, 0o600);
    doctor(&host).finds("restart-pending", "warn", &["netclaw daemon restart"]);
    host.write("config/netclaw.json", r#"{"Daemon":{"LogPairingCode":"no"}}"#, 0o600);
    doctor(&host).finds("restart-pending", "warn", &["a restart would fail"]);
}

/// A daemon that is told this URL.
fn called(host: &World, url: &str) -> (Daemon, Report) {
    let with = |program: &str| -> Command {
        let mut command = host.command(program);
        command.env("NETCLAW_Daemon__ExternalUrl", url);
        command
    };
    (Daemon::of(with(NETCLAWD)).unwrap(), Report::of(with(NETCLAW), &[]))
}

#[test]
fn an_external_url_is_followed_to_where_it_leads() {
    let host = World::default();
    let (daemon, report) = called(&host, &host.endpoint());
    report.finds("external-daemon", "pass", &["this daemon"]).is_clean();
    drop(daemon);

    // Longer than a label may be, so that no resolver is asked.
    let (daemon, report) = called(&host, &format!("http://{}.invalid", "x".repeat(64)));
    report.finds("external-name", "fail", &["is not known", "DNS"]).finds("external-daemon", "skip", &[]);
    drop(daemon);

    let refusing = World::default();
    let (daemon, report) = called(&host, &refusing.endpoint());
    report.finds("external-connect", "fail", &["connection refused", &host.address.to_string()]);
    drop(daemon);

    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", other.local_addr().unwrap());
    serve(other, |_, _| json("", r#"{"status":"ok"}"#));
    let (daemon, report) = called(&host, &url);
    report.finds("external-daemon", "fail", &["does not lead to this daemon", &host.address.to_string()]);
    drop(daemon);
    let (daemon, report) = called(&host, &url.replace("http://", "https://"));
    report.finds("external-tls", "fail", &["certificate"]);
    drop(daemon);

    let stranger = World::default();
    let _stranger = stranger.daemon();
    let (_daemon, report) = called(&host, &stranger.endpoint());
    report.finds("external-daemon", "fail", &["another daemon answers there"]);
}

/// A host that listens on the network.
fn on_every_address() -> World {
    let mut host = World::default();
    host.address = SocketAddr::from(([0, 0, 0, 0], port_of_every_address()));
    host
}

/// The report of a daemon behind a proxy that connects from `from`, and that trusts `trusted`.
fn behind_proxy(trusted: &str, from: [u8; 4], header: fn(std::net::IpAddr) -> Option<String>) -> Report {
    let host = on_every_address();
    let daemon = SocketAddr::from(([127, 0, 0, 1], host.address.port()));
    let url = format!("http://{}", proxy(daemon, Ipv4Addr::from(from), header));
    let with = |program: &str| {
        let mut command = host.command(program);
        command
            .env("NETCLAW_Daemon__ExposureMode", "reverse-proxy")
            .env("NETCLAW_Daemon__TrustedProxies__0", trusted)
            .env("NETCLAW_Daemon__ExternalUrl", &url);
        command
    };
    let _daemon = Daemon::of(with(NETCLAWD)).unwrap();
    Report::of(with(NETCLAW), &[])
}

#[test]
fn what_the_daemon_sees_of_clients_behind_a_proxy_is_judged() {
    let proxy = [127, 9, 9, 9];
    let report = behind_proxy("10.0.0.2", proxy, |_| Some("192.0.2.7".to_owned()));
    let line = r#""TrustedProxies": ["10.0.0.2", "127.9.9.9"]"#;
    report.finds("client-address", "fail", &["requests come from 127.9.9.9", line]);
    let report = behind_proxy("127.9.9.9", proxy, |_| None);
    let line = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";
    report.finds("client-address", "fail", &["127.9.9.9 does not say", "x-forwarded-for", line]);
    let report = behind_proxy("127.9.9.9", proxy, |client| Some(client.to_string()));
    report.finds("client-address", "warn", &["127.0.0.1"]);
    let report = behind_proxy("127.9.9.0/24", proxy, |_| Some("192.0.2.7".to_owned()));
    report
        .finds("client-address", "pass", &["192.0.2.7"])
        .finds("exposure-mode", "pass", &["reverse-proxy"])
        .is_clean();
}

#[test]
fn plaintext_and_a_missing_tunnel_are_pointed_out() {
    let host = on_every_address();
    let mut direct = host.command(NETCLAW);
    direct.env("NETCLAW_Daemon__ExposureMode", "direct").env("NETCLAW_Daemon__AllowPlaintext", "true");
    Report::of(direct, &[]).finds("exposure-mode", "warn", &["Daemon.AllowPlaintext"]);
    let (host, empty) = (World::default(), tempfile::tempdir().unwrap());
    for (mode, program) in
        [("tailscale-serve", "tailscale"), ("tailscale-funnel", "tailscale"), ("cloudflare-tunnel", "cloudflared")]
    {
        let mut netclaw = host.command(NETCLAW);
        netclaw.env("NETCLAW_Daemon__ExposureMode", mode).env("PATH", empty.path()).env("HOME", empty.path());
        Report::of(netclaw, &[]).finds("exposure-state", "fail", &[program]);
    }
}

#[test]
fn a_revoked_credential_leads_to_a_new_pairing() {
    let host = World::default();
    let _daemon = host.daemon();
    let device = paired_device(&host);
    host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
    let pair = format!("netclaw pair {}", host.endpoint());
    Report::of(on_device(&device), &[]).finds("client-credential", "fail", &["rejected the bearer token", &pair]);
}

#[test]
fn a_device_is_told_at_which_step_the_way_to_its_daemon_ends() {
    let host = World::default();
    let daemon = host.daemon();
    let device = paired_device(&host);
    let status = Report::of(on_device(&device), &[]);
    status.finds("client-clock", "pass", &[]);
    let id = daemon_id(&device);
    daemon.terminate();
    Report::of(on_device(&device), &[]).finds(
        "client-connect",
        "fail",
        &["connection refused", "netclaw daemon start"],
    );

    // Paired by an older netclaw, which knew no keys.
    let mut stored: serde_json::Value = serde_json::from_str(&device.read("client/config.json")).unwrap();
    for field in ["pin", "nextPin", "identityKey"] {
        stored["daemons"][&id].as_object_mut().unwrap().remove(field);
    }
    device.write("client/config.json", &stored.to_string(), 0o600);
    // Whoever takes its place has another time and another name.
    let other = id.chars().rev().collect::<String>();
    let report = format!(
        r#"{{"daemon":{{"id":"{other}","version":"9.9.9","exposureMode":"local","startedAt":"2019-01-01T00:00:00.000Z","uptimeSeconds":1}},"device":null}}"#
    );
    serve(TcpListener::bind(host.address).unwrap(), move |head, _| {
        let body = if head.starts_with("GET /api/status") { &report } else { r#"{"status":"ok"}"# };
        json("Date: Tue, 01 Jan 2019 00:00:00 GMT\r\n", body)
    });
    Report::of(on_device(&device), &[]).finds("client-clock", "fail", &["differ by", "timedatectl"]).finds(
        "client-daemon",
        "fail",
        &[&other, &id, "netclaw pair"],
    );

    let mut unpaired = on_device(&device);
    unpaired.env("NETCLAW_DAEMON_ENDPOINT", "my-server:5199");
    Report::of(unpaired, &[]).finds("client-endpoint", "fail", &["http://my-server:5199"]);
}

fn daemon_id(device: &World) -> String {
    let pairings: serde_json::Value = serde_json::from_str(&device.read("client/config.json")).unwrap();
    pairings["current"].as_str().unwrap().to_owned()
}

#[test]
fn through_a_proxy_only_what_it_leaves_to_this_machine_is_tried() {
    let host = World::default();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    serve(proxy, |head, _| {
        assert!(head.starts_with("GET http://my-server.invalid:5199/"), "{head}");
        json("", r#"{"status":"ok"}"#)
    });
    let mut device = on_device(&host);
    device
        .env("NETCLAW_DAEMON_ENDPOINT", "http://my-server.invalid:5199")
        .env_remove("NO_PROXY")
        .env_remove("no_proxy");
    device.env("http_proxy", format!("http://me:secret@{address}"));
    let report = Report::of(device, &[]);
    let shown = format!("http://{address}");
    report
        .finds("client-name", "skip", &[&shown, "NO_PROXY=my-server.invalid"])
        .finds("client-connect", "skip", &[&shown])
        .finds("client-health", "pass", &["http://my-server.invalid:5199"]);
    assert!(!report.document.to_string().contains("secret"));
}

#[test]
fn a_pinned_link_is_judged_by_the_key_and_a_rotation_by_its_age() {
    let host = World::default();
    let daemon = host.daemon();
    let device = paired_device(&host);
    let pin = |file: &str| pin_of(&host, file).fingerprint();
    doctor(&host).finds("tls-keys", "pass", &[&pin("keys/tls.key"), "less than an hour old"]).is_clean();

    // As if it had been paired over the LAN, with a link that is known by its key.
    let mut stored: serde_json::Value = serde_json::from_str(&device.read("client/config.json")).unwrap();
    let id = daemon_id(&device);
    stored["daemons"][&id]["pin"] = pin_of(&host, "keys/tls.key").to_string().into();
    device.write("client/config.json", &stored.to_string(), 0o600);
    let first = pin("keys/tls.key");
    let report = Report::of(on_device(&device), &[]);
    report.finds("client-tls", "pass", &[&first]).finds("client-daemon", "pass", &[&first]).is_clean();

    host.netclaw(&["daemon", "keys", "rotate"]).succeeded();
    let next = pin("keys/tls-next.key");
    doctor(&host).finds("tls-keys", "pass", &[&first, &next, "can be switched to in"]).is_clean();
    let shown = host.netclaw(&["daemon", "status"]).succeeded().stdout;
    assert!(shown.contains(&format!("Key:          {first} (made ")), "{shown}");
    assert!(shown.contains(&format!("Next key:     {next} (announced ")), "{shown}");
    let mut status = host.command(NETCLAW);
    status.arg("status").env("NETCLAW_DAEMON_ENDPOINT", host.endpoint());
    let shown = Finished::of(status.output().unwrap()).succeeded().stdout;
    assert!(shown.contains(&first) && shown.contains(&next), "{shown}");
    host.netclaw(&["daemon", "keys", "rotate", "--switch"]).succeeded();
    let pair = format!("netclaw pair {}", host.endpoint());
    let report = Report::of(on_device(&device), &[]);
    report.finds("client-tls", "fail", &[&first, &next, &pair, "netclaw daemon keys"]);

    host.netclaw(&["daemon", "keys", "rotate"]).succeeded();
    daemon.terminate();
    let file = std::fs::File::options().write(true).open(host.path("keys/tls-next.key")).unwrap();
    let made = file.metadata().unwrap().modified().unwrap();
    file.set_modified(made - std::time::Duration::from_secs(8 * 86_400)).unwrap();
    doctor(&host).finds("tls-keys", "warn", &["8 days ago", "netclaw daemon keys rotate"]);
}

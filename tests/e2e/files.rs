//! Damaged, missing, exposed and unwritable files: attacks.md D42 to D44.

use std::os::unix::fs::symlink;
use std::process::Command;

use super::raw_http::Request;
use super::world::{Daemon, NETCLAWD, World, client_of, copy_program};

/// A host with one device, stopped; and its device file.
fn host_with_a_device() -> (World, String) {
    let host = World::default();
    let daemon = host.daemon();
    assert_eq!(Request::exchange(host.address, &host.code(), "laptop").send().status, 200);
    daemon.terminate();
    let devices = host.read("config/devices.json");
    (host, devices)
}

#[test]
fn d43_a_damaged_device_file_stops_the_start_and_is_left_as_it_is() {
    let (host, good) = host_with_a_device();
    let truncated = &good[..good.len() - 9];
    let twice = good.replacen("\"devices\":[", &format!("\"devices\":[{},", &good[24..good.len() - 2]), 1);
    let short_hash = good.replacen("\"tokenHash\":\"", "\"tokenHash\":\"00", 1);
    let foreign = good.replacen("\"name\"", "\"colour\":\"red\",\"name\"", 1);
    let bad_name = good.replacen("\"laptop\"", "\"lap\\u001btop\"", 1);
    let cases = [
        ("", "is damaged"),
        ("{}", "is damaged"),
        ("[]", "is damaged"),
        (truncated, "is damaged"),
        (&twice, "is damaged"),
        (&short_hash, "is damaged"),
        (&foreign, "is damaged"),
        (&bad_name, "is damaged"),
        (&good.replacen("\"version\":1", "\"version\":2", 1), "version 2"),
        ("{\"version\":7,\"gadgets\":{}}", "version 7"),
    ];
    for (content, error) in cases {
        host.write("config/devices.json", content, 0o600);
        let failed = host.try_daemon().err().expect(content).failed(1, error);
        assert!(failed.stderr.contains("devices.json"), "{failed:?}");
        assert_eq!(host.read("config/devices.json"), content);
        let failed = host.netclaw(&["daemon", "start"]).failed(1, error);
        assert_eq!(host.read("config/devices.json"), content, "{failed:?}");
    }
    host.write("config/devices.json", &good, 0o600);
    let _daemon = host.daemon();
    assert_eq!(host.device_names(), ["laptop"]);
}

#[test]
fn d42_and_d43_an_exposed_or_replaced_device_file_stops_the_start() {
    let (host, good) = host_with_a_device();
    for mode in [0o644, 0o640, 0o604, 0o620, 0o602] {
        host.write("config/devices.json", &good, mode);
        let failed = host.try_daemon().err().unwrap().failed(1, "accessible by others");
        assert!(failed.stderr.contains(&format!("chmod 600 {}", host.path("config/devices.json").display())));
    }
    let elsewhere = host.path("elsewhere.json");
    host.write("elsewhere.json", &good, 0o600);
    std::fs::remove_file(host.path("config/devices.json")).unwrap();
    symlink(&elsewhere, host.path("config/devices.json")).unwrap();
    host.try_daemon().err().unwrap().failed(1, "symbolic link");
    std::fs::remove_file(host.path("config/devices.json")).unwrap();
    std::fs::create_dir(host.path("config/devices.json")).unwrap();
    host.try_daemon().err().unwrap().failed(1, "not a regular file");
}

#[test]
fn d43_a_damaged_identity_stops_the_start_and_is_not_replaced() {
    let (host, _) = host_with_a_device();
    let good = host.read("keys/identity.key");
    for content in ["", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        host.write("keys/identity.key", content, 0o600);
        host.try_daemon().err().unwrap().failed(1, "identity.key");
        assert_eq!(host.read("keys/identity.key"), content);
    }
    host.write("keys/identity.key", &good, 0o644);
    assert!(host.try_daemon().err().unwrap().failed(1, "identity.key").stderr.contains("chmod 600"));
}

#[test]
fn a_damaged_activity_file_is_left_out_and_nothing_else_is_lost() {
    let (host, _) = host_with_a_device();
    host.write("state/activity.json", "garbage", 0o600);
    let daemon = host.daemon();
    assert_eq!(host.device_names(), ["laptop"]);
    assert!(daemon.terminate().contains("the last use of devices is unknown"));
}

#[test]
fn d42_a_full_disk_refuses_the_device_and_keeps_code_and_file() {
    let (host, before) = host_with_a_device();
    // A limit on the size of files stands in for the full disk. Five kilobytes bear some fifteen devices.
    let mut limited = host.command("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 5; exec \"$0\"", NETCLAWD]);
    let daemon = Daemon::of(limited).unwrap();
    let mut stored = vec!["laptop".to_owned()];
    let refused = (0u16..40).find_map(|number| {
        let (code, name) = (host.code(), format!("device-{number}-{}", "x".repeat(40)));
        let answer = Request::exchange(host.address, &code, &name).from(number).send();
        match answer.status {
            200 => stored.push(name),
            _ => return Some((answer, code)),
        }
        None
    });
    let (refused, code) = refused.unwrap();
    assert_eq!(refused.problem(), (503, "storage_unavailable".to_owned()));
    assert!(!refused.body.contains("devices.json"), "the cause is for the operator: {refused:?}");
    assert_eq!(host.device_names(), stored);

    // A revocation makes room, and the very same code works.
    host.netclaw(&["daemon", "devices", "revoke", &stored[1]]).succeeded();
    assert_eq!(Request::exchange(host.address, &code, "small").from(100).send().status, 200);
    let log = daemon.terminate();
    assert!(log.contains("devices.json") && log.contains("ERROR"), "{log}");
    assert!(host.read("config/devices.json").contains("laptop") && before.contains("laptop"));
    let leftovers = std::fs::read_dir(host.path("config")).unwrap().count();
    assert_eq!(leftovers, 1, "only the device file is left");
}

#[test]
fn d44_a_second_daemon_on_a_home_is_refused() {
    let host = World::default();
    let daemon = host.daemon();
    let second = host.try_daemon().err().unwrap().failed(1, "already runs on this home");
    assert!(second.stderr.contains(&daemon.pid().to_string()), "{second:?}");
    let mut elsewhere = host.command(NETCLAWD);
    elsewhere.env("NETCLAW_Daemon__Port", "1");
    let second = Daemon::of(elsewhere).err().unwrap();
    second.failed(1, "already runs on this home");
    host.netclaw(&["daemon", "status"]).succeeded();
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let host = World::default();
    let _other = std::net::TcpListener::bind(host.address).unwrap();
    let failed = host.try_daemon().err().unwrap().failed(1, &host.address.to_string());
    assert!(failed.stderr.contains("netclaw up --port"), "{failed:?}");
    let failed = host.netclaw(&["daemon", "start"]).failed(1, &host.address.to_string());
    assert!(failed.stderr.contains("netclaw up --port"), "{failed:?}");
}

#[test]
fn an_invalid_configuration_stops_the_start_with_key_value_and_what_is_allowed() {
    let cases = [
        (r#"{"Daemon":{"Port":0}}"#, "Daemon.Port", "0", "from 1 to 65535"),
        (r#"{"daemon":{"PORT":"many"}}"#, "Daemon.Port", "\"many\"", "from 1 to 65535"),
        (r#"{"Daemon":{"Host":"0.0.0.0"}}"#, "Daemon.Host", "\"0.0.0.0\"", "loopback"),
        (r#"{"Daemon":{"Host":"my-server"}}"#, "Daemon.Host", "\"my-server\"", "IP address"),
        (r#"{"Daemon":{"ExposureMode":"wide-open"}}"#, "Daemon.ExposureMode", "\"wide-open\"", "\"local\""),
        (r#"{"Daemon":{"TrustedProxies":["10.0.0.0/33"]}}"#, "Daemon.TrustedProxies", "10.0.0.0/33", "network"),
        (r#"{"Daemon":{"TrustedProxies":["10.0.0.1","0.0.0.0/0"]}}"#, "Daemon.TrustedProxies", "0.0.0.0/0", "internet"),
        (r#"{"Daemon":{"TrustedProxies":"10.0.0.1"}}"#, "Daemon.TrustedProxies", "\"10.0.0.1\"", "list"),
        (r#"{"Daemon":{"AllowPlaintext":"yes"}}"#, "Daemon.AllowPlaintext", "\"yes\"", "true, false, or a list"),
        (r#"{"Daemon":{"AllowPlaintext":["lan"]}}"#, "Daemon.AllowPlaintext", "\"lan\"", "network"),
        (r#"{"Daemon":{"AllowPlaintext":["10.0.0.1",7]}}"#, "Daemon.AllowPlaintext", "7", "network"),
        (r#"{"Daemon":{"AllowPlaintext":["::/0"]}}"#, "Daemon.AllowPlaintext", "::/0", "internet"),
        (r#"{"Daemon":{"ExternalUrl":"ftp://x"}}"#, "Daemon.ExternalUrl", "\"ftp://x\"", "http or https"),
        (r#"{"Daemon":{"LogPairingCode":"perhaps"}}"#, "Daemon.LogPairingCode", "\"perhaps\"", "true or false"),
        (r#"{"Daemon":[]}"#, "Daemon", "[]", "object"),
        (r#"{"Agent":"ollama"}"#, "Agent", "\"ollama\"", "object"),
        (r#"{"Agent":{"Kind":"oracle"}}"#, "Agent.Kind", "\"oracle\"", "\"openai\", \"command\""),
        (r#"{"Agent":{"Kind":"openai"}}"#, "Agent.BaseUrl", "null", "http://127.0.0.1:11434/v1"),
        (r#"{"Agent":{"Kind":"command"}}"#, "Agent.Command", "[]", "a program and its arguments"),
        (r#"{"Agent":{"BaseUrl":"127.0.0.1:11434"}}"#, "Agent.BaseUrl", "127.0.0.1", "http or https"),
        (r#"{"Agent":{"Command":"my-agent --quiet"}}"#, "Agent.Command", "--quiet", "list"),
        (r#"{"Agent":{"WorkingFolder":"here"}}"#, "Agent.WorkingFolder", "\"here\"", "absolute"),
        (r#"{"Agent":{"TimeoutSeconds":0}}"#, "Agent.TimeoutSeconds", "0", "from 1 to 86400"),
        (r#"{"Agent":{"MaxOutputBytes":67108865}}"#, "Agent.MaxOutputBytes", "67108865", "67108864"),
        (r#"{"Gateway":{"RequestsPerDevice":65536}}"#, "Gateway.RequestsPerDevice", "65536", "from 1 to 65535"),
        (
            r#"{"Gateway":{"Routes":[{"Path":"/api/x/","Target":"http://[::1]"}]}}"#,
            "Gateway.Routes",
            "/api/x/",
            "not below",
        ),
        (
            r#"{"Gateway":{"Routes":[{"Path":"/a/","Target":"http://[::1]"},{"Path":"/a/","Target":"http://[::1]"}]}}"#,
            "Gateway.Routes",
            "\"/a/\" twice",
            "one target",
        ),
        (r#"{"configVersion":2}"#, "configVersion", "2", "version 1"),
    ];
    let host = World::default();
    for (content, key, value, allowed) in cases {
        host.write("config/netclaw.json", content, 0o600);
        let mut daemon = host.command(NETCLAWD);
        daemon.env_remove("NETCLAW_Daemon__Host").env_remove("NETCLAW_Daemon__Port");
        let failed = Daemon::of(daemon).err().expect(content).failed(1, key);
        assert!(failed.stderr.contains(value) && failed.stderr.contains(allowed), "{failed:?}");
        assert!(failed.stderr.contains("netclaw.json"), "{failed:?}");
        assert_eq!(host.read("config/netclaw.json"), content);
    }
    for content in ["", "garbage", "[1]"] {
        host.write("config/netclaw.json", content, 0o600);
        host.try_daemon().err().unwrap().failed(1, "netclaw.json is damaged");
    }
}

#[test]
fn the_environment_overrides_the_file_in_any_case_and_mode_spelling() {
    let host = World::default();
    host.write("config/netclaw.json", r#"{"daemon":{"exposuremode":"LOCAL","port":1,"unknown":[1]}}"#, 0o600);
    let mut daemon = host.command(NETCLAWD);
    daemon.env_remove("NETCLAW_Daemon__Port").env("netclaw_DAEMON__port", host.address.port().to_string());
    let _daemon = Daemon::of(daemon).unwrap();
    host.netclaw(&["daemon", "status"]).succeeded();
}

#[test]
fn damaged_and_exposed_client_files_are_named_with_the_repair_and_left_as_they_are() {
    let host = World::default();
    let _daemon = host.daemon();
    let client = client_of(&host);
    client.netclaw_reading(&["pair", &host.endpoint()], &format!("{}\nlaptop\n", host.code())).succeeded();
    for file in ["config/secrets.json", "client/config.json"] {
        let good = client.read(file);
        for (content, mode) in [("", 0o600), ("garbage", 0o600), ("{\"version\":9}", 0o600), (good.as_str(), 0o644)] {
            client.write(file, content, mode);
            client.netclaw(&["status"]).failed(1, file);
            let code = host.code();
            client
                .netclaw_reading(&["pair", &host.endpoint(), "--name", "again"], &format!("{code}\n"))
                .failed(1, file);
            assert_eq!(client.read(file), content);
            assert_eq!(Request::exchange(host.address, &code, "probe").send().status, 200, "the code was not spent");
            host.netclaw(&["daemon", "devices", "revoke", "probe"]).succeeded();
            host.netclaw(&["daemon", "lockouts", "clear", "127.0.0.1"]).succeeded();
        }
        client.write(file, &good, 0o600);
    }
    client.netclaw(&["status"]).succeeded();
}

#[test]
fn a_home_that_cannot_be_a_folder_is_named() {
    let host = World::default();
    std::fs::write(host.home(), "a file").unwrap();
    host.try_daemon().err().unwrap().failed(1, &host.home().display().to_string());
    host.netclaw(&["up"]).failed(1, &host.home().display().to_string());
}

#[test]
fn a_path_too_long_for_a_socket_falls_back_or_says_what_to_do() {
    let host = World::default();
    let long = host.home().join("x".repeat(120));
    let runtime = tempfile::tempdir().unwrap();
    let with = |program: &str| -> Command {
        let mut command = host.command(program);
        command.env("NETCLAW_HOME", &long).env("XDG_RUNTIME_DIR", runtime.path());
        command
    };
    let mut without = with(NETCLAWD);
    without.env_remove("XDG_RUNTIME_DIR");
    assert!(Daemon::of(without).err().unwrap().failed(1, "longer than").stderr.contains("XDG_RUNTIME_DIR"));
    let _daemon = Daemon::of(with(NETCLAWD)).unwrap();
    let status = with(super::world::NETCLAW).args(["daemon", "status"]).output().unwrap();
    assert!(status.status.success(), "{status:?}");
}

#[test]
fn c35_another_user_of_the_host_gets_no_code() {
    use std::os::unix::process::CommandExt;
    if !rustix::process::geteuid().is_root() {
        println!("skipped: this test changes its user, which needs root, and root is not available");
        return;
    }
    let host = World::default();
    let _daemon = host.daemon();
    const NOBODY: u32 = 65_534;
    // Copied to where that user can run it; the folders above are opened so that only the socket itself is in the way.
    let program = tempfile::Builder::new().prefix("netclaw").tempdir_in("/tmp").unwrap();
    copy_program(super::world::NETCLAW, program.path());
    let open = |path: &std::path::Path| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    open(program.path());
    let path = host.path("run/control.sock");
    path.ancestors().skip(1).take(3).for_each(open);
    for socket_mode in [0o600, 0o777] {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(socket_mode)).unwrap();
        let mut command = host.command(program.path().join("netclaw").to_str().unwrap());
        let output = command.args(["daemon", "pair"]).uid(NOBODY).gid(NOBODY).output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    }
}

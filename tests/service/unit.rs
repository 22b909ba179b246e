//! What is in a unit.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use netclaw::adapters::exec::systemd::Systemd;
use netclaw::ports::service_manager::{Scope, ServiceError, ServiceManager, ServiceRequest};

use super::machine::{Machine, own_name, request};

const SCOPES: [Scope; 2] = [Scope::User, Scope::System];

async fn unit(scope: Scope, machine: &Machine) -> String {
    machine.systemd().definition(&request(scope)).await.unwrap()
}

fn has(text: &str, line: &str) -> bool {
    text.lines().any(|found| found == line)
}

/// The settings of a unit, without its comments.
fn settings(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

#[tokio::test]
async fn every_unit_is_watched_restarted_and_confined() {
    let machine = Machine::default();
    for scope in SCOPES {
        let text = unit(scope, &machine).await;
        for line in [
            "Type=notify",
            "NotifyAccess=main",
            "WatchdogSec=60",
            "Restart=on-failure",
            "RestartSec=10",
            "StartLimitIntervalSec=1800",
            "StartLimitBurst=30",
            "UMask=0077",
            "NoNewPrivileges=yes",
            "MemoryDenyWriteExecute=yes",
            "SystemCallFilter=@system-service",
            "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
        ] {
            assert!(has(&text, line), "{line}: {text}");
        }
        assert!(has(&text, &format!("ExecStart=\"{}\"", machine.path("bin/netclawd").display())), "{text}");
        assert!(has(&text, &format!("Environment=\"NETCLAW_HOME={}\"", machine.path("home").display())), "{text}");
    }
}

#[tokio::test]
async fn a_unit_of_the_machine_drops_every_capability_and_writes_only_to_the_home() {
    let machine = Machine::default();
    let text = unit(Scope::System, &machine).await;
    assert!(has(&text, "CapabilityBoundingSet=") && has(&text, "ProtectSystem=strict"), "{text}");
    assert!(has(&text, &format!("ReadWritePaths=\"{}\"", machine.path("home").display())), "{text}");
    assert!(has(&text, &format!("User={}", own_name())), "{text}");
    assert!(has(&text, "WantedBy=multi-user.target"), "{text}");
    assert!(text.contains("After=network-online.target"), "{text}");
}

#[tokio::test]
async fn a_unit_of_a_user_asks_for_nothing_that_needs_privileges() {
    let text = unit(Scope::User, &Machine::default()).await;
    for setting in settings(&text) {
        for privileged in ["User=", "Capability", "Protect", "Private", "ReadWritePaths", "network-online"] {
            assert!(!setting.contains(privileged), "{setting}");
        }
    }
    assert!(has(&text, "WantedBy=default.target"), "{text}");
}

#[tokio::test]
async fn no_unit_hides_the_tunnel_or_who_connects() {
    for scope in SCOPES {
        let text = unit(scope, &Machine::default()).await;
        for setting in settings(&text) {
            for hiding in ["PrivateUsers=", "ProtectProc=", "ProcSubset=", "ProtectHome=", "PrivateNetwork="] {
                assert!(!setting.starts_with(hiding), "{setting}");
            }
        }
    }
}

#[tokio::test]
async fn a_home_in_a_folder_for_temporary_files_is_not_hidden_from_the_service() {
    let machine = Machine::default();
    for (home, is_private) in [("/srv/netclaw", true), ("/tmp/netclaw", false), ("/var/tmp/a/b", false)] {
        let systemd = Systemd::new(machine.places(), "/usr/bin/netclaw".into(), home.into(), 0);
        let text = systemd.definition(&request(Scope::System)).await.unwrap();
        assert_eq!(has(&text, "PrivateTmp=yes"), is_private, "{home}");
    }
}

#[tokio::test]
async fn without_netclawd_the_unit_runs_this_program() {
    let machine = Machine::default();
    fs::remove_file(machine.path("bin/netclawd")).unwrap();
    let text = unit(Scope::User, &machine).await;
    assert!(has(&text, &format!("ExecStart=\"{}\" daemon run", machine.path("bin/netclaw").display())), "{text}");
}

#[tokio::test]
async fn what_is_special_in_a_unit_is_escaped() {
    let machine = Machine::default();
    let text = machine.systemd_for(PathBuf::from(r#"/srv/a b/100%/"q"\x'y$z"#));
    let text = text.definition(&request(Scope::System)).await.unwrap();
    let escaped = r#"/srv/a b/100%%/\"q\"\\x'y$z"#;
    assert!(has(&text, &format!("Environment=\"NETCLAW_HOME={escaped}\"")), "{text}");
    assert!(has(&text, &format!("ReadWritePaths=\"{escaped}\"")), "{text}");
}

#[tokio::test]
async fn a_path_that_no_unit_can_contain_is_refused() {
    let machine = Machine::default();
    for path in [b"/srv/line\nUser=root".as_slice(), b"/srv/\x1b[2J", b"/srv/\xff"] {
        let systemd = machine.systemd_for(Path::new(OsStr::from_bytes(path)).to_owned());
        for scope in SCOPES {
            let error = systemd.definition(&request(scope)).await.unwrap_err();
            let ServiceError::UnusablePath(shown) = &error else { panic!("{error:?}") };
            assert!(!shown.contains(char::is_control), "{shown:?}");
        }
    }
    for program in [r#"/opt/"/netclaw"#, "/opt/'/netclaw", r"/opt/\/netclaw"] {
        let systemd = Systemd::new(machine.places(), program.into(), "/srv/netclaw".into(), 0);
        let error = systemd.definition(&request(Scope::User)).await.unwrap_err();
        assert_eq!(error, ServiceError::UnusablePath(program.to_owned()));
    }
}

#[tokio::test]
async fn the_user_of_a_unit_exists_and_is_a_plain_name() {
    let systemd = Machine::default().systemd();
    let run_as = async |name: &str| {
        systemd.definition(&ServiceRequest { scope: Scope::System, run_as: Some(name.to_owned()) }).await
    };
    assert!(has(&run_as("daemon").await.unwrap(), "User=daemon"));
    for name in ["nobody-has-this-name", "", "-u", "root\nExecStartPre=/bin/true", "a b", "%u"] {
        assert!(matches!(run_as(name).await, Err(ServiceError::NoSuchUser(_))), "{name:?}");
    }
}

/// Has the real systemd read a unit, whose program is in a folder with a name full of special characters.
async fn verify(scope: Scope, flag: &[&str]) {
    let machine = Machine::default();
    let program = machine.path("a b%c;d$e");
    fs::rename(machine.path("bin"), &program).unwrap();
    let home = machine.path(r#"h o%m"e\$'"#);
    let systemd = Systemd::new(machine.places(), program.join("netclaw"), home, 0);
    let text = systemd.definition(&request(scope)).await.unwrap();
    let file = machine.path("netclaw.service");
    fs::write(&file, text).unwrap();
    // A manager of a user wants a folder for its sockets.
    let verified = Command::new("systemd-analyze")
        .args(flag)
        .args(["verify", "--man=no"])
        .arg(&file)
        .env("XDG_RUNTIME_DIR", machine.path("booted"))
        .output();
    match verified {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: systemd-analyze is not installed");
        }
        output => {
            // Other units of this machine may have faults of their own.
            let words = String::from_utf8_lossy(&output.unwrap().stderr).into_owned();
            assert!(!words.contains("netclaw"), "{words}");
        }
    }
}

#[tokio::test]
async fn systemd_understands_the_unit_of_a_user() {
    verify(Scope::User, &["--user"]).await;
}

#[tokio::test]
async fn systemd_understands_the_unit_of_the_machine() {
    verify(Scope::System, &["--system"]).await;
}

//! Folders that others own or may write to, and sockets that they put in ours.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::world::{Daemon, NETCLAWD, World, copy_program, mode};

/// The folders of a home, itself first.
const FOLDERS: [&str; 9] = ["", "config", "client", "state", "keys", "run", "logs", "agent", "state/sessions"];

const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        println!("skipped: this test changes its user, which needs root, and root is not available");
    }
    is_root
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A home whose folders all exist.
fn whole_home() -> World {
    let host = World::default();
    for folder in FOLDERS {
        std::fs::create_dir_all(host.path(folder)).unwrap();
        set_mode(&host.path(folder), 0o755);
    }
    host
}

/// Everything that reads or writes below the home refuses it for this reason; the hints of all are the same.
#[track_caller]
fn refused(host: &World, why: &str) -> String {
    let daemon = host.try_daemon().err().unwrap().failed(1, why);
    for command in [&["status"][..], &["pair", "http://127.0.0.1:1"], &["up"], &["daemon", "start"]] {
        host.netclaw(command).failed(1, why);
    }
    daemon.stderr
}

#[test]
fn a_home_that_others_may_write_to_is_refused_with_the_command_that_mends_it() {
    for (folder, open) in FOLDERS.into_iter().zip([0o777, 0o775, 0o757, 0o720, 0o702, 0o1777, 0o2770, 0o777, 0o730]) {
        let host = whole_home();
        let path = host.path(folder);
        set_mode(&path, open);
        let hints = refused(&host, &format!("cannot be trusted: others may write to it (mode {open:04o})"));
        let repair = hints.lines().find_map(|line| line.split_once("with: ")).unwrap().1;
        assert!(repair.starts_with("chmod go-w "), "{repair}");
        assert!(Command::new("sh").args(["-c", repair]).status().unwrap().success());
        assert_eq!(mode(&path), open & !0o022);
        host.daemon().terminate();
    }
}

#[test]
fn a_home_of_another_user_is_refused() {
    if !is_root() {
        return;
    }
    for folder in ["", "config", "run"] {
        let host = whole_home();
        chown(host.path(folder), Some(NOBODY), None).unwrap();
        let daemon = host.try_daemon().err().unwrap().failed(1, "belongs to another user (uid 65534)");
        assert!(daemon.stderr.contains("chown -R 0 "), "{daemon:?}");
        host.netclaw(&["pair", "http://127.0.0.1:1"]).failed(1, "belongs to another user (uid 65534)");
    }
}

/// A daemon of another user, on that user's own home. The folder is for its program.
fn daemon_of_nobody() -> (World, Daemon, tempfile::TempDir) {
    let host = World::default();
    let folder = tempfile::tempdir().unwrap();
    copy_program(NETCLAWD, folder.path());
    std::fs::create_dir(host.home()).unwrap();
    chown(host.home(), Some(NOBODY), Some(NOBODY)).unwrap();
    for path in [folder.path(), host.home().parent().unwrap()] {
        set_mode(path, 0o755);
    }
    let mut command = host.command(folder.path().join("netclawd").to_str().unwrap());
    command.uid(NOBODY).gid(NOBODY).current_dir("/");
    let daemon = Daemon::of(command).unwrap_or_else(|finished| panic!("{finished:?}"));
    (host, daemon, folder)
}

#[test]
fn the_socket_of_another_user_is_asked_nothing_although_root_may_operate_the_daemon_of_anyone() {
    if !is_root() {
        return;
    }
    let (host, _daemon, _program) = daemon_of_nobody();
    host.netclaw(&["daemon", "pair"]).succeeded();
    let own = whole_home();
    symlink(host.path("run/control.sock"), own.path("run/control.sock")).unwrap();
    for command in ["pair", "status", "devices"] {
        own.netclaw(&["daemon", command]).failed(4, "is another user's (uid 65534)");
    }
}

#[test]
fn root_finds_the_healthy_home_of_another_user_healthy() {
    if !is_root() {
        return;
    }
    let (host, _daemon, _program) = daemon_of_nobody();
    set_mode(&host.home(), 0o700);
    host.netclaw(&["doctor"]).succeeded();
    let refused = host.netclaw(&["doctor", "--fix", "--yes"]).failed(1, "the home belongs to another user (uid 65534)");
    assert!(refused.stderr.contains("sudo -u '#65534' "), "{refused:?}");
}

#[test]
fn a_socket_is_not_made_in_a_shared_folder() {
    let host = World::default();
    let long = host.home().join("x".repeat(120));
    let runtime = tempfile::tempdir().unwrap();
    let daemon = || {
        let mut command = host.command(NETCLAWD);
        command.env("NETCLAW_HOME", &long).env("XDG_RUNTIME_DIR", runtime.path());
        Daemon::of(command)
    };
    daemon().unwrap().terminate();
    let folder = std::fs::read_dir(runtime.path()).unwrap().next().unwrap().unwrap().path();
    set_mode(&folder, 0o777);
    daemon().err().unwrap().failed(1, "others may write to it");
}

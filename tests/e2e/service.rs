//! The daemon under a service manager and in a container: what it tells, what it logs, and how it is asked for its health.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::raw_http::Request;
use super::world::{Daemon, NETCLAW, NETCLAWD, World};

/// Longest wait for something that takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The socket of a service manager.
struct Manager {
    socket: UnixDatagram,
    path: std::path::PathBuf,
}

impl Manager {
    fn of(world: &World) -> Self {
        let path = world.home().with_file_name("notify.sock");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, path }
    }

    /// The next thing that it is told.
    #[track_caller]
    fn hears(&self) -> String {
        let mut message = [0; 4096];
        loop {
            match self.socket.recv(&mut message) {
                // A child of another test has ended: the system does not go on with a wait that has a limit.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                length => return String::from_utf8(message[..length.unwrap()].to_vec()).unwrap(),
            }
        }
    }

    /// Whether nothing that it was told is waiting.
    fn hears_nothing(&self) -> bool {
        self.socket.set_nonblocking(true).unwrap();
        let heard = self.socket.recv(&mut [0; 4096]);
        self.socket.set_nonblocking(false).unwrap();
        heard.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

/// Stops the daemon in the background of a test, whatever became of it.
struct Stopped<'a>(&'a World);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.netclaw(&["daemon", "stop"]);
    }
}

/// A process that ends with its test.
struct Running(Child);

impl Running {
    fn of(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }

    fn terminate(&self) {
        kill_process(Pid::from_child(&self.0), Signal::TERM).unwrap();
    }

    #[track_caller]
    fn ends_well(mut self) {
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_service_manager_hears_ready_then_signs_of_life_then_stopping() {
    let host = World::default();
    let manager = Manager::of(&host);
    for program in [vec![NETCLAWD], vec![NETCLAW, "daemon", "run"]] {
        let mut command = host.command(program[0]);
        command.args(&program[1..]).env("NOTIFY_SOCKET", &manager.path).env("WATCHDOG_USEC", "200000");
        let daemon = Running::of(command.stderr(Stdio::null()));
        let ready = manager.hears();
        assert_eq!(ready, format!("READY=1\nSTATUS=Listening on {}, exposure mode local\n", host.address));
        assert_eq!(Request::new(host.address, "GET /api/health/ready").send().status, 200);
        for _ in 0..3 {
            assert_eq!(manager.hears(), "WATCHDOG=1\n");
        }
        daemon.terminate();
        let last = std::iter::repeat_with(|| manager.hears()).find(|heard| heard != "WATCHDOG=1\n");
        assert_eq!(last.as_deref(), Some("STOPPING=1\nSTATUS=Stopping\n"));
        daemon.ends_well();
        assert!(manager.hears_nothing());
    }
}

#[test]
fn a_stop_by_the_operator_is_a_clean_end_for_the_service_manager() {
    let host = World::default();
    let manager = Manager::of(&host);
    let mut command = host.command(NETCLAWD);
    let daemon = Running::of(command.env("NOTIFY_SOCKET", &manager.path).stderr(Stdio::null()));
    assert!(manager.hears().starts_with("READY=1\n"));
    host.netclaw(&["daemon", "status"]).succeeded();
    host.netclaw(&["daemon", "stop"]).succeeded();
    daemon.ends_well();
    // No watchdog was asked for, so there were no signs of life in between.
    assert_eq!(manager.hears(), "STOPPING=1\nSTATUS=Stopping\n");
}

#[test]
fn the_service_manager_hears_why_a_start_failed() {
    let host = World::default();
    let manager = Manager::of(&host);
    let mut command = host.command(NETCLAWD);
    command.env("NOTIFY_SOCKET", &manager.path).env("NETCLAW_Daemon__Port", "none");
    assert!(!command.output().unwrap().status.success());
    let heard = manager.hears();
    assert!(heard.starts_with("STATUS=Daemon.Port is \"none\""), "{heard}");
    assert!(manager.hears_nothing());
}

#[test]
fn a_background_daemon_does_not_speak_for_the_service_that_its_command_runs_in() {
    let host = World::default();
    let _stopped = Stopped(&host);
    let manager = Manager::of(&host);
    let mut command = host.command(NETCLAW);
    command.env("NOTIFY_SOCKET", &manager.path).env("WATCHDOG_USEC", "1000").args(["daemon", "start"]);
    assert!(command.output().unwrap().status.success());
    assert!(manager.hears_nothing());
    let status = host.netclaw(&["daemon", "status", "--json"]).succeeded();
    let pid = serde_json::from_str::<serde_json::Value>(&status.stdout).unwrap()["pid"].clone();
    if let Ok(environment) = std::fs::read(format!("/proc/{pid}/environ")) {
        let environment = String::from_utf8_lossy(&environment);
        assert!(environment.contains("NETCLAW_HOME=") && !environment.contains("NOTIFY_SOCKET"), "{environment}");
        assert!(!environment.contains("WATCHDOG_USEC"), "{environment}");
    }
}

/// `netclawd` with its stderr on a socket like the journal's; `journal` is what the environment says about it.
fn logging_to_a_socket(
    host: &World,
    journal: impl FnOnce(&File) -> Option<String>,
) -> (Running, BufReader<UnixStream>) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let theirs = File::from(OwnedFd::from(theirs));
    let mut command: Command = host.command(NETCLAWD);
    command.env_remove("JOURNAL_STREAM");
    if let Some(journal) = journal(&theirs) {
        command.env("JOURNAL_STREAM", journal);
    }
    (Running::of(command.stderr(theirs)), BufReader::new(ours))
}

fn first_log_line(host: &World, journal: impl FnOnce(&File) -> Option<String>) -> String {
    let (_daemon, mut log) = logging_to_a_socket(host, journal);
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    line
}

#[test]
fn the_journal_gets_priorities_and_no_time_of_ours() {
    let host = World::default();
    let numbers = |file: &File| {
        let metadata = file.metadata().unwrap();
        (metadata.dev(), metadata.ino())
    };
    let line = first_log_line(&host, |stderr| {
        let (device, inode) = numbers(stderr);
        Some(format!("{device}:{inode}"))
    });
    assert!(line.starts_with("<6> INFO starting address="), "{line}");
    // Inherited, but about another file.
    let line = first_log_line(&host, |stderr| {
        let (device, inode) = numbers(stderr);
        Some(format!("{device}:{}", inode + 1))
    });
    assert!(line.starts_with("20") && line.contains("Z  INFO starting"), "{line}");
    let line = first_log_line(&host, |_| None);
    assert!(line.starts_with("20") && !line.contains('\x1b'), "{line}");
}

#[test]
fn warnings_reach_the_journal_as_warnings() {
    let host = World::default();
    let inode = |stderr: &File| {
        let metadata = stderr.metadata().unwrap();
        Some(format!("{}:{}", metadata.dev(), metadata.ino()))
    };
    let (daemon, mut log) = logging_to_a_socket(&host, inode);
    let mut line = String::new();
    while !line.contains("the daemon is ready") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0);
    }
    host.code();
    for _ in 0..5 {
        Request::exchange(host.address, "2222-2222", "x").send();
    }
    daemon.terminate();
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    assert!(rest.lines().all(|line| line.starts_with('<')), "{rest}");
    assert!(rest.lines().any(|line| line.starts_with("<6> INFO Pairing code: ")), "{rest}");
    assert!(rest.lines().any(|line| line.starts_with("<4> WARN ")), "{rest}");
}

#[test]
fn the_log_of_a_container_has_the_code_that_another_process_made() {
    let host = World::default();
    let daemon = host.daemon();
    let opened = host.netclaw(&["daemon", "pair"]).succeeded();
    let code = opened.stdout.lines().next().unwrap();
    assert!(code.starts_with("Pairing code: "), "{code}");
    let log = daemon.terminate();
    let found = log.lines().find(|line| line.contains("Pairing code: ")).unwrap();
    assert!(found.contains(code), "{found}");
}

#[test]
fn the_health_check_of_a_container_fails_once_the_daemon_is_gone() {
    let host = World::default();
    assert_eq!(host.netclaw(&["daemon", "status"]).code, 4);
    let daemon: Daemon = host.daemon();
    assert_eq!(host.netclaw(&["daemon", "status"]).code, 0);
    daemon.kill();
    assert_eq!(host.netclaw(&["daemon", "status"]).code, 4);
}

#[test]
fn programs_that_the_daemon_asks_do_not_inherit_the_service_managers_socket() {
    let host = World::default();
    let manager = Manager::of(&host);
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/service/environment.sh");
    let programs = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(script, programs.path().join("tailscale")).unwrap();
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap());
    let mut command = host.command(NETCLAWD);
    command.env("NETCLAW_Daemon__ExposureMode", "tailscale-serve").env("PATH", path);
    command.env("NOTIFY_SOCKET", &manager.path).env("WATCHDOG_USEC", "60000000");
    assert!(!command.output().unwrap().status.success());
    let environment = std::fs::read_to_string(programs.path().join("tailscale.environment")).unwrap();
    assert!(environment.contains("NETCLAW_HOME="), "{environment}");
    assert!(!environment.contains("NOTIFY_SOCKET") && !environment.contains("WATCHDOG"), "{environment}");
    assert!(manager.hears().contains("STATUS="));
}

#[test]
fn a_dry_run_prints_a_unit_and_leaves_no_trace() {
    let host = World::default();
    for scope in ["--user", "--system"] {
        let printed = host.netclaw(&["daemon", "install", "--dry-run", scope]).succeeded();
        let home = format!("Environment=\"NETCLAW_HOME={}\"", host.home().display());
        assert!(printed.stdout.lines().any(|line| line == home), "{printed:?}");
        assert!(printed.stdout.contains(&format!("ExecStart=\"{NETCLAWD}\"")), "{printed:?}");
        assert!(
            printed.stderr.contains("NETCLAW_Daemon__Port") && !printed.stderr.contains("127.0.0.1"),
            "{printed:?}"
        );
    }
    assert!(!host.home().exists());
}

#[test]
fn without_systemd_an_installation_names_the_other_ways() {
    let host = World::default();
    // No program is found, so that a machine with systemd is one without it, too.
    let nothing = tempfile::tempdir().unwrap();
    let mut command = host.command(NETCLAW);
    command.env("PATH", nothing.path()).env("XDG_CONFIG_HOME", nothing.path()).args(["daemon", "install", "--user"]);
    let failed = super::world::Finished::of(command.output().unwrap()).failed(1, "no service manager runs here");
    assert!(failed.stderr.contains("netclaw daemon start") && failed.stderr.contains("--dry-run"), "{failed:?}");
    assert_eq!(std::fs::read_dir(nothing.path()).unwrap().count(), 0);
}

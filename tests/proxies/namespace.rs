//! A machine of a test, as far as its network goes: a Linux network namespace. Making one takes root and `ip`.

use std::fs;
use std::io::Write;
use std::os::fd::AsFd;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use rustix::process::{Pid, Signal, geteuid, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// What the names begin with; the id of the process that made the namespace follows.
const PREFIX: &str = "netclaw-";

/// Where `ip` keeps namespaces, by name.
const NAMESPACES: &str = "/run/netns";

/// Where `ip netns exec` finds the files that a namespace has in place of those in `/etc`.
const CONFIGURATIONS: &str = "/etc/netns";

/// A namespace, with all that runs in it. Both end when it is dropped.
pub struct Namespace {
    name: String,
}

/// Why no namespace can be made, or `None`. What a killed run of the tests left is removed first.
pub fn obstacle() -> Option<&'static str> {
    static OBSTACLE: OnceLock<Option<&str>> = OnceLock::new();
    *OBSTACLE.get_or_init(|| {
        if Command::new("ip").arg("-V").output().is_err() {
            return Some("ip is not installed");
        }
        if !geteuid().is_root() {
            return Some("network namespaces cannot be made (not root)");
        }
        remove_stale();
        let probe = Namespace { name: own_name("probe") };
        let made = Command::new("ip").args(["netns", "add", &probe.name]).output();
        (!made.unwrap().status.success()).then_some("network namespaces cannot be made (not permitted)")
    })
}

impl Namespace {
    /// A namespace in which the names in `hosts` are known, in the form of `/etc/hosts`.
    pub fn new(name: &str, hosts: &str) -> Self {
        let namespace = Self { name: own_name(name) };
        fs::create_dir_all(namespace.configuration()).unwrap();
        fs::write(namespace.configuration().join("hosts"), hosts).unwrap();
        succeeded(Command::new("ip").args(["netns", "add", &namespace.name]).output().unwrap());
        namespace
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs these commands of `ip` inside, one a line.
    pub fn configure(&self, commands: &str) {
        let mut ip = Command::new("ip");
        let ip = ip.args(["-netns", &self.name, "-batch", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut ip = ip.spawn().unwrap();
        ip.stdin.take().unwrap().write_all(commands.as_bytes()).unwrap();
        succeeded(ip.wait_with_output().unwrap());
    }

    /// The words that a command begins with to be run inside.
    pub fn launcher(&self) -> Vec<String> {
        ["ip", "netns", "exec", &self.name].map(str::to_owned).to_vec()
    }

    /// Does `work` on a thread whose sockets are inside.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let namespace = fs::File::open(Path::new(NAMESPACES).join(&self.name)).unwrap();
        let inside = || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        };
        std::thread::scope(|scope| scope.spawn(inside).join().unwrap_or_else(|panic| resume_unwind(panic)))
    }

    fn configuration(&self) -> PathBuf {
        Path::new(CONFIGURATIONS).join(&self.name)
    }

    /// Ends whatever still runs inside, such as the workers of a server that was killed.
    fn end_processes(&self) {
        let listed = Command::new("ip").args(["netns", "pids", &self.name]).output();
        let listed = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        for pid in listed.lines().filter_map(|line| Pid::from_raw(line.trim().parse().ok()?)) {
            // It may have ended by itself.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.end_processes();
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).output();
        let _ = fs::remove_dir_all(self.configuration());
    }
}

/// A name that tells whose namespace it is.
fn own_name(name: &str) -> String {
    format!("{PREFIX}{}-{name}", std::process::id())
}

/// Removes the namespaces of processes that are gone.
fn remove_stale() {
    let is_stale = |name: &String| {
        let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        process.is_some_and(|process| !Path::new("/proc").join(process).exists())
    };
    for folder in [NAMESPACES, CONFIGURATIONS] {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(is_stale).for_each(|name| drop(Namespace { name }));
    }
}

#[track_caller]
fn succeeded(output: Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

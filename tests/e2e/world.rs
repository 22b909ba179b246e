//! One machine for each test: a home, an address of its own, and a daemon on it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

pub const NETCLAW: &str = env!("CARGO_BIN_EXE_netclaw");
pub const NETCLAWD: &str = env!("CARGO_BIN_EXE_netclawd");

/// A home folder, and the address that its daemon is configured for.
pub struct World {
    folder: TempDir,
    pub address: SocketAddr,
    /// The words that its commands begin with, to be run on another machine than this one.
    launcher: Vec<String>,
}

impl Default for World {
    fn default() -> Self {
        Self::elsewhere(own_address(), Vec::new())
    }
}

/// What a finished command left.
#[derive(Debug)]
pub struct Finished {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    /// A home whose programs are started with the words of `launcher` in front.
    pub fn elsewhere(address: SocketAddr, launcher: Vec<String>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), address, launcher }
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub fn path(&self, below_home: &str) -> PathBuf {
        self.home().join(below_home)
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `program` in this world and no other.
    pub fn command(&self, program: &str) -> Command {
        let mut words = self.launcher.iter().map(String::as_str).chain([program]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("NETCLAW")) {
            command.env_remove(name);
        }
        command
            .env("NETCLAW_HOME", self.home())
            .env("NETCLAW_Daemon__Host", self.address.ip().to_string())
            .env("NETCLAW_Daemon__Port", self.address.port().to_string())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    /// `program` in this world, with no value of the configuration in its environment.
    pub fn unconfigured(&self, program: &str) -> Command {
        let mut command = self.command(program);
        command.env_remove("NETCLAW_Daemon__Host").env_remove("NETCLAW_Daemon__Port");
        command
    }

    /// Runs `netclaw` with these arguments and nothing to read.
    pub fn netclaw(&self, arguments: &[&str]) -> Finished {
        Finished::of(self.command(NETCLAW).args(arguments).output().unwrap())
    }

    /// Runs `netclaw` with these arguments and lines of input.
    pub fn netclaw_reading(&self, arguments: &[&str], input: &str) -> Finished {
        let mut command = self.command(NETCLAW);
        let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that ends before it reads everything is fine.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Finished::of(child.wait_with_output().unwrap())
    }

    /// A running daemon in the foreground, whose log is collected.
    pub fn daemon(&self) -> Daemon {
        self.try_daemon().unwrap_or_else(|finished| panic!("the daemon did not start: {finished:?}"))
    }

    pub fn try_daemon(&self) -> Result<Daemon, Finished> {
        Daemon::of(self.command(NETCLAWD))
    }

    /// A fresh code, as the operator gets it.
    pub fn code(&self) -> String {
        let opened = self.netclaw(&["daemon", "pair", "--json"]).succeeded();
        let document: serde_json::Value = serde_json::from_str(&opened.stdout).unwrap();
        document["code"].as_str().unwrap().to_owned()
    }

    /// The names of the devices that the operator sees.
    pub fn device_names(&self) -> Vec<String> {
        let listed = self.netclaw(&["daemon", "devices", "--json"]).succeeded();
        let document: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
        let names = document["devices"].as_array().unwrap().iter();
        names.map(|device| device["name"].as_str().unwrap().to_owned()).collect()
    }

    pub fn write(&self, below_home: &str, content: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(below_home);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn read(&self, below_home: &str) -> String {
        std::fs::read_to_string(self.path(below_home)).unwrap()
    }
}

impl Finished {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// Fails with this code, one `error:` line that contains `error`, and at least one `hint:` line.
    #[track_caller]
    pub fn failed(self, code: i32, error: &str) -> Self {
        let errors: Vec<&str> = self.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(self.code, code, "{self:?}");
        assert!(errors.len() == 1 && errors[0].contains(error), "{self:?}");
        assert!(self.stderr.lines().any(|line| line.starts_with("hint: ")), "{self:?}");
        self
    }
}

/// A `netclawd` of a test, killed when dropped.
pub struct Daemon {
    child: Child,
    log: Option<std::thread::JoinHandle<String>>,
}

impl Daemon {
    /// Starts `command` and returns when its log says that it is ready.
    pub fn of(mut command: Command) -> Result<Self, Finished> {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).process_group(0).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut log = String::new();
        while lines.read_line(&mut log).unwrap() > 0 {
            if log.contains("the daemon is ready") {
                let rest = std::thread::spawn(move || {
                    let _ = lines.read_to_string(&mut log);
                    log
                });
                return Ok(Self { child, log: Some(rest) });
            }
        }
        let status = child.wait().unwrap();
        Err(Finished { code: status.code().unwrap_or(-1), stdout: String::new(), stderr: log })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power loss would, as far as a process can.
    pub fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.log()
    }

    /// Asks it to end, waits until it has, and returns all that it logged.
    pub fn terminate(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        self.log()
    }

    fn log(&mut self) -> String {
        self.child.wait().unwrap();
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stops the daemon of a test in the background, whatever became of it.
pub struct Stopped<'a>(pub &'a World);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.netclaw(&["daemon", "stop"]);
    }
}

/// A second home on the same machine, for a client of `host`.
pub fn client_of(host: &World) -> World {
    // The client has no daemon, so its address is only there to be distinct.
    World::elsewhere(host.address, Vec::new())
}

pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// A loopback address that no other test uses, with a free port on it.
fn own_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let ip = if cfg!(target_os = "linux") {
        let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let process = u8::try_from(std::process::id() % 200).unwrap() + 50;
        Ipv4Addr::new(127, process, high, low.max(1))
    } else {
        Ipv4Addr::LOCALHOST
    };
    TcpListener::bind((IpAddr::V4(ip), 0)).unwrap().local_addr().unwrap()
}

/// A port that is free on every address of the machine, below those that the system gives to clients.
pub fn port_of_every_address() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 20_000).unwrap();
    loop {
        let port = 10_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        if TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
}

/// Copies a program into `folder`. By a process of its own: a file that a test has open for writing while another one starts
/// a child cannot be run (ETXTBSY).
pub fn copy_program(program: &str, folder: &Path) {
    assert!(Command::new("cp").arg(program).arg(folder).status().unwrap().success());
}

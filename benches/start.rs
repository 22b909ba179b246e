//! The real daemon, started and idle.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use divan::Bencher;

use crate::fixtures::ManyDevices;

const DEVICES: u64 = 10_000;

#[divan::bench(sample_count = 30, sample_size = 1)]
fn until_ready(bencher: Bencher<'_, '_>) {
    let home = ManyDevices::new(DEVICES);
    bencher.bench_local(|| Started::on(&home));
}

/// A running daemon, ended when dropped. Its end is not part of what is measured.
pub struct Started {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Started {
    pub fn on(home: &ManyDevices) -> Self {
        let address = free_address();
        let mut child = Command::new(env!("CARGO_BIN_EXE_netclaw"))
            .args(["daemon", "run", "--background"])
            .env("NETCLAW_HOME", home.folder.path())
            .env("NETCLAW_Daemon__Port", address.port().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the daemon");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        Self { process: child, address }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.process.kill().expect("a running daemon");
        self.process.wait().expect("its end");
    }
}

/// The resident memory of a daemon without devices and with many, as Linux counts it.
pub fn print_idle_memory() {
    for devices in [0, DEVICES] {
        let home = ManyDevices::new(devices);
        let daemon = Started::on(&home);
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.process.id())).unwrap_or_default();
        let resident = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("VmRSS: unknown");
        println!("idle daemon with {devices} devices, {resident}");
    }
}

fn free_address() -> SocketAddr {
    let probe = TcpListener::bind("127.0.0.1:0").expect("a free port");
    probe.local_addr().expect("its address")
}

//! What the programs of tunnels say of themselves: whatever it is, an endpoint of the outside or a fault that can be shown.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use netclaw::adapters::exec::cloudflared::{CloudflaredExposure, Surroundings};
use netclaw::adapters::exec::command::Limits;
use netclaw::adapters::exec::tailscale::TailscaleExposure;
use netclaw::domain::endpoint::Endpoint;
use netclaw::ports::exposure::{Exposure, ExposureFault};

use super::files::{scratch, wait};
use super::is_showable;

/// What the daemon listens on, or would.
const DAEMON: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 5199);

/// Nothing here is waited for.
const PATIENT: Limits = Limits { time: Duration::from_secs(600), output: 1 << 20 };

fn check(found: &Result<Option<Endpoint>, ExposureFault>) {
    match found {
        Ok(Some(endpoint)) => {
            assert!(!endpoint.is_loopback() && Endpoint::parse(&endpoint.to_string()).as_ref() == Ok(endpoint));
        }
        Ok(None) => {}
        Err(fault) => assert!(is_showable(&fault.what) && is_showable(&fault.fix), "{fault:?}"),
    }
}

/// Output of `tailscale status --json`, a line with a zero byte, and output of `tailscale serve status --json`.
pub fn tailscale(bytes: &[u8]) {
    scratch(|home| {
        let program = home.root().join("state/tailscale");
        let mut parts = bytes.splitn(2, |byte| *byte == 0);
        for name in ["status", "serve", "funnel"] {
            let part = if name == "funnel" { None } else { parts.next() };
            std::fs::write(home.root().join("state").join(name), part.unwrap_or(b"null")).unwrap();
        }
        std::os::unix::fs::symlink(printer(), &program).unwrap();
        let exposure = TailscaleExposure::serve(DAEMON).asking(program.to_str().unwrap(), PATIENT);
        check(&wait(exposure.inspect()));
    });
}

/// A program that prints the file beside it that is called like its first argument. Written once: a file that is open for
/// writing cannot be run.
fn printer() -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("print");
        std::fs::write(&path, "#!/bin/sh\nexec cat \"${0%/*}/$1\"\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        folder
    });
    folder.path().join("print")
}

/// A configuration of `cloudflared`, whose process runs.
pub fn cloudflared_configuration(bytes: &[u8]) {
    scratch(|home| {
        let file = home.root().join("config/config.yml");
        std::fs::write(&file, bytes).unwrap();
        // Where the file says that the metrics server is, nothing may listen; a fuzzer's guess of a port costs its patience.
        let surroundings = Surroundings {
            configurations: vec![file],
            metrics: Vec::new(),
            patience: Duration::from_millis(50),
            pgrep: "true".to_owned(),
            limits: PATIENT,
        };
        check(&wait(CloudflaredExposure::new(DAEMON, surroundings).inspect()));
    });
}

/// Answers of the metrics server, which come one after the other with a zero byte in between: heads, bodies and all.
pub fn cloudflared_metrics(bytes: &[u8]) {
    static ANSWERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
    static SERVER: OnceLock<SocketAddr> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock();
    let server = *SERVER.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // A client that has heard enough goes away.
                let _ = stream.read(&mut [0; 1024]);
                let answer = ANSWERS.lock().unwrap().pop().unwrap_or_default();
                let _ = stream.write_all(&answer);
            }
        });
        address
    });
    *ANSWERS.lock().unwrap() = bytes.split(|byte| *byte == 0).rev().map(<[u8]>::to_vec).collect();
    let (configurations, pgrep) = (Vec::new(), "true".to_owned());
    let surroundings = Surroundings {
        configurations,
        metrics: vec![server],
        patience: Duration::from_secs(60),
        pgrep,
        limits: PATIENT,
    };
    check(&wait(CloudflaredExposure::new(DAEMON, surroundings).inspect()));
}

//! What is made of what `cloudflared` shows of itself.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use netclaw::adapters::exec::cloudflared::{CloudflaredExposure, Surroundings};
use netclaw::adapters::exec::command::Limits;
use netclaw::ports::exposure::{Exposure, ExposureFault, FaultKind};
use tempfile::TempDir;

use super::metrics_server::{MetricsServer, response};
use super::player::Programs;
use super::{DAEMON, PATIENT, recorded};

const QUICK: &str = "modern-deep-blue-fox.trycloudflare.com";

/// A host on which nothing of `cloudflared` is found, until a test says otherwise.
struct Host {
    folder: TempDir,
    programs: Programs,
    surroundings: Surroundings,
}

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let programs = Programs::default().does("pgrep", "-x cloudflared", "exit 1");
        let surroundings = Surroundings {
            configurations: ["config.yml", "config.yaml"].map(|name| folder.path().join(name)).to_vec(),
            metrics: Vec::new(),
            patience: PATIENT.time,
            pgrep: programs.program("pgrep"),
            limits: PATIENT,
        };
        Self { folder, programs, surroundings }
    }

    /// One with these metrics servers.
    fn with(servers: &[&MetricsServer]) -> Self {
        let mut host = Self::new();
        host.surroundings.metrics = servers.iter().map(|server| server.address).collect();
        host
    }

    /// One on which the process is found, and nothing else.
    fn with_process() -> Self {
        let host = Self::new();
        Self { programs: host.programs.prints("pgrep", "-x cloudflared", "4711\n"), ..host }
    }

    fn configuration(self, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.file(), content).unwrap();
        self
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("config.yml")
    }

    async fn inspect(&self) -> Result<Option<String>, ExposureFault> {
        let found = CloudflaredExposure::new(DAEMON, self.surroundings.clone()).inspect().await;
        found.map(|endpoint| endpoint.map(|endpoint| endpoint.to_string()))
    }
}

fn some(endpoint: &str) -> Result<Option<String>, ExposureFault> {
    Ok(Some(endpoint.to_owned()))
}

#[track_caller]
fn assert_fault(found: Result<Option<String>, ExposureFault>, kind: FaultKind, what: &str, fix: &str) {
    let fault = found.unwrap_err();
    assert!(fault.kind == kind && fault.what.contains(what) && fault.fix.contains(fix), "{fault:?}");
    assert!(!fault.what.chars().chain(fault.fix.chars()).any(char::is_control), "{fault:?}");
}

#[tokio::test]
async fn a_quick_tunnel_says_its_name() {
    let server = MetricsServer::of_tunnel(QUICK, &recorded("config_quick.json"));
    assert_eq!(Host::with(&[&server]).inspect().await, some(&format!("https://{QUICK}")));
    assert_eq!(server.asked(), ["/ready", "/quicktunnel", "/config"]);
}

#[tokio::test]
async fn a_named_tunnel_tells_its_rules_and_its_files_are_not_needed() {
    let server = MetricsServer::of_tunnel("", &recorded("config_named.json"));
    let host = Host::with(&[&server])
        .configuration("ingress: [{hostname: old.example.com, service: 'http://localhost:5199'}]");
    assert_eq!(host.inspect().await, some("https://claw.example.com"));
}

#[tokio::test]
async fn a_tunnel_that_does_not_tell_its_rules_has_those_of_the_file() {
    let server = MetricsServer::start(vec![("/ready", response("200 OK", &recorded("ready.json")))]);
    let host = Host::with(&[&server]);
    assert_eq!(host.inspect().await, Ok(None), "it runs, and nothing says where it leads");
    assert_eq!(host.configuration(recorded("config.yml")).inspect().await, some("https://claw.example.com"));
}

#[tokio::test]
async fn a_running_tunnel_to_somewhere_else_is_not_set_up() {
    let elsewhere = recorded("config_quick.json").replace("5199", "8080");
    let server = MetricsServer::of_tunnel(QUICK, &elsewhere);
    let fix = "cloudflared tunnel --url http://127.0.0.1:5199";
    let what = "passes nothing on to 127.0.0.1:5199";
    assert_fault(Host::with(&[&server]).inspect().await, FaultKind::NotSetUp, what, fix);
    let here = MetricsServer::of_tunnel("", &recorded("config_named.json"));
    assert_eq!(
        Host::with(&[&server, &here]).inspect().await,
        some("https://claw.example.com"),
        "another one leads here"
    );
}

#[tokio::test]
async fn a_tunnel_without_connections_is_not_set_up() {
    let body = r#"{"status":503,"readyConnections":0,"connectorId":"6b1e7a4c-25f2-4b8e-9d7e-3f0a9c1d2e4f"}"#;
    let server = MetricsServer::start(vec![
        ("/ready", response("503 Service Unavailable", body)),
        ("/quicktunnel", response("200 OK", &format!(r#"{{"hostname":"{QUICK}"}}"#))),
    ]);
    let found = Host::with(&[&server]).inspect().await;
    assert_fault(found, FaultKind::NotSetUp, "no connection to Cloudflare", "journalctl -u cloudflared");
}

#[tokio::test]
async fn whatever_else_listens_there_is_no_cloudflared() {
    let elsewhere = MetricsServer::of_tunnel(QUICK, &recorded("config_quick.json"));
    let redirect =
        format!("HTTP/1.1 302 Found\r\nLocation: http://{}/ready\r\nContent-Length: 0\r\n\r\n", elsewhere.address);
    let huge = format!(r#"{{"readyConnections":4,"x":"{}"}}"#, "x".repeat(1 << 20));
    for answer in [
        response("404 Not Found", "404 page not found\n"),
        response("200 OK", "OK\n"),
        response("200 OK", "{}"),
        response("200 OK", r#"{"readyConnections":-1}"#),
        response("200 OK", &huge),
        response("500 Internal Server Error", &recorded("ready.json")),
        redirect,
        "SSH-2.0-OpenSSH_9.9\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_owned(),
    ] {
        let server = MetricsServer::start(vec![("/ready", answer)]);
        let found = Host::with(&[&server]).inspect().await;
        assert_fault(found, FaultKind::NotRunning, "cloudflared does not run", "cloudflared tunnel run NAME");
        assert_eq!(server.asked(), ["/ready"]);
    }
    assert!(elsewhere.asked().is_empty(), "redirects are not followed");
}

#[tokio::test]
async fn what_never_answers_is_given_up() {
    let server = MetricsServer::start(vec![("/ready", String::new())]);
    let mut host = Host::with(&[&server]);
    host.surroundings.patience = Duration::from_millis(50);
    assert_fault(host.inspect().await, FaultKind::NotRunning, "cloudflared does not run", "cloudflared tunnel");
}

#[tokio::test]
async fn names_that_are_no_names_are_not_shown() {
    for name in ["evil\\u001b[2J.example", "a@b.example", "a.example/x", "*.example.com", "localhost", ""] {
        let server = MetricsServer::start(vec![
            ("/ready", response("200 OK", &recorded("ready.json"))),
            ("/quicktunnel", response("200 OK", &format!(r#"{{"hostname":"{name}"}}"#))),
        ]);
        assert_eq!(Host::with(&[&server]).inspect().await, Ok(None), "{name}");
    }
}

#[tokio::test]
async fn a_process_whose_metrics_are_not_found_counts_and_its_file_says_where_it_leads() {
    assert_eq!(Host::with_process().inspect().await, Ok(None));
    assert_eq!(
        Host::with_process().configuration(recorded("config.yml")).inspect().await,
        some("https://claw.example.com"),
        "not the wildcard, not the rule for some paths only"
    );
    for content in [
        "",
        "ingress:\n",
        "url: http://localhost:5199\n",
        "ingress: [{hostname: a.example.com, service: 'http://localhost:1'}]",
        "ingress: [{hostname: '*.example.com', service: 'http://localhost:5199'}]",
        "ingress: [{service: 'http://localhost:5199'}]",
        "ingress: [{hostname: a.example.com, path: /x, service: 'http://localhost:5199'}]",
    ] {
        assert_eq!(Host::with_process().configuration(content).inspect().await, Ok(None), "{content}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_passed_over() {
    let mut large = b"# ".to_vec();
    large.resize(2 << 20, b'x');
    let bomb = (0..20).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, level| {
        text + &format!("a{0}: &a{0} [*a{level},*a{level},*a{level},*a{level},*a{level}]\n", level + 1)
    });
    for content in [&b"\tnot: [yaml"[..], b"ingress: 7", b"- a\n- b", b"\xff\xfe\x00", &large, bomb.as_bytes()] {
        let second = "ingress: [{hostname: claw.example.com, service: 'http://localhost:5199'}]";
        let host = Host::with_process().configuration(content);
        fs::write(host.folder.path().join("config.yaml"), second).unwrap();
        assert_eq!(host.inspect().await, some("https://claw.example.com"));
    }
    let host = Host::with_process();
    assert!(Command::new("mkfifo").arg(host.file()).status().unwrap().success());
    assert_eq!(host.inspect().await, Ok(None), "a pipe that nobody writes into");
}

#[tokio::test]
async fn the_file_says_where_the_metrics_are() {
    let server = MetricsServer::of_tunnel(QUICK, &recorded("config_quick.json"));
    let port = server.address.port();
    for metrics in
        [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("0.0.0.0:{port}"), format!(":{port}")]
    {
        let host = Host::new().configuration(format!("metrics: \"{metrics}\"\n"));
        assert_eq!(host.inspect().await, some(&format!("https://{QUICK}")), "{metrics}");
    }
    for metrics in ["localhost:", "localhost:0", "nonsense"] {
        let host = Host::with(&[&server]).configuration(format!("metrics: \"{metrics}\"\n"));
        assert_eq!(host.inspect().await, some(&format!("https://{QUICK}")), "{metrics} leaves it to the program");
    }
}

#[tokio::test]
async fn metrics_on_another_machine_are_not_asked() {
    let server = MetricsServer::of_tunnel(QUICK, &recorded("config_quick.json"));
    for host in ["192.0.2.1", "metrics.example.com", "[2001:db8::1]", "127.0.0.1.example.com"] {
        let host = Host::with(&[&server]).configuration(format!("metrics: \"{host}:{}\"\n", server.address.port()));
        assert_fault(host.inspect().await, FaultKind::NotRunning, "does not run", "cloudflared tunnel");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn nobody_guesses_when_processes_cannot_be_listed() {
    for (lines, what) in [
        ("echo 'error: bad \x1b[1margument' >&2; exit 2", "it failed (exit status: 2): error: bad ?[1margument"),
        ("yes", "its answer is larger than 1048576 bytes"),
    ] {
        let host = Host::new();
        let host = Host { programs: host.programs.does("pgrep", "-x cloudflared", lines), ..host };
        assert_fault(host.inspect().await, FaultKind::Unclear, what, "install pgrep");
    }
    let mut host = Host::new();
    host.surroundings.pgrep = "/nowhere/pgrep".to_owned();
    assert_fault(host.inspect().await, FaultKind::Unclear, "it is not installed, or not on the PATH", "procps");
}

#[tokio::test(start_paused = true)]
async fn a_list_of_processes_that_hangs_is_unclear_after_a_while() {
    let mut host = Host::new();
    host.programs = host.programs.does("pgrep", "-x cloudflared", "sleep 10000");
    host.surroundings.limits = Limits::QUERY;
    assert_fault(host.inspect().await, FaultKind::Unclear, "no answer within 5 seconds", "pgrep");
}

#[test]
fn it_is_looked_for_where_its_manual_says() {
    let surroundings = Surroundings::of(Some("/home/me".as_ref()));
    let files: Vec<&str> = surroundings.configurations.iter().map(|path| path.to_str().unwrap()).collect();
    for file in
        ["/home/me/.cloudflared/config.yml", "/etc/cloudflared/config.yaml", "/usr/local/etc/cloudflared/config.yml"]
    {
        assert!(files.contains(&file), "{files:?}");
    }
    assert_eq!(files[0], "/home/me/.cloudflared/config.yml");
    let expected: Vec<SocketAddr> = (20241..=20245).map(|port| ([127, 0, 0, 1], port).into()).collect();
    assert_eq!(surroundings.metrics, expected);
    assert!(Surroundings::of(None).configurations.iter().all(|path| !path.starts_with("/home")));
}

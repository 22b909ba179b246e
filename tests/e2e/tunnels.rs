//! The real daemon behind tunnels whose programs are played by scripts.

use std::process::Command;

use netclaw::domain::exposure::Tunnel;

use super::world::{Daemon, Finished, NETCLAW, NETCLAWD, World};
use crate::exec::metrics_server::MetricsServer;
use crate::exec::player::Programs;
use crate::exec::recorded;

const HINT: &str = "hint: if the program runs in another container, set Daemon.SkipTunnelProcessCheck";

const STATUS: &str = "status --json";

/// A host with programs of its own.
struct Host {
    world: World,
    programs: Programs,
    /// Where programs are looked for: among its own first.
    path: String,
    mode: &'static str,
}

impl Host {
    fn new(mode: &'static str) -> Self {
        let programs = Programs::default();
        Self { world: World::default(), path: programs.search_path(), programs, mode }
    }

    /// A host whose tailscale is in `state` and serves what was recorded, for this daemon.
    fn with_tailscale(mode: &'static str, state: &str, served: &str) -> Self {
        let host = Self::new(mode);
        let status = recorded("status_running.json").replace("\"Running\"", &format!("\"{state}\""));
        let served = host.of_this_daemon(served);
        let host = host.prints("tailscale", STATUS, &status);
        host.prints("tailscale", "serve status --json", &served).prints("tailscale", "funnel status --json", &served)
    }

    /// The same with a configuration of cloudflared that has its metrics at this address, and with what finds its process.
    fn with_cloudflared(self, metrics: impl std::fmt::Display, pgrep: &str) -> Self {
        let configuration = format!("metrics: {metrics}\n") + &self.of_this_daemon(&recorded("config.yml"));
        self.world.write(".cloudflared/config.yml", &configuration, 0o600);
        self.does("pgrep", "-x cloudflared", pgrep)
    }

    fn does(self, program: &str, arguments: &str, lines: &str) -> Self {
        Self { programs: self.programs.does(program, arguments, lines), ..self }
    }

    fn prints(self, program: &str, arguments: &str, text: &str) -> Self {
        Self { programs: self.programs.prints(program, arguments, text), ..self }
    }

    /// What was recorded, about the port of this daemon.
    fn of_this_daemon(&self, text: &str) -> String {
        text.replace("5199", &self.world.address.port().to_string())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.world.command(program);
        command.env("NETCLAW_Daemon__ExposureMode", self.mode).env("PATH", &self.path).env("HOME", self.world.home());
        command
    }

    #[track_caller]
    fn starts(&self) -> Daemon {
        Daemon::of(self.command(NETCLAWD)).unwrap_or_else(|finished| panic!("the daemon did not start: {finished:?}"))
    }

    /// Refuses to start with these words and this fix.
    #[track_caller]
    fn refuses(&self, error: &str, fix: &str) {
        let Err(refused) = Daemon::of(self.command(NETCLAWD)) else { panic!("the daemon started") };
        let refused = refused.failed(1, error);
        let hints: Vec<&str> = refused.stderr.lines().filter(|line| line.starts_with("hint: ")).collect();
        assert!(hints.len() == 2 && hints[0].contains(fix) && hints[1] == HINT, "{refused:?}");
        assert!(!self.world.path("run/control.sock").exists(), "nothing is left behind");
    }

    fn pair(&self) -> Finished {
        Finished::of(self.command(NETCLAW).args(["daemon", "pair"]).output().unwrap()).succeeded()
    }

    /// The last of the four lines of `netclaw daemon pair` names this endpoint.
    #[track_caller]
    fn pairs_at(&self, endpoint: &str) {
        let said = self.pair();
        let line = format!("netclaw pair {endpoint}");
        assert_eq!(said.stdout.lines().nth(3), Some(line.as_str()), "{said:?}");
    }
}

#[test]
fn behind_tailscale_the_printed_endpoint_is_the_one_that_tailscale_serves() {
    for (mode, served, endpoint) in [
        ("tailscale-serve", "serve.json", "https://claw-host.tail1234.ts.net"),
        ("TailscaleServe", "foreground.json", "https://claw-host.tail1234.ts.net"),
        ("tailscale-funnel", "funnel.json", "https://claw-host.tail1234.ts.net:8443"),
    ] {
        let host = Host::with_tailscale(mode, "Running", &recorded(served));
        let daemon = host.starts();
        host.pairs_at(endpoint);
        let log = daemon.terminate();
        assert!(log.contains(endpoint) && !log.contains("WARN"), "{log}");
    }
}

#[test]
fn behind_cloudflared_the_printed_endpoint_is_the_name_of_the_tunnel() {
    let host = Host::new("cloudflare-tunnel");
    let quick =
        MetricsServer::of_tunnel("a-quick-fox.trycloudflare.com", &host.of_this_daemon(&recorded("config_quick.json")));
    let host = host.with_cloudflared(quick.address, "exit 1");
    let _daemon = host.starts();
    host.pairs_at("https://a-quick-fox.trycloudflare.com");

    let host = Host::new("cloudflare-tunnel").with_cloudflared("192.0.2.1:1", "echo 4711");
    let _daemon = host.starts();
    host.pairs_at("https://claw.example.com");
}

#[test]
fn without_the_program_of_its_mode_the_daemon_does_not_start() {
    for mode in ["tailscale-serve", "tailscale-funnel"] {
        let missing = Host { path: "/nowhere".to_owned(), ..Host::new(mode) };
        missing.refuses("tailscale is not installed", "https://tailscale.com/download");
        Host::with_tailscale(mode, "Stopped", "{}").refuses("tailscale is stopped", "tailscale up");
        Host::with_tailscale(mode, "NeedsLogin", "{}").refuses("tailscale is logged out", "tailscale up");
        let failing = Host::new(mode).does("tailscale", STATUS, "echo 'a\x1b[2Jb' >&2; exit 1");
        failing.refuses("it failed (exit status: 1): a?[2Jb", "tailscale status --json");
    }
    let host = Host::new("cloudflare-tunnel").with_cloudflared("192.0.2.1:1", "exit 1");
    host.refuses("cloudflared does not run", &format!("cloudflared tunnel --url http://{}", host.world.address));
}

#[test]
fn a_tunnel_that_is_not_set_up_yet_is_a_warning_until_it_is() {
    let host = Host::with_tailscale("tailscale-serve", "Running", "{}");
    let fix = Tunnel::TailscaleServe.set_up_command(host.world.address);
    let daemon = host.starts();
    let said = host.pair();
    assert!(said.stdout.contains(&host.world.endpoint()) && said.stderr.contains(&fix), "{said:?}");
    let served = host.of_this_daemon(&recorded("serve.json"));
    let host = host.prints("tailscale", "serve status --json", &served);
    host.pairs_at("https://claw-host.tail1234.ts.net");
    let log = daemon.terminate();
    let warning = log.lines().find(|line| line.contains("WARN")).unwrap();
    assert!(warning.contains("passes nothing on") && warning.contains(&fix), "{log}");
}

#[test]
fn a_tunnel_in_another_container_is_not_looked_for() {
    for mode in ["tailscale-serve", "tailscale-funnel", "cloudflare-tunnel"] {
        let host = Host { path: "/nowhere".to_owned(), ..Host::new(mode) };
        host.world.write("config/netclaw.json", r#"{"Daemon":{"SkipTunnelProcessCheck":true}}"#, 0o600);
        let _daemon = host.starts();
        let said = host.pair();
        assert!(said.stdout.contains("Pairing code: ") && said.stderr.contains("Daemon.ExternalUrl"), "{said:?}");
    }
}

#[test]
fn in_the_background_the_reason_comes_back_to_the_terminal() {
    let host = Host::with_tailscale("tailscale-serve", "Stopped", "{}");
    let refused = Finished::of(host.command(NETCLAW).args(["daemon", "start"]).output().unwrap());
    let refused = refused.failed(1, "tailscale is stopped");
    assert!(refused.stderr.contains("tailscale up") && refused.stderr.contains(HINT), "{refused:?}");
}

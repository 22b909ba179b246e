//! Every exposure mode against where it listens, which devices there are, what runs in front, which proxies are trusted, and
//! where its configuration comes from: does the daemon start, and if not, what does it say?

use std::process::Command;

use serde_json::json;

use super::world::{Daemon, NETCLAWD, World, port_of_every_address};
use crate::exec::player::Programs;
use crate::exec::recorded;

/// The devices that a start finds.
#[derive(Clone, Copy, Debug)]
enum Devices {
    /// There never were any.
    Untouched,
    /// The last one was revoked.
    Emptied,
    /// The host's own is there, its token is not.
    CredentialGone,
}

/// The tunnel's program.
#[derive(Clone, Copy, Debug)]
enum Process {
    /// Not installed.
    Missing,
    Stopped,
    Running,
    /// Not looked for.
    Skipped,
}

use Devices::{CredentialGone, Emptied, Untouched};
use Process::{Missing, Running, Skipped, Stopped};

/// The words of a failed start, or that it is ready.
type Outcome = Result<(), &'static str>;

const READY: Outcome = Ok(());
const LOOPBACK_ONLY: Outcome = Err("listens on loopback only");
const NETWORK_ONLY: Outcome = Err("listens on an address of this machine's networks");
const NEEDS_PROXIES: Outcome = Err("Daemon.TrustedProxies is [], but exposure mode \"reverse-proxy\" needs");
const NO_DEVICE: Outcome = Err("no device can authenticate");
const NO_CREDENTIAL: Outcome = Err("the credential of this host is gone");

const LOOPBACK: &str = "127.0.0.1";
const ANY: &str = "0.0.0.0";

/// Mode, host, trusted proxies, devices, process, and what becomes of the start.
type Case = (&'static str, &'static str, &'static [&'static str], Devices, Process, Outcome);

const CASES: &[Case] = &[
    // Where each mode listens.
    ("local", LOOPBACK, &[], Untouched, Missing, READY),
    ("local", ANY, &[], Untouched, Missing, LOOPBACK_ONLY),
    ("local", "::", &[], Untouched, Missing, LOOPBACK_ONLY),
    ("local", "192.0.2.1", &[], Untouched, Missing, LOOPBACK_ONLY),
    ("reverse-proxy", ANY, &["10.0.0.2"], Untouched, Missing, READY),
    ("reverse-proxy", "::", &["10.0.0.2"], Untouched, Missing, READY),
    ("reverse-proxy", LOOPBACK, &["10.0.0.2"], Untouched, Missing, NETWORK_ONLY),
    ("reverse-proxy", "::1", &["10.0.0.2"], Untouched, Missing, NETWORK_ONLY),
    ("tailscale-serve", LOOPBACK, &[], Untouched, Running, READY),
    ("tailscale-serve", ANY, &[], Untouched, Running, LOOPBACK_ONLY),
    ("tailscale-funnel", LOOPBACK, &[], Untouched, Running, READY),
    ("tailscale-funnel", "192.0.2.1", &[], Untouched, Running, LOOPBACK_ONLY),
    ("cloudflare-tunnel", LOOPBACK, &[], Untouched, Running, READY),
    ("cloudflare-tunnel", "::", &[], Untouched, Running, LOOPBACK_ONLY),
    ("direct", ANY, &[], Untouched, Missing, READY),
    ("direct", "::", &[], Untouched, Missing, READY),
    ("direct", LOOPBACK, &[], Untouched, Missing, NETWORK_ONLY),
    ("direct", "203.0.113.1", &[], Untouched, Missing, Err("Daemon.Host must be an address of this machine")),
    // Which proxies: only one mode needs them, and what is no address is named in every mode.
    ("reverse-proxy", ANY, &[], Untouched, Missing, NEEDS_PROXIES),
    ("reverse-proxy", ANY, &["10.0.0.0/24", "fd00::/8"], Untouched, Missing, READY),
    ("reverse-proxy", ANY, &["10.0.0.2", "proxy.lan"], Untouched, Missing, Err("TrustedProxies is \"proxy.lan\", but")),
    ("reverse-proxy", ANY, &["10.0.0.0/33"], Untouched, Missing, Err("TrustedProxies is \"10.0.0.0/33\", but")),
    ("reverse-proxy", ANY, &["0.0.0.0/0"], Untouched, Missing, Err("must not be the whole internet")),
    ("reverse-proxy", ANY, &["::/0"], Untouched, Missing, Err("must not be the whole internet")),
    ("direct", ANY, &["10.0.0.2"], Untouched, Missing, READY),
    ("direct", ANY, &["10.0.0.300"], Untouched, Missing, Err("TrustedProxies is \"10.0.0.300\", but")),
    ("local", LOOPBACK, &["10.0.0.2"], Untouched, Missing, READY),
    // Which devices: only local mode is of use to nobody in particular.
    ("local", LOOPBACK, &[], Emptied, Missing, READY),
    ("local", LOOPBACK, &[], CredentialGone, Missing, READY),
    ("reverse-proxy", ANY, &["10.0.0.2"], Emptied, Missing, NO_DEVICE),
    ("reverse-proxy", ANY, &["10.0.0.2"], CredentialGone, Missing, NO_CREDENTIAL),
    ("tailscale-serve", LOOPBACK, &[], Emptied, Running, NO_DEVICE),
    ("tailscale-serve", LOOPBACK, &[], CredentialGone, Running, NO_CREDENTIAL),
    ("tailscale-funnel", LOOPBACK, &[], Emptied, Running, NO_DEVICE),
    ("tailscale-funnel", LOOPBACK, &[], CredentialGone, Running, NO_CREDENTIAL),
    ("cloudflare-tunnel", LOOPBACK, &[], Emptied, Running, NO_DEVICE),
    ("cloudflare-tunnel", LOOPBACK, &[], CredentialGone, Running, NO_CREDENTIAL),
    ("direct", ANY, &[], Emptied, Missing, NO_DEVICE),
    ("direct", ANY, &[], CredentialGone, Missing, NO_CREDENTIAL),
    // What runs in front.
    ("tailscale-serve", LOOPBACK, &[], Untouched, Missing, Err("tailscale is not installed")),
    ("tailscale-serve", LOOPBACK, &[], Untouched, Stopped, Err("tailscale is stopped")),
    ("tailscale-serve", LOOPBACK, &[], Untouched, Skipped, READY),
    ("tailscale-funnel", LOOPBACK, &[], Untouched, Missing, Err("tailscale is not installed")),
    ("tailscale-funnel", LOOPBACK, &[], Untouched, Stopped, Err("tailscale is stopped")),
    ("tailscale-funnel", LOOPBACK, &[], Untouched, Skipped, READY),
    ("cloudflare-tunnel", LOOPBACK, &[], Untouched, Stopped, Err("cloudflared does not run")),
    ("cloudflare-tunnel", LOOPBACK, &[], Untouched, Skipped, READY),
    // Several at once: the configuration is looked at first, then the way in, then what runs in front.
    ("reverse-proxy", LOOPBACK, &[], Emptied, Missing, NETWORK_ONLY),
    ("reverse-proxy", ANY, &[], Emptied, Missing, NEEDS_PROXIES),
    ("tailscale-serve", ANY, &[], Emptied, Missing, LOOPBACK_ONLY),
    ("tailscale-serve", LOOPBACK, &[], Emptied, Missing, NO_DEVICE),
    ("cloudflare-tunnel", LOOPBACK, &[], CredentialGone, Stopped, NO_CREDENTIAL),
];

struct Host {
    world: World,
    port: u16,
    programs: Programs,
    path: String,
}

impl Host {
    fn new(devices: Devices, process: Process) -> Self {
        let (world, port) = (World::default(), port_of_every_address());
        match devices {
            Untouched => {}
            Emptied => world.write("config/devices.json", r#"{"version":1,"devices":[]}"#, 0o600),
            CredentialGone => {
                let mut first = world.command(NETCLAWD);
                first.env("NETCLAW_Daemon__ExposureMode", "cloudflare-tunnel");
                first.env("NETCLAW_Daemon__SkipTunnelProcessCheck", "true");
                drop(Daemon::of(first).unwrap());
                std::fs::remove_file(world.path("config/secrets.json")).unwrap();
            }
        }
        let programs = programs(process, port);
        let path = if matches!(process, Missing | Skipped) { "/nowhere".to_owned() } else { programs.search_path() };
        // cloudflared is found by its process only: this address answers to nobody.
        world.write(".cloudflared/config.yml", "metrics: 192.0.2.1:1\n", 0o600);
        Self { world, port, programs, path }
    }

    fn command(&self) -> Command {
        let mut command = self.world.command(NETCLAWD);
        command.env("PATH", &self.path).env("HOME", self.world.home());
        command.env_remove("NETCLAW_Daemon__Host").env_remove("NETCLAW_Daemon__Port");
        command
    }
}

/// What plays the tunnel's programs.
fn programs(process: Process, port: u16) -> Programs {
    let running = recorded("status_running.json");
    let status = if matches!(process, Stopped) { running.replace("\"Running\"", "\"Stopped\"") } else { running };
    let pgrep = if matches!(process, Stopped) { "exit 1" } else { "echo 4711" };
    let of_this = |name: &str| recorded(name).replace("5199", &port.to_string());
    Programs::default()
        .prints("tailscale", "status --json", &status)
        .prints("tailscale", "serve status --json", &of_this("serve.json"))
        .prints("tailscale", "funnel status --json", &of_this("funnel.json"))
        .does("pgrep", "-x cloudflared", pgrep)
}

#[track_caller]
fn assert_outcome(case: &Case, command: Command) {
    match (Daemon::of(command), case.5) {
        (Ok(_), Ok(())) => {}
        (Ok(_), Err(words)) => panic!("started instead of {words:?}: {case:?}"),
        (Err(failed), Ok(())) => panic!("{case:?}: {failed:?}"),
        (Err(failed), Err(words)) => {
            assert_eq!(failed.code, 1, "{case:?}");
            assert!(failed.stderr.contains(words), "{case:?}: {failed:?}");
            assert!(failed.stderr.lines().any(|line| line.starts_with("hint: ")), "{case:?}: {failed:?}");
        }
    }
}

#[test]
fn every_mode_starts_or_says_what_is_missing() {
    for case in CASES {
        let &(mode, address, proxies, devices, process, _) = case;
        let host = Host::new(devices, process);
        let daemon = json!({
            "Host": address, "Port": host.port, "ExposureMode": mode, "TrustedProxies": proxies,
            "SkipTunnelProcessCheck": matches!(process, Skipped),
        });
        host.world.write("config/netclaw.json", &json!({ "configVersion": 1, "Daemon": daemon }).to_string(), 0o600);
        assert_outcome(case, host.command());
        drop(host.programs);
    }
}

#[test]
fn the_environment_configures_every_mode_as_a_file_does() {
    for case in CASES {
        let &(mode, address, proxies, devices, process, _) = case;
        let host = Host::new(devices, process);
        let mut command = host.command();
        // As a person might spell it: TailscaleServe, reverseproxy.
        command.env("NETCLAW_DAEMON__EXPOSUREMODE", mode.replace('-', "")).env("netclaw_Daemon__Host", address);
        command.env("NETCLAW_Daemon__Port", host.port.to_string());
        for (index, proxy) in proxies.iter().enumerate() {
            command.env(format!("NETCLAW_Daemon__TrustedProxies__{index}"), proxy);
        }
        command.env("NETCLAW_Daemon__SkipTunnelProcessCheck", matches!(process, Skipped).to_string());
        // A file that says something else.
        host.world.write("config/netclaw.json", r#"{"Daemon":{"ExposureMode":"local","Port":1}}"#, 0o600);
        assert_outcome(case, command);
    }
}

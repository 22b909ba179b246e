//! The daemon as a process: whether it runs, answers its operator, and has its port.

use std::net::SocketAddr;

use super::{Doctor, REPAIR_COMMAND, Scene, commands};
use crate::domain::diagnosis::{Check, Finding};
use crate::domain::endpoint::Endpoint;
use crate::domain::link::Link;
use crate::domain::settings::Settings;
use crate::domain::text::shown_safely;
use crate::ports::control_channel::OperatorReport;
use crate::ports::daemon_api::{ApiError, DaemonApi};
use crate::ports::home_inspection::{Entry, Kind};
use crate::ports::network_probe::{ListenError, NetworkProbe};

/// Permission bits that let others open a socket.
const OTHERS: u32 = 0o077;

pub(super) async fn judge(doctor: &Doctor<'_>, scene: &Scene) -> Vec<Finding> {
    let mut findings = vec![running(scene), socket(scene)];
    match scene.daemon() {
        Some(report) => {
            findings.extend([version(report, doctor.version), restart(report, scene.settings())]);
            findings.push(listener(report, doctor.api).await);
        }
        None => {
            let silent = if scene.running.is_some() { "the daemon does not answer" } else { "no daemon runs" };
            findings.extend([Check::DaemonVersion, Check::RestartPending].map(|check| check.skip(silent)));
            findings.push(port(scene, doctor.network, doctor.api).await);
        }
    }
    findings
}

fn running(scene: &Scene) -> Finding {
    let check = Check::DaemonRunning;
    match scene.running {
        Some(0) => check.pass("a daemon holds the lock of this home"),
        Some(pid) => check.pass(format!("a daemon holds the lock of this home (pid {pid})")),
        None => check.fail("the daemon is not running: nobody holds the lock of this home", "netclaw daemon start"),
    }
}

fn socket(scene: &Scene) -> Finding {
    let check = Check::ControlSocket;
    match (scene.running, &scene.facts.control_socket) {
        (None, None) => check.skip("no daemon runs"),
        (Some(_), None) => check.fail("the operator's socket of the running daemon is gone", "netclaw daemon restart"),
        (_, Some(socket)) if socket.kind != Kind::Socket => {
            let path = socket.path.display();
            check.fail(format!("{path} is in the way: it is not a socket"), commands::move_away(&socket.path))
        }
        (None, Some(socket)) => {
            check.warn(format!("{} was left by a daemon that is gone", socket.path.display()), REPAIR_COMMAND)
        }
        (Some(_), Some(socket)) => open_socket(check, socket, scene),
    }
}

fn open_socket(check: Check, socket: &Entry, scene: &Scene) -> Finding {
    let path = socket.path.display();
    if socket.owner != scene.facts.owner {
        let message = format!("{path} belongs to another user (uid {})", socket.owner);
        return check.fail(message, "run netclaw as that user");
    }
    if socket.mode & OTHERS != 0 {
        let message = format!("{path} is accessible by others (mode {:04o})", socket.mode);
        return check.fail(message, commands::protect_file(&socket.path));
    }
    match &scene.report {
        Some(Err(error)) => {
            check.fail(format!("the daemon does not answer its operator: {error}"), "netclaw daemon restart")
        }
        Some(Ok(_)) | None => check.pass("the daemon answers its operator"),
    }
}

fn version(report: &OperatorReport, ours: &str) -> Finding {
    let (check, running) = (Check::DaemonVersion, shown_safely(&report.daemon.version));
    if report.daemon.version == ours {
        return check.pass(format!("the daemon runs this version, {ours}"));
    }
    check.warn(format!("the daemon runs version {running}, and this program is {ours}"), "netclaw daemon restart")
}

fn restart(report: &OperatorReport, settings: Option<&Settings>) -> Finding {
    let check = Check::RestartPending;
    match (report.daemon.restart_pending, settings) {
        (false, _) => check.pass("the daemon runs with the configuration as it is now"),
        (true, Some(_)) => {
            check.warn("the configuration has changed since the daemon was started", "netclaw daemon restart")
        }
        (true, None) => check.warn(
            "the configuration has changed since the daemon was started, and a restart would fail",
            "correct the configuration, then: netclaw daemon restart",
        ),
    }
}

/// Whether the running daemon answers on the network.
async fn listener(report: &OperatorReport, api: &dyn DaemonApi) -> Finding {
    let (check, listening) = (Check::Port, &report.listening);
    match api.probe(&Link::of_endpoint(listening)).await {
        Ok(()) => check.pass(format!("the daemon answers at {listening}")),
        Err(error) => {
            check.fail(format!("the daemon does not answer at {listening}: {error}"), "netclaw daemon restart")
        }
    }
}

/// Whether a daemon could have its port, or who has it.
async fn port(scene: &Scene, network: &dyn NetworkProbe, api: &dyn DaemonApi) -> Finding {
    let check = Check::Port;
    let settings = match scene.settings() {
        Some(settings) if scene.running.is_none() => settings,
        Some(_) => return check.skip("the daemon does not say where it listens"),
        None => return check.skip("the configuration cannot be used"),
    };
    let address = settings.listen_address();
    let another = || format!("use another port: netclaw up --port {}", address.port().checked_add(1).unwrap_or(5200));
    match network.can_listen(address).await {
        Ok(()) => check.pass(format!("{address} is free")),
        Err(ListenError::Taken) => check.fail(taken(address, api).await, another()),
        Err(error @ ListenError::NotOurs) => check.fail(
            format!("the daemon cannot listen on {address}: {error}"),
            "set Daemon.Host to an address of this machine",
        ),
        Err(error @ ListenError::Forbidden) => check.fail(
            format!("the daemon cannot listen on {address}: {error}"),
            "use a port above 1023: netclaw up --port 5199",
        ),
        Err(error @ ListenError::Other(_)) => {
            check.fail(format!("the daemon cannot listen on {address}: {error}"), another())
        }
    }
}

async fn taken(address: SocketAddr, api: &dyn DaemonApi) -> String {
    match api.probe(&Link::of_endpoint(&Endpoint::of_listener(address))).await {
        Ok(()) => format!("another netclaw daemon, of another home, has {address}"),
        Err(
            ApiError::NotADaemon { .. }
            | ApiError::Rejected { .. }
            | ApiError::WrongKey { .. }
            | ApiError::Unprotected(_)
            | ApiError::Forged { .. },
        ) => {
            format!("another program has {address}; it answers, and is no netclaw daemon")
        }
        Err(ApiError::Unreachable { cause }) => format!("another program has {address} ({cause})"),
    }
}

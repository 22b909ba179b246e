//! The daemon, its socket and its port.

use netclaw::domain::diagnosis::Check;
use netclaw::domain::settings::Settings;
use netclaw::ports::daemon_api::ApiError;
use netclaw::ports::home_inspection::Kind;
use netclaw::ports::network_probe::ListenError;

use super::{Machine, word};
use crate::fakes::home_inspection::entry;

const SOCKET: &str = "/home/run/control.sock";

fn running() -> Machine {
    let mut machine = Machine::host(Settings::default()).running();
    machine.home.0.control_socket = Some(entry(SOCKET, Kind::Socket, 0o600));
    machine
}

#[tokio::test]
async fn the_socket_belongs_to_the_operator_alone_and_to_a_daemon_that_runs() {
    assert_eq!(running().verdict(Check::ControlSocket).await, "pass");
    for (kind, mode, owner, verdict) in
        [(Kind::Socket, 0o660, 1000, "fail"), (Kind::Socket, 0o600, 1001, "fail"), (Kind::File, 0o600, 1000, "fail")]
    {
        let mut machine = running();
        let mut socket = entry(SOCKET, kind, mode);
        socket.owner = owner;
        machine.home.0.control_socket = Some(socket);
        assert_eq!(machine.verdict(Check::ControlSocket).await, verdict, "{kind:?} {mode:o} {owner}");
    }
    let mut gone = running();
    gone.home.0.control_socket = None;
    assert_eq!(gone.verdict(Check::ControlSocket).await, "fail");
    let mut silent = running();
    silent.control.report = None;
    assert_eq!(silent.verdict(Check::ControlSocket).await, "fail");
    assert_eq!(silent.verdict(Check::Port).await, "skip");
    let stale = running();
    stale.process.end();
    assert_eq!(stale.verdict(Check::ControlSocket).await, "warn");
    assert_eq!(stale.verdict(Check::DaemonRunning).await, "fail");
}

#[tokio::test]
async fn an_older_daemon_and_a_changed_configuration_want_a_restart() {
    let mut machine = running();
    assert_eq!(machine.verdict(Check::DaemonVersion).await, "pass");
    assert_eq!(machine.verdict(Check::RestartPending).await, "pass");
    let report = machine.control.report.as_mut().unwrap();
    report.daemon.version = "0.0.9".to_owned();
    report.daemon.restart_pending = true;
    for check in [Check::DaemonVersion, Check::RestartPending] {
        let finding = machine.finding(check).await;
        assert_eq!((word(&finding), finding.verdict.fix()), ("warn", Some("netclaw daemon restart")));
    }
}

#[tokio::test]
async fn a_port_is_the_daemons_or_free_or_somebodys() {
    let unreachable = ApiError::Unreachable { cause: "no complete answer".to_owned() };
    let foreign = ApiError::NotADaemon { what: "its answer is not HTTP".to_owned() };
    let taken = Err(ListenError::Taken);
    for (listen, probe, verdict, words) in [
        (Ok(()), Ok(()), "pass", "127.0.0.1:5199 is free"),
        (taken.clone(), Ok(()), "fail", "another netclaw daemon"),
        (taken.clone(), Err(foreign), "fail", "no netclaw daemon"),
        (taken, Err(unreachable), "fail", "another program has 127.0.0.1:5199 (no complete answer)"),
        (Err(ListenError::NotOurs), Ok(()), "fail", "does not have the address"),
        (Err(ListenError::Forbidden), Ok(()), "fail", "may not listen"),
        (Err(ListenError::Other("odd".to_owned())), Ok(()), "fail", "odd"),
    ] {
        let mut machine = Machine::host(Settings::default());
        machine.network.listen = listen;
        machine.api.probes.lock().unwrap().push_back(probe);
        let finding = machine.finding(Check::Port).await;
        assert_eq!(word(&finding), verdict);
        assert!(finding.message.contains(words), "{finding:?}");
    }
    assert_eq!(running().verdict(Check::Port).await, "pass");
    let machine = running();
    machine.api.probes.lock().unwrap().push_back(Err(ApiError::Unreachable { cause: "refused".to_owned() }));
    assert_eq!(machine.verdict(Check::Port).await, "fail");
}

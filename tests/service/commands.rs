//! `netclaw daemon install` and `uninstall`, and what the other commands do where there is a service.

use std::path::Path;

use clap::Parser;
use netclaw::adapters::terminal::cli::host::{DaemonCommand, HostCommand};
use netclaw::adapters::terminal::cli::{Cli, Command};
use netclaw::adapters::terminal::commands::host::{AgentKeyPorts, HostPorts, ServicePorts, run_operate};
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::Exit;
use netclaw::ports::daemon_process::DaemonProcess;
use netclaw::ports::prompter::PromptError;
use netclaw::ports::service_manager::{Scope, ServiceError, ServiceManager};

use super::machine::Machine;
use crate::fakes::agent_key_store::FakeAgentKeyStore;
use crate::fakes::consent::ScriptedConsent;
use crate::fakes::daemon_process::FakeDaemonProcess;
use crate::fakes::granting_api::FakeApi;
use crate::fakes::host::FakeHost;
use crate::fakes::service_manager::FakeServiceManager;
use crate::fakes::settings_store::FakeSettingsStore;
use crate::fakes::wizard::ScriptedWizard;

/// What a command wrote and how it ended.
struct Ran {
    out: String,
    err: String,
    exit: Exit,
}

async fn run_on(words: &str, process: &FakeDaemonProcess, service: ServicePorts<'_>) -> Ran {
    let words = format!("netclaw daemon {words}");
    let parsed = Cli::try_parse_from(words.split(' ')).unwrap();
    let Command::Host(HostCommand::Daemon { command: DaemonCommand::Operate(command) }) = parsed.command else {
        panic!("{words}")
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console { out: &mut out, err: &mut err, err_is_terminal: false };
    let ports = HostPorts {
        api: &FakeApi::default(),
        control: &FakeHost::default(),
        process,
        service,
        consent: &ScriptedConsent::default(),
        settings: &FakeSettingsStore::default(),
        wizard: &mut ScriptedWizard::default(),
        agent_key: AgentKeyPorts { store: &FakeAgentKeyStore::default(), ask: &|| Err(PromptError::EndOfInput) },
        log_file: Path::new("/nowhere/daemon.log"),
    };
    let ended = run_operate(command, ports, &mut console).await;
    let exit = ended.as_ref().err().map_or(Exit::Done, |failure| failure.exit);
    if let Err(failure) = ended {
        failure.print(&mut err).unwrap();
    }
    Ran { out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap(), exit }
}

async fn run(words: &str, manager: &FakeServiceManager) -> Ran {
    run_on(words, &FakeDaemonProcess::default(), manager.ports()).await
}

fn asked(manager: &FakeServiceManager) -> Vec<String> {
    std::mem::take(&mut *manager.asked.lock().unwrap())
}

#[tokio::test]
async fn an_installation_says_where_what_next_and_how_to_stay_after_a_logout() {
    let manager = FakeServiceManager::default();
    let ran = run("install", &manager).await;
    let expected = "The service is installed and the daemon runs: /units/User/netclaw.service\n";
    assert_eq!((ran.out.as_str(), ran.exit), (expected, Exit::Done));
    for words in ["loginctl enable-linger", "journalctl --user -u netclaw", "netclaw daemon pair"] {
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    let ran = run("install", &manager).await;
    assert!(ran.out.starts_with("The service is already installed"), "{}", ran.out);
    assert_eq!(ran.err, "");
}

#[tokio::test]
async fn root_gets_a_service_of_the_machine_unless_told_otherwise() {
    let root = || FakeServiceManager { usual_scope: Scope::System, ..FakeServiceManager::default() };
    for (words, expected) in [
        ("install", "install System None"),
        ("install --system", "install System None"),
        ("install --user", "install User None"),
        ("install --run-as alice", "install System Some(\"alice\")"),
    ] {
        let manager = root();
        let ran = run(words, &manager).await;
        assert_eq!(asked(&manager), [expected], "{words}");
        assert_eq!(ran.err.contains("linger"), expected.contains("User"), "{}", ran.err);
    }
    assert!(Cli::try_parse_from(["netclaw", "daemon", "install", "--user", "--system"]).is_err());
    assert!(Cli::try_parse_from(["netclaw", "daemon", "install", "--user", "--run-as", "x"]).is_err());
    let ran = run("install --run-as alice", &FakeServiceManager::default()).await;
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("--system"), "{}", ran.err);
}

#[tokio::test]
async fn a_dry_run_prints_the_unit_and_only_that() {
    let manager = FakeServiceManager { usual_scope: Scope::System, ..FakeServiceManager::default() };
    let process = FakeDaemonProcess::already_running(7);
    let ran = run_on("install --dry-run", &process, manager.ports()).await;
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("service of System as None\n", ""));
    assert_eq!((asked(&manager), manager.installed()), (vec!["definition".to_owned()], None));
}

#[tokio::test]
async fn variables_that_the_service_would_not_see_are_named_without_their_values() {
    let variables: Vec<String> =
        ["PATH", "NETCLAW_HOME", "NETCLAW_DAEMON_ENDPOINT", "NETCLAW_Daemon__Port", "NETCLAW_LOG\u{1b}"]
            .map(str::to_owned)
            .into();
    let manager = FakeServiceManager::default();
    let service = ServicePorts { variables: &variables, ..manager.ports() };
    let ran = run_on("install", &FakeDaemonProcess::default(), service).await;
    let warning = "warning: the service does not see these variables: NETCLAW_Daemon__Port, NETCLAW_LOG?";
    assert_eq!(ran.err.lines().next(), Some(warning));
    let ran = run_on("start", &FakeDaemonProcess::default(), service).await;
    assert_eq!(ran.err.lines().next(), Some(warning));
}

#[tokio::test]
async fn a_daemon_outside_the_service_is_not_fought_over_the_lock() {
    let manager = FakeServiceManager::default();
    let ran = run_on("install", &FakeDaemonProcess::already_running(7), manager.ports()).await;
    assert_eq!((ran.exit, manager.installed()), (Exit::Failed, None));
    assert!(ran.err.contains("a daemon runs on this home already (pid 7)"), "{}", ran.err);
    assert!(ran.err.contains("hint: stop it first: netclaw daemon stop\n"), "{}", ran.err);
    let manager = FakeServiceManager::with_service(Scope::User, Some(7));
    let ran = run_on("install", &FakeDaemonProcess::already_running(7), manager.ports()).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
}

#[tokio::test]
async fn a_home_has_one_service_at_most() {
    let manager = FakeServiceManager::with_service(Scope::System, None);
    let ran = run("install --user", &manager).await;
    assert_eq!(ran.exit, Exit::Failed);
    assert!(ran.err.contains("netclaw daemon uninstall --system"), "{}", ran.err);
    assert_eq!(asked(&manager), [""; 0]);
}

#[tokio::test]
async fn removing_says_that_the_home_stays() {
    let manager = FakeServiceManager::with_service(Scope::User, Some(7));
    let ran = run("uninstall", &manager).await;
    assert!(
        ran.out.contains("/units/User/netclaw.service") && ran.out.contains("/the/home is as it was"),
        "{}",
        ran.out
    );
    let ran = run("uninstall", &manager).await;
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("The service is not installed.\n", ""));
    let ran = run("uninstall", &FakeServiceManager::with_service(Scope::System, None)).await;
    assert!(ran.err.contains("netclaw daemon uninstall --system"), "{}", ran.err);
}

#[tokio::test]
async fn every_refusal_has_its_next_command() {
    let home = Path::new("/the/home").to_owned();
    for (error, hint) in [
        (ServiceError::Unavailable, "netclaw daemon start"),
        (ServiceError::NotRoot, "sudo env NETCLAW_HOME=/the/home \"$(command -v netclaw)\" daemon install --system"),
        (ServiceError::Foreign("/units/x".into()), "mv /units/x /units/x.old"),
        (ServiceError::OtherHome("/units/x".into()), "netclaw daemon uninstall"),
        (ServiceError::NoSuchUser("alice".to_owned()), "useradd"),
        (
            ServiceError::NotTheirHome { home, owner: "root".to_owned(), user: "alice".to_owned() },
            "chown -R alice: /the/home",
        ),
        (ServiceError::UnusablePath("/x?".to_owned()), "move it"),
        (ServiceError::File("no room".to_owned()), "accessible"),
        (ServiceError::Refused("no bus".to_owned()), "XDG_RUNTIME_DIR"),
        (ServiceError::NotStarted("no port".to_owned()), "journalctl --user -u netclaw"),
    ] {
        let ran = run("install", &FakeServiceManager::failing(error.clone())).await;
        assert_eq!(ran.exit, Exit::Failed, "{error:?}");
        let errors = ran.err.lines().filter(|line| line.starts_with("error: ")).count();
        assert!(
            errors == 1 && ran.err.lines().any(|line| line.starts_with("hint: ") && line.contains(hint)),
            "{}",
            ran.err
        );
    }
}

#[tokio::test]
async fn start_goes_through_the_service_where_there_is_one() {
    let (manager, process) = (FakeServiceManager::with_service(Scope::User, None), FakeDaemonProcess::default());
    for words in ["start", "restart"] {
        let ran = run_on(words, &process, manager.ports()).await;
        assert_eq!((asked(&manager), process.running()), (vec!["start User".to_owned()], None));
        assert!(ran.err.contains("Started by systemd"), "{}", ran.err);
        assert!(ran.out.contains("The daemon is running"), "{}", ran.out);
    }
    let none = FakeServiceManager::default();
    run_on("start", &process, none.ports()).await;
    assert!(process.running().is_some() && asked(&none).is_empty());
}

#[tokio::test]
async fn a_new_credential_is_made_in_the_background_because_a_unit_has_no_room_for_the_wish() {
    let (manager, process) = (FakeServiceManager::with_service(Scope::User, None), FakeDaemonProcess::default());
    let ran = run_on("start --recover", &process, manager.ports()).await;
    assert!(process.running().is_some() && asked(&manager).is_empty());
    assert!(ran.err.contains("netclaw daemon restart"), "{}", ran.err);
}

#[tokio::test]
async fn the_machines_service_is_started_by_root() {
    let manager = FakeServiceManager {
        error: Some(ServiceError::NotRoot),
        ..FakeServiceManager::with_service(Scope::System, None)
    };
    let ran = run("start", &manager).await;
    assert!(ran.err.contains("hint: run it as root: sudo systemctl start netclaw\n"), "{}", ran.err);
}

#[tokio::test]
async fn stop_also_ends_the_attempts_of_a_service_that_cannot_start() {
    let trying =
        |error| FakeServiceManager { error, is_trying: true, ..FakeServiceManager::with_service(Scope::System, None) };
    let manager = trying(None);
    let ran = run("stop", &manager).await;
    assert_eq!((asked(&manager), ran.exit), (vec!["give up System".to_owned()], Exit::Done));
    assert!(ran.out.contains("does not try to start it any more"), "{}", ran.out);
    let ran = run("stop", &trying(Some(ServiceError::NotRoot))).await;
    assert!(ran.err.contains("hint: run it as root: sudo systemctl stop netclaw\n"), "{}", ran.err);
    assert_eq!(run("stop", &FakeServiceManager::default()).await.out, "The daemon is not running.\n");
}

#[tokio::test]
async fn without_a_log_file_the_journal_is_named() {
    for (scope, command) in [(Scope::User, "journalctl --user -u netclaw"), (Scope::System, "journalctl -u netclaw")] {
        let ran = run("logs", &FakeServiceManager::with_service(scope, None)).await;
        assert!(ran.err.ends_with(&format!("{command}\n")), "{}", ran.err);
    }
    let ran = run("logs", &FakeServiceManager::default()).await;
    assert!(!ran.err.contains("journalctl"), "{}", ran.err);
}

#[tokio::test]
async fn from_the_command_to_systemctl_and_back() {
    let machine = Machine::default();
    let (systemd, home) = (machine.systemd(), machine.path("home"));
    let service = ServicePorts { manager: &systemd, home: &home, variables: &[] };
    let process = FakeDaemonProcess::default();
    let ran = run_on("install --user", &process, service).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    run_on("start", &process, service).await;
    let ran = run_on("uninstall --user", &process, service).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    let expected =
        ["daemon-reload", "reset-failed", "enable --now", "reset-failed", "start", "disable --now", "daemon-reload"];
    let changes = machine.changes();
    assert_eq!(changes.len(), expected.len(), "{changes:?}");
    for (change, words) in changes.iter().zip(expected) {
        assert!(change.starts_with(&format!("--user --no-ask-password {words}")), "{change}");
    }
}

//! The commands of the host over a daemon that is not there.

use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use clap::Parser;
use netclaw::adapters::terminal::cli::host::{DaemonCommand, HostCommand};
use netclaw::adapters::terminal::cli::{Cli, Command};
use netclaw::adapters::terminal::commands::host::{AgentKeyPorts, HostPorts, run_init, run_operate, run_up};
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::{self, Exit, Failure};
use netclaw::app::client::target::TargetError;
use netclaw::domain::binding::{Binding, Origin};
use netclaw::domain::client_address::ClientAddress;
use netclaw::domain::session::Phase;
use netclaw::domain::session::asking::Applicant;
use netclaw::domain::time::WallTime;
use netclaw::domain::words::Words;
use netclaw::ports::activity_log::LastUse;
use netclaw::ports::control_channel::{DeviceSummary, LockoutSummary, PairingOutcome};
use netclaw::ports::daemon_api::DeviceIdentity;
use netclaw::ports::daemon_process::StartError;
use netclaw::ports::prompter::PromptError;
use netclaw::ports::storage::StorageError;

use crate::fakes::agent_key_store::FakeAgentKeyStore;
use crate::fakes::consent::ScriptedConsent;
use crate::fakes::granting_api::FakeApi;
use crate::fakes::host::FakeHost;
use crate::fakes::samples::{device_id, endpoint, name};
use crate::fakes::service_manager::FakeServiceManager;
use crate::fakes::settings_store::FakeSettingsStore;
use crate::fakes::wizard::ScriptedWizard;

/// What a command wrote and how it ended.
pub(super) struct Ran {
    pub(super) out: String,
    pub(super) err: String,
    pub(super) ended: Result<(), Failure>,
}

impl Ran {
    pub(super) fn exit(&self) -> Exit {
        self.ended.as_ref().err().map_or(Exit::Done, |failure| failure.exit)
    }

    pub(super) fn shown_failure(&self) -> String {
        let mut text = Vec::new();
        self.ended.as_ref().unwrap_err().print(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }
}

pub(super) async fn run_with(
    words: &str,
    host: &FakeHost,
    settings: &FakeSettingsStore,
    wizard: &mut ScriptedWizard,
    log: &Path,
) -> Ran {
    run_beside(words, host, settings, wizard, log, &FakeServiceManager::default()).await
}

/// Runs a command on a machine with this service manager.
pub(super) async fn run_beside(
    words: &str,
    host: &FakeHost,
    settings: &FakeSettingsStore,
    wizard: &mut ScriptedWizard,
    log: &Path,
    manager: &FakeServiceManager,
) -> Ran {
    let Command::Host(command) = Cli::try_parse_from(words.split(' ')).unwrap().command else { panic!("{words}") };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console { out: &mut out, err: &mut err, err_is_terminal: false };
    let (api, service, consent) = (FakeApi::default(), manager.ports(), &host.consent);
    let agent_key = AgentKeyPorts { store: &FakeAgentKeyStore::default(), ask: &|| Err(PromptError::EndOfInput) };
    let ports = HostPorts {
        api: &api,
        control: host,
        process: host,
        service,
        consent,
        settings,
        wizard,
        agent_key,
        log_file: log,
    };
    let ended = match command {
        HostCommand::Init(args) => run_init(*args, ports, &mut console).await,
        HostCommand::Up(args) => run_up(*args, ports, &mut console).await,
        HostCommand::Daemon { command: DaemonCommand::Operate(command) } => {
            run_operate(command, ports, &mut console).await
        }
        HostCommand::Daemon { command: DaemonCommand::Run(_) } => panic!("runs elsewhere"),
    };
    Ran { out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap(), ended }
}

pub(super) async fn run(words: &str, host: &FakeHost) -> Ran {
    let log = Path::new("/nowhere/daemon.log");
    run_with(words, host, &FakeSettingsStore::default(), &mut ScriptedWizard::default(), log).await
}

fn device(number: u8, called: &str, last_use: Option<LastUse>) -> DeviceSummary {
    DeviceSummary {
        device: DeviceIdentity { id: device_id(number), name: name(called) },
        bootstrap: false,
        created_at: WallTime::from_unix_millis(1_790_000_000_000),
        expires_at: None,
        has_expired: false,
        last_use,
    }
}

#[tokio::test]
async fn a_pairing_code_is_shown_in_four_lines() {
    let host = FakeHost { external: Some(endpoint("http://my-server:5199")), ..FakeHost::running() };
    let ran = run("netclaw daemon pair", &host).await;
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[0], "Pairing code: ABCD-EF23");
    let time = lines[1].strip_prefix("Expires at: ").unwrap().strip_suffix(" (local time)").unwrap();
    assert_eq!((time.len(), time.matches(':').count()), (8, 2));
    assert_eq!(lines[2..], ["On the remote device, run:", "netclaw pair http://my-server:5199"]);
    assert_eq!(ran.err, "");
}

#[tokio::test]
async fn a_pairing_code_as_json() {
    let ran = run("netclaw daemon pair --json", &FakeHost::running()).await;
    let expected = concat!(
        r#"{"code":"ABCD-EF23","expiresAt":"2026-09-21T14:18:20.000Z","expiresInSeconds":300,"#,
        r#""endpoint":"http://127.0.0.1:5199","command":"netclaw pair http://127.0.0.1:5199"}"#,
        "\n"
    );
    assert_eq!((ran.out.as_str(), ran.err.as_str()), (expected, ""));
    assert!(Cli::try_parse_from(["netclaw", "daemon", "pair", "--wait", "--json"]).is_err());
}

#[tokio::test]
async fn waiting_ends_with_what_became_of_the_code() {
    let waiting = PairingOutcome::Phase(Phase::Waiting { remaining: Duration::from_secs(245) });
    let paired = PairingOutcome::Paired(DeviceIdentity { id: device_id(1), name: name("laptop") });
    let table = [
        (vec![waiting, paired], Exit::Done, format!("Paired: \"laptop\" ({})", device_id(1))),
        (vec![PairingOutcome::Phase(Phase::Expired)], Exit::Failed, "has expired".to_owned()),
        (vec![PairingOutcome::Phase(Phase::Exhausted)], Exit::Failed, "too many wrong codes".to_owned()),
        (vec![PairingOutcome::Replaced], Exit::Failed, "replaced by a newer one".to_owned()),
    ];
    for (outcomes, exit, words) in table {
        let host = FakeHost { outcomes: std::sync::Mutex::new(outcomes.into()), ..FakeHost::running() };
        let ran = run("netclaw daemon pair --wait", &host).await;
        assert_eq!(ran.exit(), exit);
        let shown = if exit == Exit::Done { ran.out.clone() } else { ran.shown_failure() };
        assert!(shown.contains(&words), "{shown}");
        assert!(!ran.err.contains("left"), "{}", ran.err);
    }
}

fn applicant() -> PairingOutcome {
    let binding = Binding::Origin(Origin::parse("https://agent.example.org").unwrap());
    let client = ClientAddress::of([192, 0, 2, 7].into());
    let applicant = Applicant { name: name("laptop"), client, binding, words: Words::of([0; 6]) };
    PairingOutcome::Asking { applicant, remaining: Duration::from_secs(200) }
}

/// Runs `netclaw daemon pair --confirm` against these outcomes and an operator with these answers.
async fn confirm(outcomes: Vec<PairingOutcome>, answer: Option<Result<bool, PromptError>>) -> (Ran, Vec<bool>) {
    let (consent, outcomes) = (ScriptedConsent::of(answer), std::sync::Mutex::new(outcomes.into()));
    let host = FakeHost { outcomes, consent, ..FakeHost::running() };
    let ran = run("netclaw daemon pair --confirm", &host).await;
    let decisions = host.decisions.lock().unwrap().clone();
    (ran, decisions)
}

#[tokio::test(start_paused = true)]
async fn the_operator_sees_who_asks_and_only_a_yes_pairs() {
    let paired = || PairingOutcome::Paired(DeviceIdentity { id: device_id(1), name: name("laptop") });
    let (ran, decisions) = confirm(vec![applicant(), paired()], Some(Ok(true))).await;
    assert_eq!((ran.exit(), decisions), (Exit::Done, vec![true]));
    let expected = [
        "A device asks to be paired:",
        "  name       laptop",
        "  address    192.0.2.7",
        "  transport  https, by way of https://agent.example.org",
        "  words      abandon abandon abandon abandon",
    ];
    assert!(ran.err.contains(&expected.join("\n")), "{}", ran.err);
    for (answer, exit) in [(Ok(false), Exit::Failed), (Err(PromptError::EndOfInput), Exit::Usage)] {
        let (ran, decisions) = confirm(vec![applicant(), paired()], Some(answer)).await;
        assert_eq!((ran.exit(), decisions), (exit, vec![false]));
        assert!(!ran.out.contains("Paired"), "{}", ran.out);
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_that_nobody_answers_ends_with_the_code() {
    for over in [PairingOutcome::Phase(Phase::Expired), PairingOutcome::Replaced] {
        let (ran, decisions) = confirm(vec![applicant(), applicant(), over], None).await;
        assert_eq!((ran.exit(), decisions.len()), (Exit::Failed, 0));
        assert!(ran.shown_failure().contains("netclaw daemon pair --confirm"), "{}", ran.shown_failure());
    }
}

#[test]
fn only_a_clear_yes_is_one() {
    use netclaw::adapters::terminal::consent::is_yes;
    for (line, expected) in
        [("y\n", true), (" YES \r\n", true), ("", false), ("n\n", false), ("yy", false), ("yes, but", false)]
    {
        assert_eq!(is_yes(line), expected, "{line:?}");
    }
}

#[test]
fn a_document_cannot_wait_and_a_picture_is_no_document() {
    for flag in ["--wait", "--confirm", "--qr"] {
        assert!(Cli::try_parse_from(["netclaw", "daemon", "pair", flag, "--json"]).is_err(), "{flag}");
    }
}

#[tokio::test]
async fn without_a_daemon_every_question_ends_the_same_way() {
    let words = [
        "pair",
        "status",
        "devices",
        "devices revoke x",
        "devices rename x y",
        "lockouts",
        "lockouts clear",
        "keys",
        "keys rotate",
    ];
    for command in words {
        let ran = run(&format!("netclaw daemon {command}"), &FakeHost::default()).await;
        assert_eq!(ran.exit(), Exit::Unreachable, "{command}");
        let expected = "error: the daemon is not running\nhint: start it with: netclaw daemon start\n";
        assert_eq!(ran.shown_failure(), expected, "{command}");
        assert_eq!(ran.out, "", "{command}");
    }
    let ran = run("netclaw daemon status --json", &FakeHost::default()).await;
    assert_eq!((ran.out.as_str(), ran.exit()), ("{\"running\":false}\n", Exit::Unreachable));
}

#[tokio::test]
async fn devices_are_a_table_of_three_columns() {
    let ran = run("netclaw daemon devices", &FakeHost::running()).await;
    assert_eq!(ran.out, "No paired devices.\n");
    let last_use = LastUse { at: WallTime::from_unix_millis(1_790_000_300_000), address: "192.0.2.7".parse().unwrap() };
    let devices = vec![device(1, "laptop", Some(last_use)), device(2, "a much longer name", None)];
    let host = FakeHost { devices, ..FakeHost::running() };
    let ran = run("netclaw daemon devices", &host).await;
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[0], "Name                Created           Last Used");
    assert!(lines[1].starts_with("laptop              2026-09-2"), "{}", lines[1]);
    assert!(lines[2].ends_with("  never"), "{}", lines[2]);
    let ran = run("netclaw daemon devices --json", &host).await;
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let (first, second) = (&json["devices"][0], &json["devices"][1]);
    let expected = serde_json::json!({
        "id": device_id(1).as_str(), "name": "laptop", "createdAt": "2026-09-21T14:13:20.000Z",
        "lastUsedAt": "2026-09-21T14:18:20.000Z", "lastAddress": "192.0.2.7",
    });
    assert_eq!(*first, expected);
    assert!(second["lastUsedAt"].is_null() && second["lastAddress"].is_null());
}

#[tokio::test]
async fn revoking_and_renaming_say_what_they_did() {
    let host = FakeHost { devices: vec![device(1, "laptop", None)], ..FakeHost::running() };
    let ran = run("netclaw daemon devices revoke laptop", &host).await;
    assert_eq!(ran.out, format!("Revoked \"laptop\" ({}).\n", device_id(1)));
    let ran = run("netclaw daemon devices rename laptop old", &host).await;
    assert_eq!(ran.out, "Renamed \"laptop\" to \"old\".\n");
    let ran = run("netclaw daemon devices rename laptop a/b", &host).await;
    assert_eq!(ran.exit(), Exit::Usage);
    assert!(ran.shown_failure().contains("hint: choose another name: "), "{}", ran.shown_failure());
    let ran = run("netclaw daemon devices revoke nobody", &host).await;
    assert_eq!(ran.exit(), Exit::Failed);
    assert!(ran.shown_failure().starts_with("error: no device is named \"nobody\"\nhint: "));
}

#[tokio::test]
async fn lockouts_are_listed_and_lifted() {
    let lockout = LockoutSummary { address: "192.0.2.7".parse().unwrap(), remaining: Duration::from_millis(840_500) };
    let host = FakeHost { lockouts: vec![lockout], ..FakeHost::running() };
    let ran = run("netclaw daemon lockouts", &host).await;
    assert_eq!(ran.out, "Address    Blocked For\n192.0.2.7  14 minutes 1 second\n");
    let ran = run("netclaw daemon lockouts --json", &host).await;
    assert_eq!(ran.out, "{\"lockouts\":[{\"address\":\"192.0.2.7\",\"remainingSeconds\":841}]}\n");
    assert_eq!(run("netclaw daemon lockouts clear", &host).await.out, "Lifted 1 block.\n");
    assert_eq!(run("netclaw daemon lockouts clear 192.0.2.8", &host).await.out, "192.0.2.8 is not blocked.\n");
}

#[tokio::test]
async fn starting_and_stopping_twice_is_no_error() {
    let host = FakeHost::default();
    assert_eq!(run("netclaw daemon stop", &host).await.out, "The daemon is not running.\n");
    let started = run("netclaw daemon start", &host).await;
    assert_eq!(started.out, "The daemon is running at http://127.0.0.1:5199 (pid 4711).\n");
    assert_eq!(run("netclaw daemon start", &host).await.out, "The daemon is already running (pid 4711).\n");
    assert_eq!(run("netclaw daemon restart", &host).await.err, "The daemon has stopped.\n");
    assert_eq!(run("netclaw daemon stop", &host).await.out, "The daemon has stopped.\n");
    assert_eq!(run("netclaw daemon restart", &host).await.err, "The daemon was not running.\n");
}

#[tokio::test]
async fn a_daemon_that_will_not_end_is_reported() {
    let ran = run("netclaw daemon stop", &FakeHost { never_ends: true, ..FakeHost::running() }).await;
    assert_eq!(ran.exit(), Exit::Failed);
    let failure = ran.shown_failure();
    assert!(failure.contains("the daemon (pid 4711) still runs after 30 seconds"), "{failure}");
    let (gentle, hard) = (failure.find("kill 4711").unwrap(), failure.find("kill -9 4711").unwrap());
    assert!(gentle < hard, "{failure}");
}

#[tokio::test]
async fn a_daemon_that_is_still_starting_is_waited_for() {
    let starting = || FakeHost { unanswered: AtomicU32::new(2), ..FakeHost::running() };
    let host = starting();
    assert_eq!(run("netclaw daemon stop", &host).await.out, "The daemon has stopped.\n");
    assert!(!*host.running.lock().unwrap());
    let ran = run("netclaw up", &starting()).await;
    assert!(ran.out.starts_with("Pairing code: "), "{:?}", ran.ended);
}

#[tokio::test]
async fn the_slower_one_of_two_starts_finds_the_daemon_of_the_other() {
    let host = || FakeHost {
        start_error: Some(StartError::Ended {
            error: "a daemon already runs on this home".to_owned(),
            hints: Vec::new(),
            log: vec!["a line of its log".to_owned()],
        }),
        loses_race: true,
        unanswered: AtomicU32::new(2),
        ..FakeHost::default()
    };
    let ran = run("netclaw daemon start", &host()).await;
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("The daemon is already running (pid 4711).\n", ""));
    let ran = run("netclaw up", &host()).await;
    assert!(ran.out.starts_with("Pairing code: "), "{:?}", ran.ended);
}

#[tokio::test]
async fn a_failed_start_passes_on_the_daemons_own_words() {
    let start_error = StartError::Ended {
        error: "error: address in use".to_owned(),
        hints: vec!["hint: choose another port".to_owned()],
        log: vec!["a line of its log".to_owned()],
    };
    let ran = run("netclaw daemon start", &FakeHost { start_error: Some(start_error), ..FakeHost::default() }).await;
    assert_eq!(ran.err, "a line of its log\n");
    assert_eq!(ran.shown_failure(), "error: address in use\nhint: choose another port\n");
}

#[test]
fn every_failure_says_what_to_do_next() {
    let failures = [
        failure::of_prompt(PromptError::EndOfInput),
        failure::of_prompt(PromptError::Input("the input is not UTF-8".to_owned())),
        failure::of_start(StartError::Spawn("/bin/netclaw: out of memory".to_owned())),
        failure::of_start(StartError::NotReady(Duration::from_secs(20))),
        failure::of_target(TargetError::Credentials(StorageError("disk full".to_owned()).into())),
        failure::of_load_settings(StorageError("disk full".to_owned()).into()),
    ];
    for failure in failures {
        assert!(!failure.hints.is_empty(), "{failure:?}");
    }
}

#[tokio::test]
async fn logs_are_the_last_thousand_lines_without_terminal_escapes() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("daemon.log");
    let text: String = (0..1500).map(|number| format!("line {number}\x1b[2J\n")).collect();
    std::fs::write(&log, text + "last without end").unwrap();
    let settings = FakeSettingsStore::default();
    let ran =
        run_with("netclaw daemon logs", &FakeHost::default(), &settings, &mut ScriptedWizard::default(), &log).await;
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[1000]), (1001, "line 500?[2J", "last without end"));
    let ran = run("netclaw daemon logs", &FakeHost::default()).await;
    assert!(ran.shown_failure().contains("hint: a daemon in the foreground"), "{}", ran.shown_failure());
}

/// Output that a test can look at while the command still writes it.
#[derive(Clone, Default)]
struct SharedOutput(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for SharedOutput {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl SharedOutput {
    async fn until(&self, expected: &str) {
        let is_there = || String::from_utf8_lossy(&self.0.lock().unwrap()).ends_with(expected);
        let watch = async {
            while !is_there() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), watch).await.unwrap();
    }
}

#[tokio::test]
async fn following_a_log_goes_on_across_a_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("daemon.log");
    std::fs::write(&log, "one\n").unwrap();
    let output = SharedOutput::default();
    let (mut out, path) = (output.clone(), log.clone());
    let following = tokio::spawn(async move {
        let host = FakeHost::default();
        let Command::Host(HostCommand::Daemon { command: DaemonCommand::Operate(command) }) =
            Cli::try_parse_from(["netclaw", "daemon", "logs", "-f"]).unwrap().command
        else {
            panic!()
        };
        let mut console = Console { out: &mut out, err: &mut Vec::new(), err_is_terminal: false };
        let (settings, mut wizard) = (FakeSettingsStore::default(), ScriptedWizard::default());
        let manager = FakeServiceManager::default();
        let agent_key = AgentKeyPorts { store: &FakeAgentKeyStore::default(), ask: &|| Err(PromptError::EndOfInput) };
        let ports = HostPorts {
            agent_key,
            api: &FakeApi::default(),
            control: &host,
            process: &host,
            service: manager.ports(),
            consent: &ScriptedConsent::default(),
            settings: &settings,
            wizard: &mut wizard,
            log_file: &path,
        };
        run_operate(command, ports, &mut console).await
    });
    output.until("one\n").await;
    let append = |text: &str| {
        use std::io::Write;
        std::fs::OpenOptions::new().append(true).create(true).open(&log).unwrap().write_all(text.as_bytes()).unwrap();
    };
    append("two\n");
    output.until("one\ntwo\n").await;
    append("three\nfour");
    std::fs::rename(&log, folder.path().join("daemon.log.1")).unwrap();
    append("five\n");
    output.until("one\ntwo\nthree\nfour\nfive\n").await;
    following.abort();
}

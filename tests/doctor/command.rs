//! The command: what it shows before it mends something, and what it asks.

use std::path::Path;
use std::sync::Arc;

use clap::Parser;
use netclaw::adapters::terminal::cli::{Cli, Command};
use netclaw::adapters::terminal::commands::doctor::{DoctorPorts, run_doctor};
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::{Exit, Failure};
use netclaw::domain::settings::Settings;
use netclaw::ports::exposure::Exposure;
use netclaw::ports::home_inspection::Kind;

use super::Machine;
use crate::fakes::home_inspection::{FakeHomeRepair, entry};
use crate::fakes::wizard::{Act, ScriptedWizard};

/// Runs it on a host whose home is open to others; gives what it wrote, how it ended, and how many repairs were done.
async fn run(words: &str, wizard: &mut ScriptedWizard) -> (String, String, Result<(), Failure>, usize) {
    run_on(Machine::host(Settings::default()).running(), words, wizard).await
}

async fn run_on(
    mut machine: Machine,
    words: &str,
    wizard: &mut ScriptedWizard,
) -> (String, String, Result<(), Failure>, usize) {
    let Command::Doctor(args) = Cli::try_parse_from(words.split(' ')).unwrap().command else { panic!("{words}") };
    machine.home.0.folders = vec![entry("/home", Kind::Folder, 0o755)];
    machine.home.0.control_socket = Some(entry("/home/run/control.sock", Kind::Socket, 0o600));
    let (repair, exposure) = (FakeHomeRepair::default(), Arc::clone(&machine.exposure));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console { out: &mut out, err: &mut err, err_is_terminal: false };
    let exposure = move |_: &Settings| -> Arc<dyn Exposure> { exposure.clone() };
    let doctor = machine.doctor(&exposure);
    let ports = DoctorPorts { doctor, repair: &repair, wizard, root: Path::new("/home") };
    let ended = run_doctor(args, ports, &mut console).await;
    let done = repair.done.lock().unwrap().len();
    (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap(), ended, done)
}

const DIFF: &str = "/home\n  - mode 0755\n  + mode 0700\n";

#[tokio::test]
async fn nothing_is_mended_unless_it_is_asked_for_and_allowed() {
    let warnings = Err(Failure::silent(Exit::WARNINGS));
    for (words, acts, shown, done) in [
        ("netclaw doctor", vec![], String::new(), 0),
        ("netclaw doctor --dry-run", vec![], format!("{DIFF}Nothing was changed.\n"), 0),
        ("netclaw doctor --fix --dry-run --yes", vec![], format!("{DIFF}Nothing was changed.\n"), 0),
        ("netclaw doctor --fix", vec![Act::Decide(false)], DIFF.to_owned(), 0),
        ("netclaw doctor --fix", vec![Act::Back], DIFF.to_owned(), 0),
        ("netclaw doctor --fix", vec![Act::End], DIFF.to_owned(), 0),
        ("netclaw doctor --fix", vec![Act::Decide(true)], DIFF.to_owned(), 1),
        ("netclaw doctor --fix --yes", vec![], DIFF.to_owned(), 1),
    ] {
        let mut person = ScriptedWizard::person(acts);
        let (out, err, ended, mended) = run(words, &mut person).await;
        assert_eq!((err, mended, &ended), (shown, done, &warnings), "{words}");
        assert!(out.contains("WARN  folders ") && out.ends_with("0 failures, 1 warning.\n"), "{out}");
    }
    let (out, err, ended, mended) = run("netclaw doctor --fix", &mut ScriptedWizard::default()).await;
    assert_eq!((out.as_str(), err.as_str(), mended), ("", DIFF, 0));
    assert_eq!(ended.unwrap_err().exit, Exit::Usage);
}

#[tokio::test]
async fn root_mends_nothing_in_the_home_of_another_user() {
    for (words, is_refused) in
        [("netclaw doctor --fix --yes", true), ("netclaw doctor --dry-run", false), ("netclaw doctor", false)]
    {
        let mut machine = Machine::host(Settings::default()).running();
        machine.home.0.user = 0;
        let (_, _, ended, mended) = run_on(machine, words, &mut ScriptedWizard::default()).await;
        assert_eq!(mended, 0, "{words}");
        let failure = ended.unwrap_err();
        assert_eq!((failure.exit == Exit::Failed, failure.message.is_some()), (is_refused, is_refused), "{words}");
        let expected =
            "run it as that user: sudo -u '#1000' env NETCLAW_HOME=/home \"$(command -v netclaw)\" doctor --fix";
        assert_eq!(failure.hints.first().map(String::as_str), is_refused.then_some(expected), "{words}");
    }
}

#[tokio::test]
async fn scripts_get_one_document() {
    let (out, err, _, _) = run("netclaw doctor --format json", &mut ScriptedWizard::default()).await;
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((out.lines().count(), err.as_str(), &document["overall"]), (1, "", &"warn".into()));
    let folders = document["checks"].as_array().unwrap().iter().find(|check| check["id"] == "folders").unwrap();
    let expected = serde_json::json!({
        "id": "folders", "group": "files", "verdict": "warn",
        "message": "others may look into /home (mode 0755)", "fix": "chmod 700 /home",
    });
    assert_eq!(*folders, expected);
}

//! What a person types, is asked and reads on a device.

use std::io::{self, Cursor};
use std::time::Duration;

use clap::{CommandFactory, Parser};
use netclaw::adapters::terminal::cli::{Cli, Command};
use netclaw::adapters::terminal::commands::{ClientPorts, run_client};
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::{Exit, Failure};
use netclaw::adapters::terminal::prompter::LinePrompter;
use netclaw::adapters::terminal::render::span;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::key_rotation::Announcement;
use netclaw::domain::link::Pins;
use netclaw::domain::pin::Pin;
use netclaw::domain::time::WallTime;
use netclaw::ports::credential_store::CredentialStoreError;
use netclaw::ports::daemon_api::Rejection;
use netclaw::ports::daemon_api::{NextKey, TransportReport};
use netclaw::ports::prompter::{PromptError, Prompter};
use netclaw::ports::storage::StorageError;

use crate::fakes::clock::FakeClock;
use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::granting_api::FakeApi;
use crate::fakes::prompter::FakePrompter;
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{GRANTED, daemon_id, device_id, name, pairing, rejected, token, unreachable};
use crate::fakes::settings_store::FakeSettingsStore;

pub(super) async fn run(
    words: &str,
    api: &FakeApi,
    credentials: &FakeCredentialStore,
    prompter: &mut FakePrompter,
) -> (String, String, Exit) {
    let Command::Client(command) = Cli::try_parse_from(words.split(' ')).unwrap().command else { panic!("{words}") };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console { out: &mut out, err: &mut err, err_is_terminal: false };
    let settings = FakeSettingsStore::default();
    let ports = ClientPorts {
        rng: &SeededRng::new(3),
        api,
        credentials,
        settings: &settings,
        prompter,
        clock: &FakeClock::default(),
        environment_endpoint: None,
        host_name: "my-laptop".to_owned(),
    };
    let exit = match run_client(command, ports, &mut console).await {
        Ok(()) => Exit::Done,
        Err(failure) => {
            failure.print(&mut err).unwrap();
            failure.exit
        }
    };
    (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap(), exit)
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn prompts_are_to_the_letter() {
    let mut shown = Vec::new();
    let mut prompter = LinePrompter::new(Cursor::new("  abcd-ef23 \r\n\n"), &mut shown, true);
    assert_eq!(prompter.code().unwrap(), "abcd-ef23");
    assert_eq!(prompter.device_name(&name("my-laptop")).unwrap(), "my-laptop");
    assert_eq!(prompter.code(), Err(PromptError::EndOfInput));
    assert_eq!(
        String::from_utf8(shown).unwrap(),
        "Pairing code (XXXX-XXXX): Device name [my-laptop]: Pairing code (XXXX-XXXX): \n"
    );
}

#[test]
fn a_script_is_asked_nothing_and_gets_the_default_name_once() {
    let mut shown = Vec::new();
    let mut prompter = LinePrompter::new(Cursor::new("ABCD-EF23"), &mut shown, false);
    assert_eq!(prompter.code().unwrap(), "ABCD-EF23");
    assert_eq!(prompter.device_name(&name("x")).unwrap(), "x");
    assert_eq!(prompter.device_name(&name("x")), Err(PromptError::EndOfInput));
    prompter.explain("nothing");
    assert!(shown.is_empty());
}

#[test]
fn a_line_of_the_input_is_bounded() {
    for line in ["x".repeat(1 << 20), "\u{e9}".repeat(600)] {
        let mut prompter = LinePrompter::new(Cursor::new(line), Vec::new(), false);
        assert!(matches!(prompter.code(), Err(PromptError::Input(_))));
    }
    let mut prompter = LinePrompter::new(Cursor::new(b"\xff\xfe\n".to_vec()), Vec::new(), false);
    assert!(matches!(prompter.code(), Err(PromptError::Input(_))));
}

#[tokio::test]
async fn pairing_reports_what_it_made_and_never_the_token() {
    let (api, credentials) = (FakeApi::default(), FakeCredentialStore::default());
    let mut script = FakePrompter::script(&["ABCD-EF23"]);
    let (out, err, exit) = run("netclaw pair http://127.0.0.1:5199 --json", &api, &credentials, &mut script).await;
    let expected = format!(
        "{{\"device\":{{\"id\":\"{}\",\"name\":\"my-laptop\"}},\"daemonId\":\"{}\",\"endpoint\":\"http://127.0.0.1:5199\"}}\n",
        device_id(GRANTED),
        daemon_id(GRANTED)
    );
    assert_eq!((out, err.as_str(), exit), (expected, "", Exit::Done));
    let mut person = FakePrompter::person(&["ABCD-EF23", ""]);
    let (out, _, _) = run("netclaw pair http://127.0.0.1:5199", &api, &credentials, &mut person).await;
    assert_eq!(out, "Paired with http://127.0.0.1:5199 as \"my-laptop\".\n");
}

#[tokio::test]
async fn b22_a_code_is_not_asked_for_where_nothing_protects_it() {
    let (api, credentials) = (FakeApi::default(), FakeCredentialStore::default());
    for (place, is_refused) in
        [("http://my-server:5199", true), ("https://my-server", false), ("http://[::1]:1", false)]
    {
        let mut script = FakePrompter::script(&["ABCD-EF23"]);
        let (_, err, _) = run(&format!("netclaw pair {place}"), &api, &credentials, &mut script).await;
        assert_eq!(
            err.contains("does not speak TLS") && err.contains("ssh -L 5199:127.0.0.1:5199 HOST"),
            is_refused,
            "{err}"
        );
    }
}

#[tokio::test]
async fn an_unusable_endpoint_is_wrong_usage_and_no_password_is_repeated() {
    let (api, credentials) = (FakeApi::default(), FakeCredentialStore::default());
    for place in ["my-server:5199", "ftp://x", "http://me:secret@x", "http://x/?secret", "http://["] {
        let mut script = FakePrompter::script(&["ABCD-EF23"]);
        let (_, err, exit) = run(&format!("netclaw pair {place}"), &api, &credentials, &mut script).await;
        assert_eq!(exit, Exit::Usage, "{place}");
        assert!(err.contains("hint: ") && !err.contains("secret"), "{err}");
    }
    assert!(api.calls().is_empty());
}

#[tokio::test]
async fn refusals_of_a_pairing_have_their_exit_codes() {
    let wait = Duration::from_millis(41_500);
    let table = [
        (Rejection::WrongCode, Exit::Refused, "wrong pairing code"),
        (Rejection::NoPairingCode, Exit::Refused, "netclaw daemon pair"),
        (Rejection::RateLimited { retry_after: wait }, Exit::Limited, "try again in 42 seconds\nhint: "),
        (Rejection::LockedOut { retry_after: wait }, Exit::Limited, "netclaw daemon lockouts clear"),
        (Rejection::NameTaken, Exit::Failed, "--name NAME"),
        (Rejection::InvalidDeviceName, Exit::Failed, "--name NAME"),
        (Rejection::StorageUnavailable, Exit::Failed, "the code stays valid"),
        (Rejection::ForbiddenOrigin, Exit::Failed, "ssh -L"),
        (Rejection::NotUnderstood, Exit::Failed, "netclaw --version"),
        (Rejection::Failed, Exit::Failed, "netclaw daemon logs"),
    ];
    for (why, expected, words) in table {
        let api = FakeApi::rejecting([rejected(why)]);
        let mut script = FakePrompter::script(&["ABCD-EF23"]);
        let (out, err, exit) =
            run("netclaw pair http://[::1]:1", &api, &FakeCredentialStore::default(), &mut script).await;
        assert_eq!((exit, out.as_str()), (expected, ""), "{why:?}");
        assert!(err.starts_with("error: ") && err.contains("\nhint: "), "{err}");
        assert!(err.contains(words), "{err}");
    }
}

#[tokio::test]
async fn status_shows_daemon_and_device() {
    let credentials = FakeCredentialStore::with(vec![(pairing(GRANTED, "https://a:1"), token(1))]);
    let api = FakeApi::default();
    let (out, err, exit) = run("netclaw status --json", &api, &credentials, &mut FakePrompter::default()).await;
    let expected = serde_json::json!({
        "overall": "healthy", "endpoint": "https://a:1",
        "daemon": {"id": daemon_id(GRANTED).as_str(), "version": "0.1.0", "exposureMode": "local",
                   "startedAt": "2026-09-21T14:13:20.000Z", "uptimeSeconds": 3700},
        "device": {"id": device_id(1).as_str(), "name": "laptop"},
        "transport": {"kind": "certificate", "pin": null, "fingerprint": null, "nextPin": null, "nextFingerprint": null, "keyCreatedAt": null},
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap(), expected);
    assert_eq!((err.as_str(), exit), ("", Exit::Done));
    let (out, ..) = run("netclaw status", &api, &FakeCredentialStore::default(), &mut FakePrompter::default()).await;
    assert!(out.contains("This device:  not paired"), "{out}");
}

#[tokio::test]
async fn status_shows_the_transport_and_a_next_key_is_stored() {
    let identity = IdentityKey::from_seed(&[9; 32]).unwrap();
    let (current, next) = (Pin::from_bytes([1; 32]), Pin::from_bytes([2; 32]));
    let mut paired = pairing(GRANTED, "http://my-server:5199");
    paired.daemon_id = identity.id();
    paired.known.identity = Some(identity.public_key());
    paired.known.pins = Some(Pins { current, next: None });
    let credentials = FakeCredentialStore::with(vec![(paired, token(1))]);
    let signature = Announcement { daemon: identity.id(), current, next }.sign(&identity);
    let api = FakeApi {
        transport: Some(TransportReport {
            pin: current,
            next: Some(NextKey { pin: next, signature }),
            identity_key: identity.public_key(),
            key_created_at: WallTime::from_unix_millis(1_790_000_000_000),
        }),
        ..FakeApi::default()
    };
    let (out, err, _) = run("netclaw status", &api, &credentials, &mut FakePrompter::default()).await;
    let key = format!("Key:          {} (made 1 hour ago)", current.fingerprint());
    assert!(out.contains("Transport:    TLS with the daemon's own key\n") && out.contains(&key), "{out}{err}");
    assert!(out.contains(&format!("Next key:     {} (announced)\n", next.fingerprint())), "{out}");
    assert_eq!(credentials.pairings()[0].known.pins, Some(Pins { current, next: Some(next) }));
    let (out, ..) = run("netclaw status --json", &api, &credentials, &mut FakePrompter::default()).await;
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["transport"]["kind"], "pinned");
    assert_eq!(document["transport"]["nextPin"], next.to_string());
    assert_eq!(document["transport"]["nextFingerprint"], next.fingerprint());
}

#[tokio::test]
async fn daemons_are_listed_used_and_named() {
    let credentials = FakeCredentialStore::with(vec![
        (pairing(1, "https://a.example"), token(1)),
        (pairing(2, "https://b.example"), token(2)),
    ]);
    let (api, mut nobody) = (FakeApi::default(), FakePrompter::default());
    let (out, ..) = run("netclaw daemons", &api, &credentials, &mut nobody).await;
    let rows: Vec<&str> = out.lines().collect();
    assert!(rows[1].contains("https://a.example") && rows[2].starts_with("*  "), "{out}");
    let first = daemon_id(1);
    let short = &first.as_str()[..8];
    let (out, ..) = run(&format!("netclaw use {short}"), &api, &credentials, &mut nobody).await;
    assert_eq!(out, format!("Commands now use the daemon {short} at https://a.example.\n"));
    let (out, ..) = run("netclaw daemons --json", &api, &credentials, &mut nobody).await;
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    let current = document["daemons"].as_array().unwrap().iter().find(|daemon| daemon["current"] == true).unwrap();
    assert_eq!(current["id"], first.as_str());
    let second = daemon_id(2);
    run(&format!("netclaw status --daemon {second}"), &api, &credentials, &mut nobody).await;
    assert_eq!(api.calls(), [format!("status https://b.example {}", device_id(2))]);
    let (_, err, exit) = run("netclaw status --daemon other", &api, &credentials, &mut nobody).await;
    assert!(err.contains("hint: ") && err.contains("netclaw daemons") && exit == Exit::Usage, "{err}");
    let (out, ..) = run("netclaw daemons", &api, &FakeCredentialStore::default(), &mut nobody).await;
    assert_eq!(out, "Not paired with any daemon.\n");
}

#[tokio::test]
async fn a_refused_credential_is_never_reported_as_anything_else() {
    let api = FakeApi { status_error: Some(rejected(Rejection::Unauthorized)), ..FakeApi::default() };
    let credentials = FakeCredentialStore::with(vec![(pairing(1, "https://a:1"), token(1))]);
    let (_, err, exit) = run("netclaw status", &api, &credentials, &mut FakePrompter::default()).await;
    let mut lines = err.lines();
    assert_eq!(lines.next(), Some("error: Authentication failed: the daemon rejected the bearer token"));
    assert_eq!(lines.next(), Some("hint: pair again: netclaw pair https://a:1"));
    assert_eq!(exit, Exit::Refused);
}

#[tokio::test]
async fn an_unreachable_daemon_is_named_with_its_cause_and_the_rule_that_chose_it() {
    let api = FakeApi { status_error: Some(unreachable()), revoke_error: Some(unreachable()), ..FakeApi::default() };
    let credentials = FakeCredentialStore::with(vec![(pairing(1, "https://a:1"), token(1))]);
    let (_, err, exit) = run("netclaw status", &api, &credentials, &mut FakePrompter::default()).await;
    assert_eq!(exit, Exit::Unreachable);
    assert!(err.starts_with("error: cannot reach a daemon at https://a:1: connection refused\nhint: "), "{err}");
    assert!(err.contains("netclaw daemon status") && err.contains("where this device paired"), "{err}");
    let (_, err, exit) = run("netclaw unpair", &api, &credentials, &mut FakePrompter::default()).await;
    assert_eq!(exit, Exit::Unreachable);
    assert!(err.contains("netclaw unpair --forget"), "{err}");
    let (out, _, exit) = run("netclaw unpair --forget", &api, &credentials, &mut FakePrompter::default()).await;
    assert_eq!((out.as_str(), exit), ("Forgot the credential for https://a:1.\n", Exit::Done));
}

#[tokio::test]
async fn a_credential_that_cannot_be_forgotten_is_reported_with_what_the_daemon_did() {
    let full = || Some(CredentialStoreError::Storage(StorageError("no space left".to_owned())));
    let paired = || FakeCredentialStore {
        forget_error: full(),
        ..FakeCredentialStore::with(vec![(pairing(1, "https://a:1"), token(1))])
    };
    let revoked_before = FakeApi { revoke_error: Some(rejected(Rejection::Unauthorized)), ..FakeApi::default() };
    let table = [
        ("netclaw unpair", &FakeApi::default(), "the daemon has revoked this device already"),
        ("netclaw unpair", &revoked_before, "the daemon has revoked this device already"),
        ("netclaw unpair --forget", &FakeApi::default(), "still accepts this device"),
    ];
    for (words, api, hint) in table {
        let (out, err, exit) = run(words, api, &paired(), &mut FakePrompter::default()).await;
        assert_eq!((out.as_str(), exit), ("", Exit::Failed), "{words}");
        assert!(err.starts_with("error: no space left\nhint: ") && err.contains(hint), "{err}");
    }
}

#[tokio::test]
async fn a_daemon_that_cannot_store_a_revocation_says_nothing_of_codes() {
    let api = FakeApi { revoke_error: Some(rejected(Rejection::StorageUnavailable)), ..FakeApi::default() };
    let credentials = FakeCredentialStore::with(vec![(pairing(1, "https://a:1"), token(1))]);
    let (_, err, exit) = run("netclaw unpair", &api, &credentials, &mut FakePrompter::default()).await;
    assert_eq!((exit, credentials.pairings().len()), (Exit::Failed, 1));
    assert!(err.starts_with("error: the daemon could not revoke this device: the daemon's words\nhint: "), "{err}");
    assert!(err.contains("netclaw daemon logs") && !err.contains("code"), "{err}");
}

struct ClosedPipe;

impl io::Write for ClosedPipe {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_has_gone_away_ends_a_command_quietly() {
    let mut err = Vec::new();
    let mut console = Console { out: &mut ClosedPipe, err: &mut err, err_is_terminal: false };
    assert_eq!(console.result("x"), Err(Failure::quiet()));
    console.progress("not shown");
    assert!(err.is_empty());
    let mut console = Console { out: &mut Vec::new(), err: &mut ClosedPipe, err_is_terminal: true };
    console.note("nobody reads this");
    console.progress("nor this");
}

#[test]
fn spans_are_rounded_up_and_named_by_two_units() {
    let words = |millis| span::in_words(Duration::from_millis(millis));
    assert_eq!(words(0), "0 seconds");
    assert_eq!(words(1), "1 second");
    assert_eq!(words(59_001), "1 minute");
    assert_eq!(words(899_000), "14 minutes 59 seconds");
    assert_eq!(words(3_600_000), "1 hour");
    assert_eq!(words(90_061_000), "1 day 1 hour");
    assert_eq!(span::countdown(Duration::from_millis(299_001)), "5:00");
}

//! The home: who can get at it, whether it fits together, and what of it can be mended.

use std::time::Duration;

use netclaw::app::doctor::mend;
use netclaw::domain::diagnosis::Check;
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::key_rotation::NOTICE;
use netclaw::domain::pin::Pin;
use netclaw::domain::settings::Settings;
use netclaw::domain::time::WallTime;
use netclaw::ports::home_inspection::{Credentials, Entry, Kind, Leftover, SeenKey, SeenKeys, Stored, Writer};
use netclaw::ports::home_repair::Repair;

use super::{Machine, word};
use crate::fakes::home_inspection::{FakeHomeRepair, entry};
use crate::fakes::samples::{WALL, daemon_id, device_and_token, pairing, token};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn tunnelled() -> Machine {
    Machine::host(Settings { mode: ExposureMode::TailscaleServe, ..Settings::default() })
}

#[tokio::test]
async fn folders_and_files_belong_to_their_owner_alone() {
    for (mode, folder, file) in [
        (0o700, "pass", "pass"),
        (0o500, "pass", "pass"),
        (0o710, "warn", "fail"),
        (0o704, "warn", "fail"),
        (0o720, "fail", "fail"),
        (0o702, "fail", "fail"),
        (0o777, "fail", "fail"),
    ] {
        let mut machine = tunnelled();
        machine.home.0.folders = vec![entry("/home", Kind::Folder, mode)];
        machine.home.0.private_files = vec![entry("/home/config/devices.json", Kind::File, mode)];
        assert_eq!(machine.verdict(Check::Folders).await, folder, "{mode:o}");
        assert_eq!(machine.verdict(Check::PrivateFiles).await, file, "{mode:o}");
        machine.home.0.private_files = vec![entry("/home/state/activity.json", Kind::File, mode)];
        let expendable = if file == "fail" { "warn" } else { file };
        assert_eq!(machine.verdict(Check::PrivateFiles).await, expendable, "{mode:o}");
    }
    let mut machine = tunnelled();
    for kind in [Kind::Symlink, Kind::Folder, Kind::Socket, Kind::Other] {
        machine.home.0.private_files = vec![entry("/home/config/devices.json", kind, 0o600)];
        assert_eq!(machine.verdict(Check::PrivateFiles).await, "fail", "{kind:?}");
    }
    for (owner, verdict) in [(0, "pass"), (1001, "fail")] {
        machine.home.0.folders = vec![Entry { owner, ..entry("/home", Kind::Folder, 0o700) }];
        assert_eq!(machine.verdict(Check::Folders).await, verdict, "{owner}");
    }
}

#[tokio::test]
async fn a_folder_behind_a_link_is_judged_and_left_as_it_is() {
    let mut machine = tunnelled();
    machine.home.0.folders = vec![Entry { is_linked: true, ..entry("/home/logs", Kind::Folder, 0o755) }];
    assert_eq!(machine.verdict(Check::Folders).await, "warn");
    assert_eq!(machine.examine().await.repairs, []);
}

#[tokio::test]
async fn an_exposed_store_is_reported_once() {
    let mut machine = tunnelled();
    machine.home.0.devices = Stored::Refused { cause: "it is accessible".to_owned(), repair: "chmod".to_owned() };
    assert_eq!(machine.verdict(Check::DevicesFile).await, "fail");
    machine.home.0.private_files = vec![entry("/home/config/devices.json", Kind::File, 0o644)];
    assert_eq!(machine.verdict(Check::DevicesFile).await, "skip");
}

#[tokio::test]
async fn someone_can_authenticate_where_loopback_is_nobody() {
    let (device, token) = device_and_token("laptop", 1);
    let credentials = |tokens| Stored::Whole(Credentials { tokens, ..Credentials::default() });
    let mut machine = tunnelled();
    machine.home.0.identity = Stored::Whole(daemon_id(1));
    assert_eq!(machine.verdict(Check::HostCredential).await, "pass", "the first start seeds");
    machine.home.0.devices = Stored::Whole(vec![]);
    let finding = machine.finding(Check::HostCredential).await;
    assert_eq!((word(&finding), finding.verdict.fix()), ("fail", Some("netclaw doctor --fix")));
    assert_eq!(machine.examine().await.repairs, [Repair::RenewHostCredential]);
    machine.home.0.devices = Stored::Whole(vec![device]);
    machine.home.0.credentials = credentials(vec![(daemon_id(1), token)]);
    assert_eq!(machine.verdict(Check::HostCredential).await, "pass");
    machine.home.0.devices = Stored::Whole(vec![]);
    let machine = machine.running();
    assert!(machine.finding(Check::HostCredential).await.verdict.fix().unwrap().starts_with("netclaw daemon stop"));
    assert!(!machine.examine().await.repairs.contains(&Repair::RenewHostCredential));
    let mut local = Machine::host(Settings::default());
    local.home.0.devices = Stored::Whole(vec![]);
    assert_eq!(local.verdict(Check::HostCredential).await, "skip");
}

#[tokio::test]
async fn pairings_and_tokens_go_together() {
    let mut machine = Machine::device();
    let whole = |pairings, tokens| Stored::Whole(Credentials { pairings, tokens, ..Credentials::default() });
    machine.home.0.credentials = whole(vec![pairing(1, "http://a:1")], vec![(daemon_id(1), token(1))]);
    assert_eq!(machine.verdict(Check::PairingTokens).await, "pass");
    machine.home.0.credentials = whole(vec![pairing(1, "http://a:1")], vec![]);
    let finding = machine.finding(Check::PairingTokens).await;
    assert_eq!((word(&finding), finding.verdict.fix()), ("fail", Some("netclaw pair http://a:1")));
    machine.home.0.credentials = whole(vec![], vec![(daemon_id(1), token(1))]);
    assert_eq!(machine.verdict(Check::PairingTokens).await, "warn");
    assert_eq!(machine.examine().await.repairs, [Repair::DropToken { daemon: daemon_id(1) }]);
}

#[tokio::test]
async fn a_rotation_that_was_interrupted_is_reported_with_the_command_that_ends_it() {
    let mut machine = Machine::device();
    let credentials = Credentials {
        pairings: vec![pairing(1, "http://a:1")],
        current: None,
        tokens: vec![(daemon_id(1), token(1))],
        staged: vec![(daemon_id(1), token(2))],
    };
    machine.home.0.credentials = Stored::Whole(credentials);
    let finding = machine.finding(Check::PairingTokens).await;
    let command = format!("netclaw status --daemon {}", daemon_id(1));
    assert_eq!((word(&finding), finding.verdict.fix()), ("warn", Some(command.as_str())));
    assert!(machine.examine().await.repairs.is_empty(), "the doctor settles nothing");
}

#[tokio::test]
async fn a_new_token_of_the_host_that_the_daemon_has_confirmed_is_a_way_in() {
    let (device, new) = device_and_token("server-host", 1);
    let mut machine = tunnelled();
    machine.home.0.identity = Stored::Whole(daemon_id(1));
    machine.home.0.devices = Stored::Whole(vec![device]);
    let credentials = |staged| Credentials { tokens: vec![(daemon_id(1), token(1))], staged, ..Credentials::default() };
    machine.home.0.credentials = Stored::Whole(credentials(vec![(daemon_id(1), new)]));
    assert_eq!(machine.verdict(Check::HostCredential).await, "pass");
}

fn before(age: Duration) -> WallTime {
    WallTime::from_unix_millis(WALL.unix_millis() - i64::try_from(age.as_millis()).unwrap())
}

/// A host whose key is ten days old, and whose next one was announced this long ago.
fn with_keys(announced: Option<Duration>) -> Machine {
    let mut machine = Machine::host(Settings::default());
    let key = |number, age| SeenKey { pin: Pin::from_bytes([number; 32]), created_at: before(age) };
    let current = key(1, 10 * DAY);
    machine.home.0.identity = Stored::Whole(daemon_id(1));
    machine.home.0.tls_keys = Stored::Whole(SeenKeys { current, next: announced.map(|age| key(2, age)) });
    machine
}

#[tokio::test]
async fn a_key_is_shown_with_its_age_and_a_rotation_that_waits_for_nothing_is_warned_about() {
    let fingerprint = |number| Pin::from_bytes([number; 32]).fingerprint();
    let finding = with_keys(None).finding(Check::TlsKeys).await;
    assert_eq!((word(&finding), finding.message), ("pass", format!("{}, 10 days old", fingerprint(1))));
    for (announced, verdict, words) in [
        (Duration::ZERO, "pass", "can be switched to in 7 days"),
        (NOTICE - Duration::from_secs(1), "pass", "in less than an hour"),
        (NOTICE, "warn", "announced 7 days ago"),
    ] {
        let finding = with_keys(Some(announced)).finding(Check::TlsKeys).await;
        assert_eq!(word(&finding), verdict, "{announced:?}");
        assert!(finding.message.contains(&fingerprint(2)) && finding.message.contains(words), "{finding:?}");
    }
    let finding = with_keys(Some(NOTICE)).running().finding(Check::TlsKeys).await;
    assert_eq!(finding.verdict.fix(), Some("switch to it: netclaw daemon keys rotate"));
}

#[tokio::test]
async fn a_key_that_is_gone_while_the_daemon_runs_and_an_exposed_one_are_failures() {
    let mut machine = with_keys(None);
    machine.home.0.tls_keys = Stored::Absent;
    assert_eq!(machine.verdict(Check::TlsKeys).await, "skip");
    let mut machine = machine.running();
    assert_eq!(machine.verdict(Check::TlsKeys).await, "fail");
    machine.home.0.tls_keys = Stored::Refused { cause: "it is damaged".to_owned(), repair: "a backup".to_owned() };
    assert_eq!(machine.verdict(Check::TlsKeys).await, "fail");
    for file in ["/home/keys/tls.key", "/home/keys/tls-next.key"] {
        machine.home.0.private_files = vec![entry(file, Kind::File, 0o644)];
        assert_eq!(machine.verdict(Check::TlsKeys).await, "skip");
        assert_eq!(machine.verdict(Check::PrivateFiles).await, "fail");
    }
}

#[tokio::test]
async fn a_temporary_file_is_left_over_only_when_nobody_writes() {
    let leftover = |writer| Leftover { path: "/home/config/.x.tmp".into(), writer };
    for (writer, is_running, is_writing, verdict) in [
        (Writer::Daemon, false, true, "warn"),
        (Writer::Daemon, true, false, "pass"),
        (Writer::Client, true, false, "warn"),
        (Writer::Client, false, true, "pass"),
    ] {
        let mut machine = if is_running { tunnelled().running() } else { tunnelled() };
        machine.home.0.leftovers = vec![leftover(writer)];
        machine.home.0.is_client_writing = is_writing;
        assert_eq!(machine.verdict(Check::Leftovers).await, verdict, "{writer:?} {is_running} {is_writing}");
        assert_eq!(machine.examine().await.repairs.len(), usize::from(verdict == "warn"));
    }
}

#[tokio::test]
async fn what_needs_quiet_is_not_mended_while_a_daemon_runs() {
    let socket = Repair::RemoveSocket { path: "/home/run/control.sock".into() };
    let protect = Repair::Protect { path: "/home".into(), from: 0o755, to: 0o700 };
    let repairs = vec![protect.clone(), socket.clone(), Repair::RenewHostCredential];
    let (quiet, busy) = (FakeHomeRepair::default(), FakeHomeRepair { is_busy: true, ..FakeHomeRepair::default() });
    let mended = mend(repairs.clone(), &quiet).await;
    assert!(mended.iter().all(|mended| mended.failed.is_none()));
    assert_eq!(*quiet.done.lock().unwrap(), repairs);
    let mended = mend(repairs, &busy).await;
    assert_eq!(mended.iter().filter(|mended| mended.failed.is_some()).count(), 2);
    assert_eq!(*busy.done.lock().unwrap(), [protect]);
}

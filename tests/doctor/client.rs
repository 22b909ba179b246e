//! A device: the endpoint it uses, its credential, its clock, and what it never sends.

use std::time::Duration;

use netclaw::domain::diagnosis::{Check, Overall};
use netclaw::domain::identity::IdentityPublicKey;
use netclaw::domain::link::Pins;
use netclaw::domain::pin::Pin;
use netclaw::domain::time::WallTime;
use netclaw::ports::daemon_api::{DeviceIdentity, NextKey, Rejection, StatusReport, TransportReport};
use netclaw::ports::home_inspection::{Credentials, Stored};
use netclaw::ports::network_probe::{Proof, StepError};

use super::Machine;
use crate::fakes::daemon_api::Request;
use crate::fakes::samples::{WALL, daemon_id, daemon_report, device_id, name, pairing, rejected, token};

/// A device that is paired with daemon 1 here.
fn paired(at: &str) -> Machine {
    let mut machine = Machine::device();
    machine.home.0.credentials = Stored::Whole(Credentials {
        pairings: vec![pairing(1, at)],
        current: Some(daemon_id(1)),
        tokens: vec![(daemon_id(1), token(1))],
        ..Credentials::default()
    });
    machine
}

fn status(daemon: u8) -> StatusReport {
    let device = Some(DeviceIdentity { id: device_id(1), name: name("laptop") });
    StatusReport { daemon: daemon_report(daemon), device, expires_at: None, transport: None }
}

fn answering(machine: Machine, daemon: u8) -> Machine {
    machine.api.statuses.lock().unwrap().push_back(Ok(status(daemon)));
    machine
}

#[tokio::test]
async fn a_paired_device_passes_and_host_checks_are_skipped_as_a_group() {
    let mut machine = answering(paired("http://a:1"), 1);
    machine.network.time = Some(WALL);
    let examination = machine.examine().await;
    assert_eq!(examination.diagnosis.overall(), Overall::Pass, "{examination:#?}");
    assert!(examination.repairs.is_empty());
    for check in [Check::ConfigFile, Check::DaemonRunning, Check::ExposureMode, Check::ExternalUrl] {
        assert_eq!(super::word(&super::only(&examination, check)), "skip");
    }
}

#[tokio::test]
async fn a_token_goes_to_the_endpoint_that_issued_it_and_nowhere_else() {
    let mut machine = paired("http://a:1");
    machine.environment_endpoint = Some("http://b:1".to_owned());
    assert_eq!(machine.verdict(Check::ClientCredential).await, "skip");
    let requests = machine.api.requests.lock().unwrap();
    assert!(!requests.iter().any(|request| matches!(request, Request::Status { .. })), "{requests:?}");
}

#[tokio::test]
async fn another_daemon_and_a_refused_credential_lead_to_a_new_pairing() {
    let finding = answering(paired("http://a:1"), 2).finding(Check::ClientDaemon).await;
    assert_eq!((super::word(&finding), finding.verdict.fix()), ("fail", Some("netclaw pair http://a:1")));
    let machine = paired("http://a:1");
    machine.api.statuses.lock().unwrap().push_back(Err(rejected(Rejection::Unauthorized)));
    let finding = machine.finding(Check::ClientCredential).await;
    assert_eq!((super::word(&finding), finding.verdict.fix()), ("fail", Some("netclaw pair http://a:1")));
}

#[tokio::test]
async fn clocks_may_differ_by_a_minute_and_must_not_by_more_than_an_hour() {
    for (seconds, verdict) in [(0, "pass"), (60, "pass"), (61, "warn"), (3600, "warn"), (3601, "fail")] {
        let millis = seconds * 1000;
        for theirs in [WALL.unix_millis() + millis, WALL.unix_millis() - millis] {
            let mut machine = answering(paired("http://a:1"), 1);
            machine.network.time = Some(WallTime::from_unix_millis(theirs));
            assert_eq!(machine.verdict(Check::ClientClock).await, verdict, "{seconds}");
        }
    }
    let finding = answering(paired("http://a:1"), 1).finding(Check::ClientClock).await;
    assert_eq!(super::word(&finding), "fail");
    assert!(finding.message.contains("3700 seconds") && finding.message.contains("uptime"), "{finding:?}");
}

#[tokio::test]
async fn a_step_that_fails_is_named_and_the_next_ones_are_not_tried() {
    let broken = || Err(StepError("broken".to_owned()));
    let steps = [Check::ClientName, Check::ClientConnect, Check::ClientTls, Check::ClientHealth];
    for place in 0..3 {
        let mut machine = paired("https://a");
        match place {
            0 => machine.network.resolve = broken(),
            1 => machine.network.connect = broken(),
            _ => machine.network.handshake = Err(StepError("broken".to_owned()).into()),
        }
        let examination = machine.examine().await;
        for (number, check) in steps.into_iter().enumerate() {
            let expected = match number.cmp(&place) {
                std::cmp::Ordering::Less => "pass",
                std::cmp::Ordering::Equal => "fail",
                std::cmp::Ordering::Greater => "skip",
            };
            assert_eq!(super::word(&super::only(&examination, check)), expected, "{check:?}");
        }
        assert!(machine.api.requests.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_certificate_is_warned_about_two_weeks_before_its_end() {
    let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
    for (left, verdict) in
        [(days(14) + Duration::from_secs(1), "pass"), (days(14), "warn"), (Duration::ZERO, "warn"), (days(90), "pass")]
    {
        let mut machine = answering(paired("https://a"), 1);
        machine.network.handshake = Ok(Proof::Certificate { expires_at: Some(WALL.plus(left)) });
        assert_eq!(machine.verdict(Check::ClientTls).await, verdict, "{left:?}");
    }
}

const fn pin(number: u8) -> Pin {
    Pin::from_bytes([number; 32])
}

/// A device that knows key 1, and key 2 as the next one; key `answering` answers.
fn pinned(at: &str, answering: Option<u8>) -> Machine {
    let mut machine = paired(at);
    let mut known = pairing(1, at);
    known.known.pins = Some(Pins { current: pin(1), next: Some(pin(2)) });
    machine.home.0.credentials = Stored::Whole(Credentials {
        pairings: vec![known],
        current: Some(daemon_id(1)),
        tokens: vec![(daemon_id(1), token(1))],
        ..Credentials::default()
    });
    machine.network.key = answering.map(pin);
    // What a certificate would say of it does not count.
    machine.network.handshake = Err(StepError("nobody vouches for it".to_owned()).into());
    machine
}

#[tokio::test]
async fn a_pinned_link_is_judged_by_its_key_alone() {
    for at in ["http://a:1", "https://a:1", "http://127.0.0.1:1"] {
        for (key, words) in [(1, "own key"), (2, "next key")] {
            let machine = answering(pinned(at, Some(key)), 1);
            let finding = machine.finding(Check::ClientTls).await;
            assert_eq!(super::word(&finding), "pass", "{at} {finding:?}");
            assert!(
                finding.message.contains(&pin(key).fingerprint()) && finding.message.contains(words),
                "{finding:?}"
            );
        }
        let machine = pinned(at, Some(3));
        let finding = machine.finding(Check::ClientTls).await;
        assert_eq!(super::word(&finding), "fail", "{at}");
        let fingerprints = [pin(1).fingerprint(), pin(3).fingerprint()];
        assert!(fingerprints.iter().all(|shown| finding.message.contains(shown)), "{finding:?}");
        let repair = format!("netclaw pair {at}");
        assert!(finding.verdict.fix().unwrap().ends_with(&repair), "{finding:?}");
        assert!(machine.api.requests.lock().unwrap().is_empty(), "nothing is sent to another key");
        assert_eq!(pinned(at, None).verdict(Check::ClientTls).await, "fail", "TLS was taken away");
    }
}

#[tokio::test]
async fn the_daemons_key_is_shown_with_its_age_and_its_successor() {
    let machine = pinned("http://a:1", Some(1));
    let next = Some(NextKey { pin: pin(2), signature: [0; 64] });
    let mut report = status(1);
    report.daemon.uptime = Duration::from_secs(3 * 86_400);
    let key_created_at = report.daemon.started_at;
    let identity_key = IdentityPublicKey::from_bytes([1; 32]);
    report.transport = Some(TransportReport { pin: pin(1), next, identity_key, key_created_at });
    machine.api.statuses.lock().unwrap().push_back(Ok(report));
    let message = machine.finding(Check::ClientDaemon).await.message;
    for words in [&pin(1).fingerprint(), &pin(2).fingerprint(), "3 days old"] {
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_during_a_rotation_is_not_called_revoked() {
    let mut machine = paired("http://a:1");
    let Stored::Whole(credentials) = &mut machine.home.0.credentials else { unreachable!() };
    credentials.staged = vec![(daemon_id(1), token(2))];
    machine.api.statuses.lock().unwrap().push_back(Err(rejected(Rejection::Unauthorized)));
    let finding = machine.finding(Check::ClientCredential).await;
    let command = format!("netclaw status --daemon {}", daemon_id(1));
    assert_eq!((super::word(&finding), finding.verdict.fix()), ("fail", Some(command.as_str())));
}

#[tokio::test]
async fn what_goes_through_a_proxy_is_not_looked_up_or_connected_to_from_here() {
    let mut machine = answering(pinned("https://a", Some(1)), 1);
    machine.network.proxy = Some("http://proxy:3128".to_owned());
    machine.network.resolve = Err(StepError("nobody knows it here".to_owned()));
    machine.network.connect = Err(StepError("no route".to_owned()));
    let examination = machine.examine().await;
    for check in [Check::ClientName, Check::ClientConnect] {
        let finding = super::only(&examination, check);
        assert_eq!(super::word(&finding), "skip");
        assert!(finding.message.contains("http://proxy:3128") && finding.message.contains("NO_PROXY=a"), "{finding:?}");
    }
    for check in [Check::ClientTls, Check::ClientHealth, Check::ClientCredential] {
        assert_eq!(super::word(&super::only(&examination, check)), "pass", "{check:?}");
    }
}

//! `netclaw daemon keys` over a daemon that is not there.

use std::time::Duration;

use netclaw::adapters::terminal::failure::Exit;
use netclaw::domain::key_rotation::{NOTICE, NotYet, Urgency};
use netclaw::domain::pin::Pin;
use netclaw::domain::time::WallTime;
use netclaw::ports::control_channel::{KeyReport, KeysReport, RotationOutcome};

use super::host_commands::run;
use crate::fakes::host::FakeHost;

const PIN: &str = "sha256//BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

fn key(byte: u8, age: Duration) -> KeyReport {
    KeyReport { pin: Pin::from_bytes([byte; 32]), created_at: WallTime::from_unix_millis(1_790_000_000_000), age }
}

fn rotating(outcome: RotationOutcome) -> FakeHost {
    FakeHost { rotation: Some(outcome), ..FakeHost::running() }
}

#[tokio::test]
async fn keys_are_shown_with_their_pins_and_ages() {
    let day = Duration::from_secs(86_400);
    let current = key(7, 3 * day);
    let alone = FakeHost { keys: Some(KeysReport { current: current.clone(), next: None }), ..FakeHost::running() };
    let ran = run("netclaw daemon keys", &alone).await;
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[0], format!("Pin:          {PIN}"));
    assert_eq!(lines[1], "Fingerprint:  a4dq-obyh-a4dq-obyh");
    assert!(lines[2].starts_with("Created:      20") && lines[2].ends_with(" (3 days ago)"), "{}", ran.out);
    assert_eq!(lines[3..], ["Next pin:     none announced"]);
    let ran = run("netclaw daemon keys --json", &alone).await;
    let current_json = format!(
        r#"{{"pin":"{PIN}","fingerprint":"a4dq-obyh-a4dq-obyh","createdAt":"2026-09-21T14:13:20.000Z","ageSeconds":259200}}"#
    );
    assert_eq!(ran.out, format!("{{\"current\":{current_json},\"next\":null}}\n"));

    let both = KeysReport { current, next: Some(key(8, day)) };
    let ran = run("netclaw daemon keys", &FakeHost { keys: Some(both), ..FakeHost::running() }).await;
    assert!(ran.out.contains(&format!("Next pin:     {}\n", Pin::from_bytes([8; 32]))), "{}", ran.out);
    assert!(ran.out.lines().last().unwrap().ends_with(" (1 day ago)"), "{}", ran.out);
}

#[tokio::test]
async fn a_rotation_says_what_it_did_and_what_comes_next() {
    let host = rotating(RotationOutcome::Announced(key(7, Duration::ZERO)));
    let ran = run("netclaw daemon keys rotate", &host).await;
    assert_eq!(ran.out, format!("Announced the next key: {PIN}\n"));
    assert!(ran.err.contains("hint: switch in 7 days with: netclaw daemon keys rotate\n"), "{}", ran.err);
    assert_eq!(*host.urgency.lock().unwrap(), Some(Urgency::InTime));

    let host = rotating(RotationOutcome::Switched(key(7, NOTICE)));
    let ran = run("netclaw daemon keys rotate --switch", &host).await;
    assert_eq!(ran.out, format!("Switched to the key {PIN}\n"));
    assert_eq!(*host.urgency.lock().unwrap(), Some(Urgency::Now));
}

#[tokio::test]
async fn a_rotation_that_does_nothing_fails_with_the_reason() {
    let remaining = Duration::from_secs(2 * 86_400);
    let ran =
        run("netclaw daemon keys rotate", &rotating(RotationOutcome::NotYet(NotYet::TooSoon { remaining }))).await;
    assert_eq!((ran.exit(), ran.out.as_str()), (Exit::Failed, ""));
    let shown = ran.shown_failure();
    assert!(shown.contains("not been announced for long enough: 2 days are left"), "{shown}");
    assert!(shown.contains("netclaw daemon keys rotate --switch"), "{shown}");

    let nothing = rotating(RotationOutcome::NotYet(NotYet::NothingAnnounced));
    let shown = run("netclaw daemon keys rotate --switch", &nothing).await.shown_failure();
    assert_eq!(shown, "error: no next key is announced\nhint: announce one with: netclaw daemon keys rotate\n");
}

//! The end of a credential, as the host decides it and both sides are shown it.

use std::path::Path;
use std::time::Duration;

use clap::Parser;
use netclaw::adapters::terminal::cli::Cli;
use netclaw::domain::time::WallTime;
use netclaw::ports::clock::Clock;
use netclaw::ports::control_channel::DeviceSummary;
use netclaw::ports::daemon_api::DeviceIdentity;

use super::host_commands::{Ran, run_with};
use super::terminal::run;
use crate::fakes::clock::FakeClock;
use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::granting_api::FakeApi;
use crate::fakes::host::FakeHost;
use crate::fakes::prompter::FakePrompter;
use crate::fakes::samples::{GRANTED, device_id, name, pairing, token};
use crate::fakes::settings_store::FakeSettingsStore;
use crate::fakes::wizard::ScriptedWizard;

const DAY: Duration = Duration::from_secs(86_400);

async fn run_on(host: &FakeHost, words: &str) -> Ran {
    let log = Path::new("/nowhere/daemon.log");
    run_with(words, host, &FakeSettingsStore::default(), &mut ScriptedWizard::default(), log).await
}

#[tokio::test]
async fn the_host_decides_how_long_a_credential_lives() {
    for (typed, seconds) in
        [("45m", 2_700), ("12h", 43_200), ("30d", 2_592_000), ("2w", 1_209_600), ("1d12h", 129_600), ("60s", 60)]
    {
        let ran = run_on(&FakeHost::running(), &format!("netclaw daemon pair --json --ttl {typed}")).await;
        let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&document["ttlSeconds"], document.get("deviceName")), (&seconds.into(), None), "{typed}");
    }
}

#[test]
fn what_is_no_life_of_a_credential_is_wrong_usage_and_says_why() {
    for (typed, why) in [
        ("59s", "at least one minute"),
        ("0d", "at least one minute"),
        ("3654d", "at most ten years"),
        ("9999999999w", "write it like"),
        ("1y", "write it like"),
        ("1mo", "write it like"),
        ("30", "write it like"),
        ("soon", "write it like"),
    ] {
        let error = Cli::try_parse_from(["netclaw", "daemon", "pair", "--ttl", typed]).unwrap_err();
        assert!(error.to_string().contains(why) && error.exit_code() == 2, "{typed}: {error}");
    }
    let error = Cli::try_parse_from(["netclaw", "daemon", "pair", "--name", "a/b"]).unwrap_err();
    assert!(error.to_string().contains("must not contain"), "{error}");
}

#[tokio::test]
async fn what_the_host_has_decided_is_told_beside_the_four_lines() {
    let ran = run_on(&FakeHost::running(), "netclaw daemon pair --ttl 30d --name ci-runner").await;
    assert_eq!(ran.out.lines().count(), 4);
    assert!(ran.err.contains("note: the device will be named \"ci-runner\""), "{}", ran.err);
    assert!(ran.err.contains("note: its credential will end 30 days after it has paired"), "{}", ran.err);
    let ran = run_on(&FakeHost::running(), "netclaw daemon pair --name ci-runner --json").await;
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&document["deviceName"], document.get("ttlSeconds")), (&"ci-runner".into(), None));
}

fn summary(number: u8, called: &str, expires_at: Option<WallTime>, has_expired: bool) -> DeviceSummary {
    DeviceSummary {
        device: DeviceIdentity { id: device_id(number), name: name(called) },
        bootstrap: false,
        created_at: WallTime::from_unix_millis(1_780_000_000_000),
        expires_at,
        has_expired,
        last_use: None,
    }
}

#[tokio::test]
async fn devices_are_listed_with_their_end_when_any_has_one() {
    let end = WallTime::from_unix_millis(1_790_000_000_000);
    let host = FakeHost {
        devices: vec![summary(1, "laptop", None, false), summary(2, "ci", Some(end), true)],
        ..FakeHost::running()
    };
    let ran = run_on(&host, "netclaw daemon devices").await;
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(
        lines[0].ends_with("Expires") && lines[1].ends_with("never") && lines[2].ends_with("(expired)"),
        "{lines:?}"
    );
    let ran = run_on(&host, "netclaw daemon devices --json").await;
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let [laptop, ci] = document["devices"].as_array().unwrap().as_slice() else { panic!("{document}") };
    assert_eq!((laptop.get("expiresAt"), laptop.get("expired")), (None, None));
    assert_eq!((&ci["expiresAt"], &ci["expired"]), (&"2026-09-21T14:13:20.000Z".into(), &true.into()));
    let host = FakeHost { devices: vec![summary(1, "laptop", None, false)], ..FakeHost::running() };
    assert!(!run_on(&host, "netclaw daemon devices").await.out.contains("Expires"));
}

#[tokio::test]
async fn status_warns_two_weeks_ahead_and_after() {
    let now = FakeClock::default().now().wall;
    let second = Duration::from_secs(1);
    let ago = WallTime::from_unix_millis(now.unix_millis() - 1);
    for (end, warned) in [
        (None, None),
        (Some(now.plus(14 * DAY + second)), None),
        (Some(now.plus(14 * DAY)), Some("in 14 days")),
        (Some(now.plus(second)), Some("in 1 second")),
        (Some(now), Some("has ended")),
        (Some(ago), Some("has ended")),
    ] {
        let api = FakeApi { expires_at: end, ..FakeApi::default() };
        let credentials = FakeCredentialStore::with(vec![(pairing(GRANTED, "http://a:1"), token(1))]);
        let (out, err, _) = run("netclaw status", &api, &credentials, &mut FakePrompter::default()).await;
        assert_eq!(out.contains("\nExpires: "), end.is_some(), "{out}");
        match warned {
            None => assert_eq!(err, "", "{end:?}"),
            Some(words) => {
                assert!(err.starts_with("warning: ") && err.contains(words), "{err}");
                assert!(err.contains("netclaw daemon pair") && err.contains("netclaw pair http://a:1"), "{err}");
            }
        }
        let (out, ..) = run("netclaw status --json", &api, &credentials, &mut FakePrompter::default()).await;
        let document: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(document["device"].get("expiresAt").is_some(), end.is_some(), "{document}");
    }
}

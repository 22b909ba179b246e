//! Which endpoint, and which credential.

use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::samples::{daemon_id, endpoint, pairing, token};
use crate::fakes::settings_store::FakeSettingsStore;
use netclaw::app::client::target::{Rule, Sources, TargetError, resolve};
use netclaw::domain::settings::Settings;

#[test]
fn the_first_rule_that_applies_chooses_the_endpoint() {
    let settings = |host: &str, port| Settings { host: host.parse().unwrap(), port, ..Settings::default() };
    let paired = || Some(pairing(1, "https://paired.example"));
    let table = [
        (Some("http://env:1"), paired(), Some(settings("127.0.0.1", 6000)), "http://env:1", Rule::Environment),
        (Some(" http://0.0.0.0:7/ "), None, None, "http://127.0.0.1:7", Rule::Environment),
        (
            Some("  "),
            paired(),
            Some(settings("127.0.0.1", 6000)),
            "https://paired.example",
            Rule::Pairing(daemon_id(1)),
        ),
        (Some(""), None, Some(settings("127.0.0.1", 6000)), "http://127.0.0.1:6000", Rule::HostSettings),
        (None, None, Some(settings("0.0.0.0", 6000)), "http://127.0.0.1:6000", Rule::HostSettings),
        (None, None, Some(settings("::", 6000)), "http://[::1]:6000", Rule::HostSettings),
        (None, None, Some(settings("fd00::7", 6000)), "http://[fd00::7]:6000", Rule::HostSettings),
        (None, None, None, "http://127.0.0.1:5199", Rule::Default),
    ];
    for (environment, current, host, expected, rule) in table {
        let sources = Sources { environment: environment.map(str::to_owned), current, host };
        let choice = sources.choose().unwrap();
        assert_eq!((choice.endpoint.to_string().as_str(), &choice.rule), (expected, &rule), "{sources:?}");
    }
}

#[test]
fn a_bad_value_in_the_environment_is_an_error_and_not_the_next_rule() {
    let credentials = FakeCredentialStore::with(vec![(pairing(1, "http://a:1"), token(1))]);
    for value in
        ["my-server:5199", "ftp://a", "http://a@b", "http://127.0.0.1@evil", "http://a/?q", "http://a/#f", "http://"]
    {
        let error = resolve(Some(value), &credentials, &FakeSettingsStore::default()).map(drop).unwrap_err();
        assert!(matches!(error, TargetError::Environment(_)), "{value}: {error:?}");
    }
}

#[test]
fn b26_the_environment_never_takes_a_token_to_another_daemon() {
    let credentials = FakeCredentialStore::with(vec![
        (pairing(1, "http://a.example:5199"), token(1)),
        (pairing(2, "http://b.example:5199"), token(2)),
    ]);
    let settings = FakeSettingsStore::default();
    let credential = |value: &str| {
        resolve(Some(value), &credentials, &settings)
            .unwrap()
            .credential
            .map(|(pairing, token)| (pairing.daemon_id, token.device()))
    };
    assert_eq!(credential("http://a.example:5199"), Some((daemon_id(1), token(1).device())));
    assert_eq!(credential("HTTP://B.example:5199/"), Some((daemon_id(2), token(2).device())));
    for other in [
        "http://evil:5199",
        "https://a.example:5199",
        "http://a.example:5200",
        "http://a.example",
        "http://a.example:5199/x",
    ] {
        assert_eq!(credential(other), None, "{other}");
    }
}

#[test]
fn a_pairing_makes_the_hosts_own_configuration_irrelevant() {
    let credentials = FakeCredentialStore::with(vec![(pairing(1, "http://a:1"), token(1))]);
    let target = resolve(None, &credentials, &FakeSettingsStore::with(Settings::default())).unwrap();
    assert_eq!(target.choice.endpoint, endpoint("http://a:1"));
    assert!(target.credential.is_some());
}

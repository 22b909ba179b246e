//! The URL of clients, and what the daemon sees of them.

use std::sync::Arc;

use netclaw::domain::beacon::Sighting;
use netclaw::domain::diagnosis::{Check, Finding};
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::pin::Pin;
use netclaw::domain::settings::Settings;
use netclaw::domain::transport::AllowPlaintext;
use netclaw::ports::daemon_api::{ApiError, Rejection};
use netclaw::ports::exposure::{ExposureFault, FaultKind};
use netclaw::ports::home_inspection::{SeenKey, SeenKeys, Stored};
use netclaw::ports::network_probe::StepError;

use super::{Machine, word};
use crate::fakes::daemon_api::Request;
use crate::fakes::exposure::FakeExposure;
use crate::fakes::samples::{WALL, address, endpoint, ip, rejected};

fn settings(mode: ExposureMode) -> Settings {
    let profile = mode.profile();
    let [host, _] = profile.binds.usual();
    let trusted_proxies = vec!["10.0.0.2/32".parse().unwrap(), "10.1.0.0/16".parse().unwrap()];
    let external_url = Some(endpoint("https://agent.example.com"));
    Settings { mode, host, trusted_proxies, external_url, ..Settings::default() }
}

async fn seen(mode: ExposureMode, peer: &str, client: &str, is_trusted: bool, has_header: bool) -> Finding {
    let machine = Machine::host(settings(mode)).running();
    let sighting = Sighting { peer: address(peer), client: address(client), is_trusted, has_header };
    machine.api.sightings.lock().unwrap().push_back(Ok(sighting));
    machine.finding(Check::ClientAddress).await
}

#[tokio::test]
async fn who_the_daemon_takes_for_its_client_is_judged_by_mode_peer_and_header() {
    use ExposureMode::{CloudflareTunnel, Direct, ReverseProxy, TailscaleServe};
    let line = r#""TrustedProxies": ["10.0.0.2", "10.1.0.0/16", "10.9.9.9"]"#;
    for (mode, peer, client, is_trusted, has_header, verdict, words) in [
        (ReverseProxy, "10.9.9.9", "10.9.9.9", false, true, "fail", line),
        (ReverseProxy, "10.9.9.9", "10.9.9.9", false, false, "fail", line),
        (ReverseProxy, "10.0.0.2", "10.0.0.2", true, false, "fail", "proxy_set_header X-Forwarded-For"),
        (ReverseProxy, "10.0.0.2", "10.0.0.2", true, true, "warn", "10.0.0.2"),
        (ReverseProxy, "10.0.0.2", "127.0.0.1", true, true, "warn", "127.0.0.1"),
        (ReverseProxy, "10.0.0.2", "203.0.113.7", true, true, "pass", "203.0.113.7, through 10.0.0.2"),
        (CloudflareTunnel, "10.9.9.9", "10.9.9.9", false, true, "fail", "on this machine"),
        (CloudflareTunnel, "127.0.0.1", "127.0.0.1", true, false, "fail", "cf-connecting-ip"),
        (TailscaleServe, "127.0.0.1", "100.64.0.7", true, true, "pass", "100.64.0.7"),
        (Direct, "203.0.113.7", "203.0.113.7", false, false, "pass", "203.0.113.7"),
    ] {
        let finding = seen(mode, peer, client, is_trusted, has_header).await;
        let text = finding.message.clone() + finding.verdict.fix().unwrap_or_default();
        assert_eq!(word(&finding), verdict, "{mode} {peer} {client}: {finding:?}");
        assert!(text.contains(words), "{text}");
    }
}

#[tokio::test]
async fn whatever_else_answers_is_named_and_gets_no_credential() {
    let point = "http://127.0.0.1:5199";
    for (error, words) in [
        (ApiError::NotADaemon { what: "another daemon answers there".to_owned() }, point),
        (ApiError::Unreachable { cause: "the server there answered 502 Bad Gateway".to_owned() }, point),
        (rejected(Rejection::ForbiddenOrigin), "netclaw init --exposure reverse-proxy"),
        (rejected(Rejection::Failed), point),
    ] {
        let machine = Machine::host(settings(ExposureMode::ReverseProxy)).running();
        machine.api.sightings.lock().unwrap().push_back(Err(error));
        let finding = machine.finding(Check::ExternalDaemon).await;
        assert_eq!(word(&finding), "fail");
        assert!(finding.verdict.fix().unwrap().contains(words), "{finding:?}");
        let requests = machine.api.requests.lock().unwrap();
        assert!(
            requests.iter().all(|request| matches!(request, Request::Probe(_) | Request::Sight(_))),
            "{requests:?}"
        );
    }
}

#[tokio::test]
async fn the_url_is_the_operators_else_the_tunnels_else_nobodys() {
    let url = |mode, external| Settings { external_url: external, ..settings(mode) };
    for (mode, reported, verdict, words) in [
        (ExposureMode::Local, Some("http://127.0.0.1:5199"), "skip", "SSH tunnel"),
        (ExposureMode::ReverseProxy, Some("http://192.0.2.1:5199"), "skip", "--external-url"),
        (ExposureMode::TailscaleServe, Some("https://x.ts.net"), "pass", "https://x.ts.net"),
        (ExposureMode::CloudflareTunnel, None, "skip", "--external-url"),
        (ExposureMode::Direct, Some("http://192.0.2.1:5199"), "pass", "http://192.0.2.1:5199"),
    ] {
        let mut machine = Machine::host(url(mode, None));
        machine.exposure = Arc::new(FakeExposure(Ok(reported.map(endpoint))));
        let finding = machine.finding(Check::ExternalUrl).await;
        assert_eq!(word(&finding), verdict, "{mode}");
        assert!(finding.message.contains(words), "{finding:?}");
    }
    let finding = Machine::host(settings(ExposureMode::Local)).finding(Check::ExternalUrl).await;
    assert!(finding.message.contains("https://agent.example.com, as Daemon.ExternalUrl says"));
}

#[tokio::test]
async fn what_is_in_front_is_asked_unless_it_cannot_be_seen() {
    let fault =
        |kind| ExposureFault { kind, what: "tailscale is not logged in".to_owned(), fix: "tailscale up".to_owned() };
    for kind in [FaultKind::NotRunning, FaultKind::NotSetUp, FaultKind::Unclear] {
        let mut machine =
            Machine::host(Settings { trusted_proxies: Vec::new(), ..settings(ExposureMode::TailscaleServe) });
        machine.exposure = Arc::new(FakeExposure(Err(fault(kind))));
        let finding = machine.finding(Check::ExposureState).await;
        assert_eq!((word(&finding), finding.verdict.fix()), ("fail", Some("tailscale up")));
        machine.review.0.settings.as_mut().unwrap().skip_tunnel_process_check = true;
        assert_eq!(machine.verdict(Check::ExposureState).await, "skip");
    }
}

#[tokio::test]
async fn values_that_a_mode_ignores_and_plaintext_are_warned_about() {
    let all = async |settings: Settings| -> Vec<(&'static str, String)> {
        let examination = Machine::host(settings).examine().await;
        let of_mode = |finding: &&Finding| finding.check == Check::ExposureMode;
        let findings = examination.diagnosis.findings().iter().filter(of_mode);
        findings.map(|finding| (word(finding), finding.message.clone())).collect()
    };
    let found = all(settings(ExposureMode::Local)).await;
    assert_eq!(found.iter().map(|(verdict, _)| *verdict).collect::<Vec<_>>(), ["pass", "warn", "warn"], "{found:?}");
    let plain = Settings { trusted_proxies: Vec::new(), ..settings(ExposureMode::Direct) };
    let plain = Settings { host: ip("192.0.2.1"), ..plain };
    assert!(matches!(all(plain.clone()).await.as_slice(), [("pass", _)]));
    let found = all(Settings { allow_plaintext: AllowPlaintext::Always, ..plain }).await;
    assert!(matches!(found.as_slice(), [_, ("warn", message)] if message.contains("AllowPlaintext")), "{found:?}");
    assert_eq!(all(settings(ExposureMode::ReverseProxy)).await.len(), 1);
}

#[tokio::test]
async fn the_daemons_own_key_at_its_url_is_as_good_as_a_certificate() {
    let pin = |number| Pin::from_bytes([number; 32]);
    for (answering, verdict) in [(Some(1), "pass"), (Some(2), "fail"), (None, "fail")] {
        let mut machine = Machine::host(settings(ExposureMode::Direct)).running();
        let current = SeenKey { pin: pin(1), created_at: WALL };
        machine.home.0.tls_keys = Stored::Whole(SeenKeys { current, next: None });
        machine.network.key = answering.map(pin);
        machine.network.handshake = Err(StepError("its certificate is not trusted here".to_owned()).into());
        let finding = machine.finding(Check::ExternalTls).await;
        assert_eq!(word(&finding), verdict, "{finding:?}");
        assert_eq!(finding.message.contains(&pin(1).fingerprint()), verdict == "pass", "{finding:?}");
    }
}

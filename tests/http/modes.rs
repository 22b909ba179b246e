//! What each exposure mode makes of a request that comes from loopback, over a real socket.

use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;
use netclaw::domain::transport::AllowPlaintext;
use netclaw::ports::device_store::DeviceStore;

use super::Port;
use crate::e2e::raw_http::Request;

fn others() -> impl Iterator<Item = (ExposureMode, Port)> {
    let modes = ExposureMode::ALL.iter().copied().filter(|mode| *mode != ExposureMode::Local);
    modes.map(|mode| (mode, Port::with(settings(mode))))
}

/// Every loopback address but the first is a trusted proxy.
fn settings(mode: ExposureMode) -> Settings {
    Settings { mode, trusted_proxies: vec!["127.20.0.0/16".parse().unwrap()], ..Settings::default() }
}

#[test]
fn a07_loopback_is_nobody_in_every_mode_but_local() {
    for (mode, port) in others() {
        let status = Request::new(port.address, "GET /api/status");
        assert_eq!(status.send().problem(), (401, "unauthorized".to_owned()), "{mode}");
        for header in ["X-Forwarded-For", "CF-Connecting-IP", "X-Real-IP", "Forwarded", "True-Client-IP"] {
            for value in ["127.0.0.1", "::1", "localhost", "for=127.0.0.1"] {
                for from in [0, 1] {
                    let request = status.clone().header(header, value);
                    let request = if from == 0 { request } else { request.from(from) };
                    assert_eq!(request.send().problem().0, 401, "{mode}: {header}: {value}");
                }
            }
        }
    }
}

#[test]
fn every_mode_exchanges_a_code_and_knows_the_token() {
    for (mode, port) in others() {
        let granted = port.exchange(&port.code());
        assert_eq!(granted.status, 200, "{mode}");
        let token = granted.json()["token"].as_str().unwrap().to_owned();
        let status = Request::status(port.address, &token).send();
        assert_eq!(status.json()["daemon"]["exposureMode"], mode.name());
        assert_eq!(status.json()["device"]["name"], "laptop");
        assert_eq!(port.runtime.block_on(port.devices.list()).unwrap().len(), 1);
    }
}

/// Guesses until the limit answers, and says how many guesses were looked at.
fn guesses_until_refused(port: &Port, header: &str, address: &str) -> usize {
    let guess = Request::exchange(port.address, "2222-2222", "x").header(header, address);
    let guess = || guess.clone().header("X-Forwarded-Proto", "https").send().problem().0;
    (0..20).take_while(|_| guess() != 429).count()
}

#[test]
fn a08_behind_a_tunnel_one_attacker_does_not_lock_out_the_others() {
    for (mode, header) in [
        (ExposureMode::TailscaleServe, "X-Forwarded-For"),
        (ExposureMode::TailscaleFunnel, "X-Forwarded-For"),
        (ExposureMode::CloudflareTunnel, "CF-Connecting-IP"),
    ] {
        let port = Port::with(settings(mode));
        let code = port.code();
        assert_eq!(guesses_until_refused(&port, header, "198.51.100.7"), 5, "{mode}");
        assert_eq!(guesses_until_refused(&port, header, "6.6.6.6, 198.51.100.7"), 0, "{mode}");
        let right = Request::exchange(port.address, &code, "laptop").header(header, "203.0.113.1");
        let right = right.header("X-Forwarded-Proto", "https").send();
        assert_eq!(right.status, 200, "{mode}");
    }
}

#[test]
fn a06_the_header_of_another_mode_changes_nothing() {
    for (mode, header) in [
        (ExposureMode::TailscaleServe, "CF-Connecting-IP"),
        (ExposureMode::CloudflareTunnel, "X-Forwarded-For"),
        (ExposureMode::Direct, "X-Forwarded-For"),
        (ExposureMode::ReverseProxy, "X-Forwarded-For"),
    ] {
        // In reverse-proxy mode the peer 127.0.0.1 is not one of the trusted proxies.
        let port = Port::with(Settings { allow_plaintext: AllowPlaintext::Always, ..settings(mode) });
        port.code();
        assert_eq!(guesses_until_refused(&port, header, "198.51.100.7"), 5, "{mode}");
        assert_eq!(guesses_until_refused(&port, header, "203.0.113.1"), 0, "{mode}");
    }
}

#[test]
fn c31_a_foreign_host_is_refused_in_every_mode() {
    for (mode, port) in others() {
        let request = Request::new(port.address, "GET /api/health/live").header("Host", "evil.com");
        assert_eq!(request.send().problem(), (403, "forbidden_origin".to_owned()), "{mode}");
        let spoofed = request.header("X-Forwarded-Host", "localhost").header("X-Real-IP", "127.0.0.1");
        assert_eq!(spoofed.send().problem().0, 403, "{mode}");
    }
}

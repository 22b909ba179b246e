//! Beacons over a real socket.

use std::time::Duration;

use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;
use serde_json::json;

use super::Port;
use crate::e2e::raw_http::Request;

fn live(port: &Port, beacon: &str) -> serde_json::Value {
    Request::new(port.address, "GET /api/health/live").header("X-Netclaw-Beacon", beacon).send().json()
}

#[test]
fn whoever_holds_a_beacon_learns_what_the_daemon_sees() {
    let port = Port::with(Settings { mode: ExposureMode::CloudflareTunnel, ..Settings::default() });
    let beacon = port.beacons.open().unwrap();
    let seen = |header: &str| {
        let request = Request::new(port.address, "GET /api/health/live");
        request.header("X-Netclaw-Beacon", beacon.as_str()).header(header, "198.51.100.7").send().json()
    };
    let sighting = |client: &str, has_header: bool| {
        let sighting = json!({ "peer": "127.0.0.1", "client": client, "isTrusted": true, "hasHeader": has_header });
        json!({ "status": "ok", "sighting": sighting })
    };
    assert_eq!(seen("CF-Connecting-IP"), sighting("198.51.100.7", true));
    assert_eq!(seen("X-Forwarded-For"), sighting("127.0.0.1", false));
}

#[test]
fn without_a_beacon_of_this_daemon_nothing_is_told() {
    let port = Port::default();
    let beacon = port.beacons.open().unwrap();
    let alive = json!({ "status": "ok" });
    let other = Port::default();
    for wrong in ["", "x", &"a".repeat(32), &beacon.as_str().to_uppercase(), &"a".repeat(10_000)] {
        assert_eq!(live(&port, wrong), alive, "{wrong}");
    }
    assert_eq!(live(&other, beacon.as_str()), alive);
    let ready = Request::new(port.address, "GET /api/health/ready").header("X-Netclaw-Beacon", beacon.as_str());
    assert_eq!(ready.send().json(), alive);
}

#[test]
fn a_beacon_ends_after_a_minute_and_with_the_eighth_newer_one() {
    let port = Port::default();
    let alive = json!({ "status": "ok" });
    let beacon = port.beacons.open().unwrap();
    port.clock.advance(Duration::from_millis(59_999));
    assert_ne!(live(&port, beacon.as_str()), alive);
    port.clock.advance(Duration::from_millis(1));
    assert_eq!(live(&port, beacon.as_str()), alive);

    let beacon = port.beacons.open().unwrap();
    let _newer: Vec<_> = (0..7).map(|_| port.beacons.open().unwrap()).collect();
    assert_ne!(live(&port, beacon.as_str()), alive);
    port.beacons.open().unwrap();
    assert_eq!(live(&port, beacon.as_str()), alive);
}

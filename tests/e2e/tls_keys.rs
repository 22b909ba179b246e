//! The key of the daemon's own TLS, and clients that know it.

use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

use netclaw::domain::pin::Pin;
use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384, PublicKeyData};
use serde_json::json;

use super::raw_http::Request;
use super::world::{World, mode};
use crate::http::tls_client::Client;

/// The pin of the key in this file, as any tool would compute it.
pub fn pin_of(host: &World, file: &str) -> Pin {
    pin_of_key(&host.read(file))
}

/// What a client knows the owner of this key by.
pub fn pin_of_key(pem: &str) -> Pin {
    let key = pem::parse(pem).unwrap();
    let key = KeyPair::try_from(key.contents()).unwrap();
    Pin::of_spki(&key.subject_public_key_info())
}

fn live(host: &World) -> Request {
    Request::new(host.address, "GET /api/health/live")
}

#[test]
fn the_key_is_made_at_the_first_start_and_stays_the_same() {
    let host = World::default();
    let log = host.daemon().terminate();
    let (content, pin) = (host.read("keys/tls.key"), pin_of(&host, "keys/tls.key"));
    assert!(log.contains(&pin.to_string()), "{log}");
    assert_eq!((mode(&host.path("keys/tls.key")), mode(&host.path("keys"))), (0o600, 0o700));
    for _ in 0..2 {
        let daemon = host.daemon();
        assert_eq!(Client::of(pin).send(&live(&host)).status, 200);
        assert_eq!(live(&host).send().status, 200);
        daemon.kill();
    }
    assert_eq!(host.read("keys/tls.key"), content);
}

#[test]
fn two_daemons_have_two_keys() {
    let (one, other) = (World::default(), World::default());
    let _daemons = [one.daemon(), other.daemon()];
    assert_ne!(pin_of(&one, "keys/tls.key"), pin_of(&other, "keys/tls.key"));
    assert!(Client::of(pin_of(&one, "keys/tls.key")).connect(other.address).is_err());
}

#[test]
fn d43_a_damaged_key_stops_the_start_and_is_not_replaced() {
    let host = World::default();
    drop(host.daemon());
    let good = host.read("keys/tls.key");
    let other_curve = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap().serialize_der();
    let other_curve = pem::encode(&pem::Pem::new("PRIVATE KEY", other_curve));
    let two_keys = good.replace("PRIVATE KEY", "EC PRIVATE KEY");
    let ed25519 = host.read("keys/identity.key");
    for content in ["", "garbage", &good[..good.len() / 2], &other_curve, &two_keys, &ed25519, &"x".repeat(5000)] {
        host.write("keys/tls.key", content, 0o600);
        host.try_daemon().err().unwrap().failed(1, "tls.key");
        assert_eq!(host.read("keys/tls.key"), content);
        host.write("keys/tls.key", &good, 0o600);
        host.write("keys/tls-next.key", content, 0o600);
        host.try_daemon().err().unwrap().failed(1, "tls-next.key");
        assert_eq!(host.read("keys/tls-next.key"), content);
        std::fs::remove_file(host.path("keys/tls-next.key")).unwrap();
    }
    let _daemon = host.daemon();
}

#[test]
fn d42_an_exposed_or_replaced_key_stops_the_start() {
    let host = World::default();
    drop(host.daemon());
    let good = host.read("keys/tls.key");
    for mode in [0o644, 0o640, 0o604, 0o620] {
        host.write("keys/tls.key", &good, mode);
        let failed = host.try_daemon().err().unwrap().failed(1, "accessible by others");
        assert!(failed.stderr.contains(&format!("chmod 600 {}", host.path("keys/tls.key").display())), "{failed:?}");
    }
    host.write("elsewhere.key", &good, 0o600);
    std::fs::remove_file(host.path("keys/tls.key")).unwrap();
    symlink(host.path("elsewhere.key"), host.path("keys/tls.key")).unwrap();
    host.try_daemon().err().unwrap().failed(1, "symbolic link");
    std::fs::remove_file(host.path("keys/tls.key")).unwrap();
    std::fs::create_dir(host.path("keys/tls.key")).unwrap();
    host.try_daemon().err().unwrap().failed(1, "not a regular file");
}

#[test]
fn a_next_key_without_the_one_before_it_stops_the_start_with_both_ways_out() {
    let host = World::default();
    drop(host.daemon());
    std::fs::rename(host.path("keys/tls.key"), host.path("keys/tls-next.key")).unwrap();
    let failed = host.try_daemon().err().unwrap().failed(1, "tls.key is gone");
    assert!(failed.stderr.contains("from a backup") && failed.stderr.contains("hint: or use the key"), "{failed:?}");
    assert!(!host.path("keys/tls.key").exists());
}

#[test]
fn curl_reaches_the_daemon_by_its_pin_and_by_no_other() {
    let host = World::default();
    let _daemon = host.daemon();
    let curl = |pin: &str| {
        let url = format!("https://{}/api/health/live", host.address);
        Command::new("curl").args(["--silent", "--insecure", "--pinnedpubkey", pin, &url]).output()
    };
    let Ok(answered) = curl(&pin_of(&host, "keys/tls.key").to_string()) else {
        println!("skipped: this test runs curl, which is not installed");
        return;
    };
    assert_eq!(String::from_utf8_lossy(&answered.stdout), r#"{"status":"ok"}"#, "{answered:?}");
    let refused = curl(&Pin::from_bytes([7; 32]).to_string()).unwrap();
    // CURLE_SSL_PINNEDPUBKEYNOTMATCH.
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(90), 0), "{refused:?}");
}

#[test]
fn a_rotation_survives_restarts_and_switches_while_the_daemon_runs() {
    let host = World::default();
    let daemon = host.daemon();
    let keys = || -> serde_json::Value {
        serde_json::from_str(&host.netclaw(&["daemon", "keys", "--json"]).succeeded().stdout).unwrap()
    };
    let first = pin_of(&host, "keys/tls.key");
    assert_eq!((keys()["current"]["pin"].clone(), keys()["next"].clone()), (json!(first.to_string()), json!(null)));
    host.netclaw(&["daemon", "keys", "rotate", "--switch"]).failed(1, "no next key is announced");

    let announced = host.netclaw(&["daemon", "keys", "rotate"]).succeeded();
    let next = pin_of(&host, "keys/tls-next.key");
    assert_eq!(mode(&host.path("keys/tls-next.key")), 0o600);
    assert_eq!(announced.stdout, format!("Announced the next key: {next}\n"));
    daemon.kill();
    let daemon = host.daemon();
    assert_eq!(keys()["next"]["pin"], json!(next.to_string()));
    host.netclaw(&["daemon", "keys", "rotate"]).failed(1, "not been announced for long enough");
    assert_eq!(Client::of(first).send(&live(&host)).status, 200);

    let switched = host.netclaw(&["daemon", "keys", "rotate", "--switch"]).succeeded();
    assert_eq!(switched.stdout, format!("Switched to the key {next}\n"));
    assert_eq!(Client::of(next).send(&live(&host)).status, 200);
    assert!(Client::of(first).connect(host.address).is_err());
    assert!(!host.path("keys/tls-next.key").exists());
    daemon.kill();
    let _daemon = host.daemon();
    assert_eq!((pin_of(&host, "keys/tls.key"), keys()["next"].clone()), (next, json!(null)));
    assert_eq!(Client::of(next).send(&live(&host)).status, 200);
}

#[test]
fn a_key_that_has_been_announced_for_a_week_is_switched_to_without_hurry() {
    let host = World::default();
    let daemon = host.daemon();
    host.netclaw(&["daemon", "keys", "rotate"]).succeeded();
    let next = pin_of(&host, "keys/tls-next.key");
    drop(daemon);
    let file = std::fs::File::options().write(true).open(host.path("keys/tls-next.key")).unwrap();
    let made = file.metadata().unwrap().modified().unwrap();
    file.set_modified(made - Duration::from_secs(7 * 86_400)).unwrap();
    let _daemon = host.daemon();
    let switched = host.netclaw(&["daemon", "keys", "rotate"]).succeeded();
    assert_eq!(switched.stdout, format!("Switched to the key {next}\n"));
}

//! A client in another language, written from `PROTOCOL.md` alone, against the real daemon. It needs Python with the packages
//! `spake2` and `cryptography`; `NETCLAW_TEST_PYTHON` names another interpreter than `python3`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::raw_http::Request;
use super::world::{Finished, World};

/// The client, where it can run here.
struct SecondClient(String);

impl SecondClient {
    fn find() -> Option<Self> {
        let python = std::env::var("NETCLAW_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let probe = Command::new(&python).args(["-c", "import spake2, cryptography"]).stderr(Stdio::null()).status();
        let found = probe.is_ok_and(|status| status.success()).then_some(Self(python));
        if found.is_none() {
            println!("skipped: the Python package spake2 is not installed");
        }
        found
    }

    /// One of its scripts, from its own folder.
    fn script(&self, name: &str) -> Command {
        let mut command = Command::new(&self.0);
        // The compiled files would lie beside the sources.
        command.arg("-B").arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/second_client").join(name));
        command
    }

    /// What it prints when it is given a code.
    fn run(&self, host: &World, code: &str, arguments: &[&str]) -> (i32, Value) {
        use std::io::Write;
        let mut command = self.script("pair.py");
        command.arg(host.endpoint()).args(arguments).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{code}\n").as_bytes()).unwrap();
        let finished = Finished::of(child.wait_with_output().unwrap());
        let printed = serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"));
        (finished.code, printed)
    }
}

#[test]
fn the_test_vectors_are_what_it_computes() {
    let Some(client) = SecondClient::find() else { return };
    let computed = Finished::of(client.script("vectors.py").output().unwrap()).succeeded();
    assert_eq!(computed.stdout.trim(), include_str!("../domain/pake/vectors.txt").trim());
}

#[test]
fn it_pairs_and_its_token_is_good() {
    let Some(client) = SecondClient::find() else { return };
    let host = World::default();
    let daemon = host.daemon();
    // As a person may type it.
    let code = host.code().replace('-', " ").to_lowercase();
    let (exit, paired) = client.run(&host, &code, &["python", "--repeat"]);
    assert_eq!(exit, 0, "{paired}");
    assert_eq!(paired["deviceName"], "python");
    let token = paired["token"].as_str().unwrap();
    let status = Request::status(host.address, token).send();
    assert_eq!(status.json()["daemon"]["id"], paired["daemonId"], "{status:?}");
    assert_eq!(host.device_names(), ["python"]);
    let log = daemon.terminate();
    assert!(!log.contains(token), "{log}");
}

#[test]
fn it_asks_for_another_name_with_the_same_code() {
    let Some(client) = SecondClient::find() else { return };
    let host = World::default();
    let _daemon = host.daemon();
    assert_eq!(client.run(&host, &host.code(), &["python"]).0, 0);
    let (exit, paired) = client.run(&host, &host.code(), &["PYTHON", "a/b", "python-2", "--repeat"]);
    assert_eq!(exit, 0, "{paired}");
    assert_eq!(paired["refusedNames"], serde_json::json!(["name_taken", "invalid_device_name"]));
    assert_eq!(host.device_names(), ["python", "python-2"]);
}

#[test]
fn b20_it_is_refused_with_a_wrong_code_a_point_of_small_order_or_the_daemons_own_proof() {
    let Some(client) = SecondClient::find() else { return };
    let host = World::default();
    let _daemon = host.daemon();
    let code = host.code();
    let wrong = if code.starts_with('2') { "3333-3333" } else { "2222-2222" };
    let refused = |code: &str, argument: &str| client.run(&host, code, &[argument]).1["refused"].clone();
    assert_eq!(refused(wrong, "python"), "wrong_code");
    assert_eq!(refused(&code, "--small-order"), "invalid_request");
    assert_eq!(refused(&code, "--reflect"), "wrong_code");
    assert!(host.device_names().is_empty());
    assert_eq!(client.run(&host, &code, &["python"]).0, 0, "the code is still valid");
}

//! A forwarder that stays while the daemon, its keys and the credential change.

use serde_json::Value;

use super::{Forwarder, Home};
use crate::e2e::raw_http::Answer;
use crate::e2e::tls_keys::pin_of;
use crate::http::gateway::Wire;

#[test]
fn it_prints_what_can_be_pasted_and_where_it_leads() {
    let home = Home::default();
    let forwarder = home.forward();
    let (port, key) = (forwarder.address.port(), forwarder.key.clone());
    let expected = format!(
        "export OPENAI_BASE_URL=http://127.0.0.1:{port}/v1\nexport OPENAI_API_KEY={key}\n\
         Requests to http://127.0.0.1:{port} go to {}, as those of \"laptop\". Ctrl-C ends it.\n",
        home.host.endpoint()
    );
    assert_eq!(forwarder.said, expected);
    let (place, daemon) = (port.to_string(), home.daemon_id());
    for (others, again) in [
        (&[] as &[_], "netclaw forward\n"),
        (&["--json", "--daemon", &daemon], &format!("netclaw forward --daemon {daemon} --json\n")),
        (&["--", "echo", "a b"], "netclaw forward -- echo 'a b'\n"),
    ] {
        let taken = home.device.netclaw(&[&["forward", "--port", &place], others].concat());
        let taken = taken.failed(1, &format!("port {port} of 127.0.0.1 is taken"));
        assert!(taken.stderr.contains(&format!("hint: take a free one: {again}")), "{taken:?}");
        // The program of the hint is one that this system has.
        let finds = if cfg!(target_os = "linux") { "ss -ltnp 'sport = :" } else { "lsof -nP -iTCP:" };
        assert!(taken.stderr.contains(&format!("who has it: {finds}{port}")), "{taken:?}");
    }
    let (answer, head) = forwarder.through(&home, "GET /v1/models");
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    assert!(head.starts_with("GET /v1/models HTTP/1.1\r\n"), "{head}");
    // A stream that is open does not keep it.
    let mut client = forwarder.asked("GET /app/events HTTP/1.1");
    let mut served = home.server.accept();
    served.head();
    served.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.head();
    forwarder.terminate().succeeded();
    client.ends();
    served.ends();
}

#[test]
fn it_says_why_there_is_no_way_before_it_prints_anything() {
    let home = Home::default();
    let refused = |code, error: &str| {
        let finished = home.device.netclaw(&["forward"]).failed(code, error);
        assert_eq!(finished.stdout, "");
    };
    home.host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
    refused(3, "Authentication failed: the daemon rejected the bearer token");
    home.device.netclaw(&["unpair", "--forget"]).succeeded();
    refused(1, "this device is not paired with a daemon at");
    super::pair(&home.host, &home.device);
    let Home { host, daemon, device, .. } = home;
    daemon.terminate();
    let finished = device.netclaw(&["forward"]).failed(4, "cannot reach a daemon at");
    assert_eq!(finished.stdout, "");
    drop(host);
}

#[test]
fn d39_it_goes_on_with_the_new_secret_from_the_next_request_on() {
    let home = Home::default();
    let forwarder = home.forward();
    for _ in 0..3 {
        home.device.netclaw(&["rotate"]).succeeded();
        assert_eq!(forwarder.keyed("GET /api/status").send().status, 200);
        assert_eq!(forwarder.through(&home, "POST /v1/chat/completions").0.status, 200);
    }
}

#[test]
fn a_daemon_that_is_gone_is_said_and_one_that_comes_back_is_used() {
    let home = Home::default();
    let forwarder = home.forward();
    assert_eq!(forwarder.keyed("GET /api/status").send().status, 200);
    let Home { host, daemon, .. } = home;
    daemon.kill();
    let gone = forwarder.keyed("GET /v1/models").send();
    let message = gone.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(gone.status == 502 && message.contains(&host.endpoint()), "{gone:?}");
    assert_eq!(forwarder.keyed("GET /api/status").send().problem(), (502, "bad_gateway".to_owned()));
    let _daemon = host.daemon();
    assert_eq!(forwarder.keyed("GET /api/status").send().status, 200);
}

#[test]
fn a_post_over_a_kept_connection_is_answered_after_the_daemon_was_started_anew() {
    let mut home = Home::default();
    let forwarder = home.forward();
    let mut client = Wire::to(forwarder.address);
    let request = forwarder.keyed("POST /v1/chat/completions").body("{}").bytes("keep-alive");
    for _ in 0..3 {
        client.send(&request);
        let mut served = home.server.accept();
        served.head();
        assert_eq!(served.take(2), "{}");
        served.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        assert_eq!(client.answer().body, "ok");
        // The connection from the forwarder to the daemon is idle now, and ends with it.
        home.daemon.kill();
        home.daemon = home.host.daemon();
    }
}

#[test]
fn b27_an_announced_key_is_accepted_and_any_other_ends_it_with_both_fingerprints() {
    let home = Home::default();
    let forwarder = home.forward();
    let rotate = |step: &[&str]| {
        home.host.netclaw(&[&["daemon", "keys", "rotate"], step].concat()).succeeded();
    };
    rotate(&[]);
    home.device.netclaw(&["status"]).succeeded();
    rotate(&["--switch"]);
    // Its new connections are to the new key, and so is what the device knows from here on.
    assert_eq!(forwarder.keyed("GET /api/status").send().status, 200);
    home.device.netclaw(&["status"]).succeeded();
    let stored = pin_of(&home.host, "keys/tls.key");
    // Nobody tells the device of the next one.
    rotate(&[]);
    rotate(&["--switch"]);
    let found = pin_of(&home.host, "keys/tls.key");
    let Home { host, daemon, .. } = home;
    daemon.terminate();
    let _daemon = host.daemon();
    let asked = forwarder.keyed("GET /api/status").try_send();
    // It may end before it has answered.
    let says_where_to_look = |answer: &Answer| {
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        let expected = "; the forwarder's terminal has both fingerprints";
        answer.status == 502 && detail.starts_with("another key answers at http://") && detail.ends_with(expected)
    };
    assert!(asked.as_ref().is_ok_and(says_where_to_look) || asked.is_err(), "{asked:?}");
    let finished = forwarder.end().failed(1, "has changed from");
    for pin in [stored, found] {
        assert!(finished.stderr.contains(&pin.fingerprint().to_string()), "{finished:?}");
    }
}

#[test]
fn the_document_says_where_it_is() {
    let home = Home::default();
    let mut command = home.device.command(super::NETCLAW);
    let mut child = command.args(["forward", "--json"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    let document: Value = serde_json::from_str(&line).unwrap();
    let base = document["baseUrl"].as_str().unwrap();
    assert_eq!(document["openaiBaseUrl"], format!("{base}/v1"));
    assert_eq!(document["endpoint"], home.host.endpoint());
    assert_eq!((&document["deviceName"], &document["socket"]), (&"laptop".into(), &Value::Null));
    assert!(document["key"].as_str().unwrap().starts_with("ncf_"));
    child.kill().unwrap();
    child.wait().unwrap();
    let _ = Forwarder::of(&home.device, &["--daemon", document["daemonId"].as_str().unwrap()]);
}

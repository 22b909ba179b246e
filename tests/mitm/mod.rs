//! A real client and a real daemon on two machines, and a third machine in between.

mod capture;
mod listening;
mod mallory;
mod spellings;

use std::net::TcpListener;

use netclaw::domain::pin::Pin;
use serde_json::{Value, json};

use self::mallory::{Mallory, Plan, Victim};
use crate::client::tls_server::Shown;
use crate::e2e::world::{Finished, World};
use crate::proxies::lan::{Lan, Machine};
use crate::proxies::site::{client_on, in_direct_mode_allowing};

/// Where whoever is in between listens: the address that the client was given.
const PLACE: &str = "http://10.0.0.66:5199";

/// The identity and the point of order two, in base64url.
const SMALL_POINTS: [&str; 2] =
    ["AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "7P_______________________________________38"];

/// A network with a daemon that takes nothing in the clear.
fn on_a_lan(test: impl FnOnce(&Lan, &World)) {
    in_direct_mode_allowing(&json!(false), test);
}

fn victim(host: &World) -> Victim {
    let keys = host.netclaw(&["daemon", "keys", "--json"]).succeeded().stdout;
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let pin: Pin = keys["current"]["pin"].as_str().unwrap().parse().unwrap();
    Victim { address: host.address, pin }
}

/// Puts someone in between, until the network is gone.
fn in_between(lan: &Lan, host: &World, plan: Plan) -> Mallory {
    let victim = victim(host);
    lan.namespace(Machine::Mallory).run(|| Mallory::start(listener(), victim, plan))
}

fn listener() -> TcpListener {
    TcpListener::bind((Machine::Mallory.v4(), 5199)).unwrap()
}

fn pair(client: &World, code: &str) -> Finished {
    client.netclaw_reading(&["pair", PLACE, "--name", "laptop"], &format!("{code}\n"))
}

/// Whether nothing has come of it, on either side.
#[track_caller]
fn nothing_came_of_it(client: &World, host: &World) {
    assert!(!client.path("client/config.json").exists() && !client.path("config/secrets.json").exists());
    assert!(!host.device_names().contains(&"laptop".to_owned()));
}

fn problem(status: &str, code: &str) -> String {
    let body = json!({ "type": "about:blank", "title": "x", "status": 0, "code": code, "detail": "x" }).to_string();
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: application/problem+json\r\nContent-Length: {length}\r\n\r\n{body}")
}

#[test]
fn b19_a_relay_with_a_certificate_of_its_own_is_noticed_and_the_code_stays_valid() {
    on_a_lan(|lan, host| {
        let (client, code) = (client_on(lan, Machine::Alice), host.code());
        let mallory = in_between(lan, host, Plan::default());
        let refused = pair(&client, &code).failed(1, "someone may be in between");
        assert!(refused.stderr.contains("nothing was stored"), "{refused:?}");
        nothing_came_of_it(&client, host);
        assert!(mallory.heard().contains("/api/pair/v2/finish"));
        let directly = ["pair", &host.endpoint(), "--name", "laptop"];
        client.netclaw_reading(&directly, &format!("{code}\n")).succeeded();
    });
}

/// What is changed: the step, whether in its answer, and the field.
const CHANGES: [(&str, bool, &str); 8] = [
    ("start", false, "/nonce"),
    ("start", false, "/binding/value"),
    ("start", true, "/nonce"),
    ("start", true, "/identity"),
    ("finish", false, "/confirmation"),
    ("finish", false, "/sealed"),
    ("finish", true, "/confirmation"),
    ("finish", true, "/sealed"),
];

#[test]
fn b18_whatever_is_changed_on_the_way_nothing_is_paired() {
    for (step, in_answer, field) in CHANGES {
        on_a_lan(|lan, host| {
            let (client, own) = (client_on(lan, Machine::Alice), victim(host).pin);
            let change = move |path: &str, document: &mut Value| {
                if let Some(value) = document.pointer_mut(field).filter(|_| path.ends_with(step)) {
                    *value = changed(field, value, own);
                }
            };
            let plan = match in_answer {
                true => Plan { answer: Box::new(change), ..Plan::default() },
                false => Plan { request: Box::new(change), ..Plan::default() },
            };
            let _mallory = in_between(lan, host, plan);
            let refused = pair(&client, &host.code());
            assert!([1, 3].contains(&refused.code), "{step} {field}: {refused:?}");
            assert!(refused.stderr.contains("someone"), "{step} {field}: {refused:?}");
            nothing_came_of_it(&client, host);
        });
    }
}

/// Another value of the same form. A binding becomes the one that the daemon knows.
fn changed(field: &str, value: &Value, own: Pin) -> Value {
    if field == "/binding/value" {
        return json!(data_encoding::BASE64URL_NOPAD.encode(own.as_bytes()));
    }
    let text = value.as_str().unwrap();
    let first = if text.starts_with('A') { "B" } else { "A" };
    json!(first.to_owned() + &text[1..])
}

#[test]
fn b20_a_reflected_message_and_points_of_small_order_are_refused_by_the_client() {
    on_a_lan(|lan, host| {
        let client = client_on(lan, Machine::Alice);
        let sent = std::sync::Arc::new(std::sync::Mutex::new((Value::Null, 0_usize)));
        let (kept, turn) = (std::sync::Arc::clone(&sent), sent);
        let plan = Plan {
            request: Box::new(move |path, document| {
                if path.ends_with("start") {
                    kept.lock().unwrap().0 = document.clone();
                }
            }),
            answer: Box::new(move |path, document| {
                if !path.ends_with("start") {
                    return;
                }
                let mut state = turn.lock().unwrap();
                match state.1 {
                    0 => document["message"] = state.0["message"].clone(),
                    1 => document["nonce"] = state.0["nonce"].clone(),
                    other => document["message"] = json!(SMALL_POINTS[other - 2]),
                }
                state.1 += 1;
            }),
            ..Plan::default()
        };
        let mallory = in_between(lan, host, plan);
        for words in ["our own message came back", "our own message came back", "the message is", "the message is"] {
            let refused = pair(&client, &host.code()).failed(1, "someone may be in between");
            assert!(refused.stderr.contains(words), "{refused:?}");
        }
        assert!(!mallory.heard().contains("/api/pair/v2/finish"));
        nothing_came_of_it(&client, host);
    });
}

#[test]
fn b21_an_answer_from_another_session_is_refused() {
    on_a_lan(|lan, host| {
        let client = client_on(lan, Machine::Alice);
        let first = std::sync::Mutex::new(None);
        let plan = Plan {
            answer: Box::new(move |path, document| {
                if path.ends_with("finish") {
                    *document = first.lock().unwrap().get_or_insert_with(|| document.clone()).clone();
                }
            }),
            ..Plan::default()
        };
        let _mallory = in_between(lan, host, plan);
        let code = host.code();
        pair(&client, &code).failed(1, "the link does not end at the daemon");
        pair(&client, &code).failed(1, "the daemon did not prove that it knows the pairing code");
        nothing_came_of_it(&client, host);
    });
}

#[test]
fn b22_without_handshakes_or_tls_the_code_is_not_sent() {
    let missing = || -> Plan {
        let instead = |path: &str| path.contains("/v2/").then(|| problem("404 Not Found", "not_found"));
        Plan { instead: Box::new(instead), ..Plan::default() }
    };
    let plain = || Plan { shown: vec![None], ..missing() };
    for (plan, words) in [(missing(), "does not know the handshake"), (plain(), "does not speak TLS")] {
        on_a_lan(|lan, host| {
            let (client, code) = (client_on(lan, Machine::Alice), host.code());
            let mallory = in_between(lan, host, plan);
            pair(&client, &code).failed(1, words);
            nothing_came_of_it(&client, host);
            let heard = mallory.heard();
            assert!(heard.contains("/api/health/ready") && !heard.contains("/api/pair/exchange"), "{heard}");
            assert!(!heard.contains(&code) && !heard.contains(&code.replace('-', "")), "{heard}");
        });
    }
}

#[test]
fn b22_and_b27_another_certificate_or_none_in_the_middle_of_a_handshake_stops_it() {
    let (first, second) = (Shown::expired("my-server"), Shown::expired("my-server"));
    let shown = |last: Option<Shown>| vec![Some(first.clone()), Some(first.clone()), last];
    for (last, words) in [(Some(second), "has changed from"), (None, "cannot reach a daemon")] {
        on_a_lan(|lan, host| {
            let client = client_on(lan, Machine::Alice);
            let mallory = in_between(lan, host, Plan { shown: shown(last), ..Plan::default() });
            let refused = pair(&client, &host.code());
            assert!(
                refused.code != 0 && (refused.stderr.contains(words) || refused.stderr.contains("lost")),
                "{refused:?}"
            );
            assert!(!mallory.heard().contains("/api/pair/v2/finish"));
            nothing_came_of_it(&client, host);
        });
    }
}

#[test]
fn b23_a_redirect_at_any_step_is_not_followed() {
    for step in ["/api/health/ready", "/api/pair/v2/start", "/api/pair/v2/finish"] {
        on_a_lan(|lan, host| {
            let (client, place) = (client_on(lan, Machine::Alice), host.endpoint());
            let instead = move |path: &str| {
                let location = format!("Location: {place}{path}\r\nContent-Length: 0\r\n\r\n");
                (path == step).then(|| format!("HTTP/1.1 307 Temporary Redirect\r\n{location}"))
            };
            let _mallory = in_between(lan, host, Plan { instead: Box::new(instead), ..Plan::default() });
            pair(&client, &host.code()).failed(1, "redirects are not followed");
            nothing_came_of_it(&client, host);
        });
    }
}

#[test]
fn b19_a_links_pin_stops_the_client_before_it_says_anything_of_a_handshake() {
    on_a_lan(|lan, host| {
        let client = client_on(lan, Machine::Alice);
        let mallory = in_between(lan, host, Plan::default());
        let opened = host.netclaw(&["daemon", "pair", "--link", "--json"]).succeeded();
        let document: Value = serde_json::from_str(&opened.stdout).unwrap();
        let good = document["link"].as_str().unwrap();
        // As if someone led the name that the link has to a machine of their own.
        let misled = good.replace(&host.address.to_string(), "10.0.0.66:5199");
        let refused = client.netclaw_reading(&["pair", "--name", "laptop"], &format!("{misled}\n"));
        let refused = refused.failed(1, &victim(host).pin.fingerprint());
        assert!(refused.stderr.contains("has the key") && refused.stderr.contains("still valid"), "{refused:?}");
        nothing_came_of_it(&client, host);
        let heard = mallory.heard();
        assert!(!heard.contains("/api/pair") && !heard.contains("laptop"), "{heard}");
        client.netclaw_reading(&["pair", "--name", "laptop"], &format!("{good}\n")).succeeded();
        client.netclaw(&["status"]).succeeded();
    });
}

#[test]
fn b27_a_changed_key_stops_everything_and_an_announced_one_does_not() {
    on_a_lan(|lan, host| {
        let (informed, absent) = (client_on(lan, Machine::Alice), client_on(lan, Machine::Bob));
        for (client, name) in [(&informed, "informed"), (&absent, "absent")] {
            let arguments = ["pair", &host.endpoint(), "--name", name];
            client.netclaw_reading(&arguments, &format!("{}\n", host.code())).succeeded();
        }
        let before = victim(host).pin.fingerprint();
        host.netclaw(&["daemon", "keys", "rotate"]).succeeded();
        informed.netclaw(&["status"]).succeeded();
        assert!(informed.read("client/config.json").contains("nextPin"));
        host.netclaw(&["daemon", "keys", "rotate", "--switch"]).succeeded();
        let after = victim(host).pin.fingerprint();
        informed.netclaw(&["status"]).succeeded();
        informed.netclaw(&["status"]).succeeded();
        let refused = absent.netclaw(&["status"]).failed(1, &before);
        assert!(refused.stderr.contains(&after), "{refused:?}");
        assert!(refused.stderr.contains(&format!("netclaw pair {}", host.endpoint())), "{refused:?}");
    });
}

#[test]
fn s05_an_old_pairing_in_the_clear_sends_no_token_any_more() {
    on_a_lan(|lan, host| {
        let client = client_on(lan, Machine::Alice);
        let arguments = ["pair", &host.endpoint(), "--name", "laptop"];
        client.netclaw_reading(&arguments, &format!("{}\n", host.code())).succeeded();
        let mut stored: Value = serde_json::from_str(&client.read("client/config.json")).unwrap();
        for pairing in stored["daemons"].as_object_mut().unwrap().values_mut() {
            pairing
                .as_object_mut()
                .unwrap()
                .retain(|field, _| ["endpoint", "deviceName", "pairedAt"].contains(&field.as_str()));
        }
        client.write("client/config.json", &stored.to_string(), 0o600);
        let refused = client.netclaw(&["status"]).failed(1, "the token is not sent");
        assert!(refused.stderr.contains(&format!("netclaw pair {}", host.endpoint())), "{refused:?}");
        client.netclaw_reading(&arguments[..2], &format!("{}\nphone\n", host.code())).succeeded();
        client.netclaw(&["status"]).succeeded();
    });
}

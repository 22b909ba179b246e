//! The routes of pairing protocol v2, as a client meets them.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use netclaw::adapters::wire::handshake::{FinishForm, FinishedForm, StartForm, StartedForm};
use netclaw::domain::binding::{Binding, Origin};
use netclaw::domain::code::PairingCode;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::pake::{ClientConfirm, ClientStart, Outcome};
use netclaw::domain::terms::Terms;
use netclaw::ports::device_store::DeviceStore;
use serde_json::{Value, json};

use super::panics::PanickingRng;
use super::{Plan, Port};
use crate::e2e::raw_http::{Answer, Request};
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::other_than;

fn post(port: &Port, step: &str, body: &Value) -> Answer {
    let line = format!("POST /api/pair/v2/{step}");
    Request::new(port.address, &line).header("Content-Type", "application/json").body(&body.to_string()).send()
}

/// A client's first message and its JSON.
fn hello(code: &str, binding: Binding) -> (ClientStart, Value) {
    let (client, hello) = ClientStart::begin(&PairingCode::parse(code).unwrap(), binding, &[3; 96]).unwrap();
    (client, serde_json::to_value(StartForm::from(&hello)).unwrap())
}

fn started(client: ClientStart, answer: &Answer) -> ClientConfirm {
    let form: StartedForm = serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    client.receive(&form.read().unwrap()).unwrap()
}

#[test]
fn b18_a_device_is_paired_and_a_listener_sees_neither_code_nor_name_nor_token() {
    let port = Port::default();
    let code = port.code();
    let origin = Origin::of(&Endpoint::of_listener(port.address)).unwrap();
    let (client, sent) = hello(&code, Binding::Origin(origin));
    let answer = post(&port, "start", &sent);
    assert_eq!(answer.status, 200, "{answer:?}");
    let (client, request) = started(client, &answer).ask("my-laptop").unwrap();
    let asked = serde_json::to_value(FinishForm::from(&request)).unwrap();
    let finished = post(&port, "finish", &asked);
    assert_eq!(finished.status, 200, "{finished:?}");
    assert_eq!(finished.header("cache-control"), Some("no-store"));
    assert!(finished.body.len() < 4096, "as much as a client reads");
    let form: FinishedForm = serde_json::from_str(&finished.body).unwrap();
    let Ok(Outcome::Paired(enrolment)) = client.receive(&form.read().unwrap()) else { panic!() };
    let token = enrolment.grant.token.reveal().to_owned();
    assert_eq!(Request::status(port.address, &token).send().status, 200);
    assert_eq!(post(&port, "finish", &asked).body, finished.body, "the same bytes again");
    let devices = port.runtime.block_on(port.devices.list()).unwrap();
    assert_eq!(devices.len(), 1);
    for seen in [sent.to_string(), answer.body, asked.to_string(), finished.body] {
        let secrets = [&token[..], &token[20..72], "my-laptop", &code, &code.replace('-', "")];
        assert!(secrets.iter().all(|secret| !seen.contains(*secret)), "{seen}");
    }
}

#[test]
fn a_wrong_code_is_a_problem_and_ends_the_handshake() {
    let port = Port::default();
    let code = PairingCode::parse(&port.code()).unwrap();
    let (client, sent) = hello(&other_than(&code).reveal(), Binding::Spki(port.pin));
    let (_, request) = started(client, &post(&port, "start", &sent)).ask("laptop").unwrap();
    let asked = serde_json::to_value(FinishForm::from(&request)).unwrap();
    assert_eq!(post(&port, "finish", &asked).problem(), (401, "wrong_code".to_owned()));
    assert_eq!(post(&port, "finish", &asked).problem(), (404, "no_handshake".to_owned()));
}

#[test]
fn while_the_operator_is_asked_a_device_is_told_to_ask_again() {
    let port = Port::default();
    let terms = Terms { confirm: true, ..Terms::default() };
    let opened = port.runtime.block_on(port.open_pairing.open(terms)).unwrap();
    let exchanged = Request::exchange(port.address, &opened.code.reveal(), "laptop").send();
    assert_eq!(exchanged.problem(), (403, "confirmation_required".to_owned()));
    let (client, sent) = hello(&opened.code.reveal(), Binding::Spki(port.pin));
    let (_, request) = started(client, &post(&port, "start", &sent)).ask("laptop").unwrap();
    let asked = serde_json::to_value(FinishForm::from(&request)).unwrap();
    for _ in 0..20 {
        let pending = post(&port, "finish", &asked);
        assert_eq!(pending.problem(), (503, "confirmation_pending".to_owned()));
        assert_eq!(pending.header("retry-after"), Some("1"));
    }
    port.runtime.block_on(port.open_pairing.decide(opened.generation, true)).unwrap();
    assert_eq!(post(&port, "finish", &asked).status, 200);
}

#[test]
fn a_link_that_is_not_open_or_not_well_formed_is_told_apart_by_its_form_only() {
    let port = Port::default();
    let (_, mut sent) = hello("2345-6789", Binding::Spki(port.pin));
    for _ in 0..20 {
        sent["link"] = json!("A".repeat(43));
        assert_eq!(post(&port, "start", &sent).problem(), (404, "no_pairing_code".to_owned()));
        sent["link"] = json!("A".repeat(42));
        assert_eq!(post(&port, "start", &sent).problem(), (400, "invalid_request".to_owned()));
    }
}

#[test]
fn without_a_code_a_start_is_told_so_and_counted() {
    let port = Port::default();
    let (_, sent) = hello("2345-6789", Binding::Spki(port.pin));
    for _ in 0..5 {
        assert_eq!(post(&port, "start", &sent).problem(), (404, "no_pairing_code".to_owned()));
    }
    let refused = post(&port, "start", &sent);
    assert_eq!(refused.problem(), (429, "rate_limited".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("60"));
}

#[test]
fn b20_what_has_another_form_is_refused_without_spending_an_attempt() {
    let port = Port::default();
    let code = port.code();
    let (_, sent) = hello(&code, Binding::Spki(port.pin));
    let changed = |pointer: &str, value: Value| {
        let mut changed = sent.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    let short = "A".repeat(42);
    let long = "A".repeat(44);
    for wrong in [
        changed("/nonce", json!(short)),
        changed("/nonce", json!(long)),
        changed("/nonce", json!("_".repeat(43))),
        changed("/message", json!(short)),
        changed("/message", json!("")),
        changed("/message", json!(7)),
        changed("/binding", json!(null)),
        changed("/binding/kind", json!("host")),
        changed("/binding/value", json!(short)),
        changed("/binding", json!({ "kind": "origin", "value": "http://my-server:5199" })),
        changed("/binding", json!({ "kind": "origin", "value": "https://agent.example.org/" })),
        json!({}),
        json!([]),
    ] {
        let refused = post(&port, "start", &wrong).problem();
        assert!(refused.0 == 400, "{wrong}: {refused:?}");
    }
    let unknown = changed("/suite", json!("cpace-ristretto255"));
    assert_eq!(post(&port, "start", &unknown).problem(), (400, "unsupported_suite".to_owned()));
    assert_eq!(post(&port, "start", &sent).status, 200);
    let small = changed("/message", json!("A".repeat(43)));
    assert_eq!(post(&port, "start", &small).problem(), (400, "invalid_request".to_owned()));
}

#[test]
fn b20_a_finish_of_another_form_leaves_the_handshake_as_it_is() {
    let port = Port::default();
    let (client, sent) = hello(&port.code(), Binding::Spki(port.pin));
    let (_, request) = started(client, &post(&port, "start", &sent)).ask("laptop").unwrap();
    let asked = serde_json::to_value(FinishForm::from(&request)).unwrap();
    for (field, value) in [
        ("handshake", json!("AAAA")),
        ("sequence", json!(256)),
        ("sequence", json!("0")),
        ("confirmation", json!("A".repeat(42))),
        ("sealed", json!("A".repeat(703))),
        ("sealed", json!("A".repeat(705))),
    ] {
        let mut wrong = asked.clone();
        wrong[field] = value;
        assert_eq!(post(&port, "finish", &wrong).problem(), (400, "invalid_request".to_owned()), "{field}");
    }
    assert_eq!(post(&port, "finish", &asked).status, 200);
}

#[test]
fn a_panic_while_a_device_is_made_leaves_the_code_valid() {
    let rng = PanickingRng(SeededRng::new(7), AtomicBool::new(false));
    let port = Port::of(Plan { rng: Arc::new(rng), ..Plan::default() });
    let code = port.code();
    for expected in [503, 200] {
        let (client, sent) = hello(&code, Binding::Spki(port.pin));
        let (_, request) = started(client, &post(&port, "start", &sent)).ask("laptop").unwrap();
        let asked = serde_json::to_value(FinishForm::from(&request)).unwrap();
        assert_eq!(post(&port, "finish", &asked).status, expected);
        let again = if expected == 503 { 404 } else { 200 };
        assert_eq!(post(&port, "finish", &asked).status, again);
    }
}

#[test]
fn the_routes_answer_posts_of_json_only() {
    let port = Port::default();
    for step in ["start", "finish"] {
        let path = format!("/api/pair/v2/{step}");
        let got = Request::new(port.address, &format!("GET {path}")).send();
        assert_eq!((got.problem().0, got.header("allow")), (405, Some("POST")));
        let form = Request::new(port.address, &format!("POST {path}")).body("{}").send();
        assert_eq!(form.problem(), (415, "unsupported_media_type".to_owned()));
        let large = post(&port, step, &json!({ "nonce": "A".repeat(4096) }));
        assert_eq!(large.problem(), (413, "payload_too_large".to_owned()));
    }
}

//! The routes of a rotation, as a client meets them.

use std::time::Duration;

use netclaw::domain::rotation::CONFIRMATION_TIME;

use super::Port;
use crate::e2e::raw_http::{Answer, Request};

fn post(port: &Port, path: &str, token: &str) -> Answer {
    Request::new(port.address, &format!("POST {path}")).header("Authorization", &format!("Bearer {token}")).send()
}

fn paired(port: &Port) -> String {
    text(&port.exchange(&port.code()))
}

/// A token from an answer.
fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["token"].as_str().unwrap().to_owned()
}

fn stage(port: &Port, token: &str) -> String {
    text(&post(port, "/api/device/rotate", token))
}

fn confirm(port: &Port, token: &str) -> u16 {
    post(port, "/api/device/rotate/confirm", token).status
}

fn status(port: &Port, token: &str) -> u16 {
    Request::status(port.address, token).send().status
}

#[test]
fn d39_a_new_secret_opens_nothing_until_it_is_confirmed_and_then_alone() {
    let port = Port::default();
    let old = paired(&port);
    let new = stage(&port, &old);
    assert_eq!((status(&port, &old), status(&port, &new)), (200, 401));
    let revoke =
        Request::new(port.address, "DELETE /api/pair/device").header("Authorization", &format!("Bearer {new}"));
    assert_eq!(revoke.send().status, 401);
    assert_eq!(post(&port, "/api/device/rotate", &new).status, 401);
    assert_eq!(confirm(&port, &new), 204);
    assert_eq!((status(&port, &old), status(&port, &new)), (401, 200));
    assert_eq!(confirm(&port, &new), 204, "an answer may have been lost");
    assert_eq!((confirm(&port, &old), post(&port, "/api/device/rotate", &old).status), (401, 401));
}

#[test]
fn who_starts_again_can_confirm_the_latest_only() {
    let port = Port::default();
    let old = paired(&port);
    let (first, second) = (stage(&port, &old), stage(&port, &old));
    assert_eq!((confirm(&port, &first), status(&port, &old)), (401, 200));
    assert_eq!((confirm(&port, &second), status(&port, &old), status(&port, &second)), (204, 401, 200));
}

#[test]
fn confirming_with_the_old_secret_does_not_confirm_the_new_one() {
    let port = Port::default();
    let old = paired(&port);
    let new = stage(&port, &old);
    assert_eq!(confirm(&port, &old), 204);
    assert_eq!((status(&port, &old), status(&port, &new)), (200, 401));
}

#[test]
fn a_new_secret_can_be_confirmed_for_a_day() {
    for (left, expected) in [(Duration::from_millis(1), 204), (Duration::ZERO, 401)] {
        let port = Port::default();
        let old = paired(&port);
        let new = stage(&port, &old);
        port.clock.advance(CONFIRMATION_TIME - left);
        assert_eq!(confirm(&port, &new), expected);
        assert_eq!(status(&port, &old), if expected == 204 { 401 } else { 200 });
    }
}

#[test]
fn revoking_kills_both_secrets() {
    let port = Port::default();
    let old = paired(&port);
    let new = stage(&port, &old);
    let revoke =
        Request::new(port.address, "DELETE /api/pair/device").header("Authorization", &format!("Bearer {old}"));
    assert_eq!(revoke.send().status, 204);
    assert_eq!((status(&port, &old), confirm(&port, &new), confirm(&port, &old)), (401, 401, 401));
}

#[test]
fn whatever_cannot_be_stored_leaves_the_old_secret() {
    let port = Port::default();
    let old = paired(&port);
    let new = stage(&port, &old);
    port.devices.faults.set(true);
    assert_eq!(post(&port, "/api/device/rotate", &old).problem(), (503, "storage_unavailable".to_owned()));
    let refused = post(&port, "/api/device/rotate/confirm", &new).problem();
    assert_eq!(refused, (503, "storage_unavailable".to_owned()));
    port.devices.faults.set(false);
    assert_eq!((status(&port, &old), confirm(&port, &new)), (200, 204));
}

#[test]
fn nobody_without_a_token_rotates_even_where_loopback_is_trusted() {
    let port = Port::default();
    for path in ["/api/device/rotate", "/api/device/rotate/confirm"] {
        let answer = Request::new(port.address, &format!("POST {path}")).send();
        assert_eq!(answer.problem(), (401, "unauthorized".to_owned()));
        let answer = Request::new(port.address, &format!("GET {path}")).send();
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    }
}

#[test]
fn a_device_gets_five_new_secrets_in_ten_minutes_and_others_are_not_held_up() {
    let port = Port::default();
    let phone = Request::exchange(port.address, &port.code(), "phone").send();
    let (token, other) = (paired(&port), text(&phone));
    let newest = (0..5).map(|_| stage(&port, &token)).last().unwrap();
    let refused = post(&port, "/api/device/rotate", &token);
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("600")));
    stage(&port, &other);
    assert_eq!(confirm(&port, &newest), 204, "what was made can be confirmed");
    assert_eq!(post(&port, "/api/device/rotate", &newest).status, 429, "it is the same device");
    port.minutes_pass(10);
    stage(&port, &newest);
}

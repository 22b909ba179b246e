//! Codes and tokens on a real network: attacks.md B18.

use serde_json::json;

use super::lan::Machine;
use super::site::{behind_each_proxy_without_tls, exchange, in_direct_mode_allowing, status};
use crate::e2e::raw_http::{Answer, Request};
use crate::e2e::tls_keys::pin_of;
use crate::http::tls_client::Client;

#[track_caller]
fn assert_refused(answer: &Answer) {
    assert_eq!(answer.problem(), (403, "tls_required".to_owned()));
}

#[test]
fn b18_another_machine_pairs_over_tls_and_not_in_the_clear() {
    in_direct_mode_allowing(&json!(false), |lan, host| {
        let (code, client) = (host.code(), Client::of(pin_of(host, "keys/tls.key")));
        let encrypted = |request: &Request| lan.namespace(Machine::Alice).run(|| client.send(request));
        let exchange = Request::exchange(host.address, &code, "laptop");
        assert_refused(&lan.send(Machine::Alice, &exchange));
        let granted = encrypted(&exchange).json();
        let status = Request::status(host.address, granted["token"].as_str().unwrap());
        assert_refused(&lan.send(Machine::Alice, &status));
        let lied = status.clone().header("X-Forwarded-Proto", "https").header("X-Forwarded-For", "127.0.0.1");
        assert_refused(&lan.send(Machine::Alice, &lied));
        assert_eq!(encrypted(&status).json()["device"]["name"], "laptop");
        // From the machine itself it crosses no network, by whichever address.
        assert_eq!(lan.send(Machine::Daemon, &status).status, 200);
        host.netclaw(&["status"]).succeeded();
    });
}

#[test]
fn b18_plaintext_can_be_allowed_for_single_clients() {
    in_direct_mode_allowing(&json!([Machine::Alice.v4()]), |lan, host| {
        let exchange = Request::exchange(host.address, &host.code(), "laptop");
        assert_refused(&lan.send(Machine::Mallory, &exchange));
        assert_refused(&lan.send(Machine::Bob, &exchange));
        assert_eq!(lan.send(Machine::Alice, &exchange).status, 200);
    });
}

#[test]
fn b18_a_proxy_without_tls_carries_no_code_and_no_token() {
    behind_each_proxy_without_tls(|site| {
        let exchange = exchange(&site.host.code(), "laptop");
        assert_refused(&site.send(Machine::Alice, &exchange));
        assert_refused(&site.send(Machine::Alice, &exchange.header("X-Forwarded-Proto", "https")));
        assert_refused(&site.send(Machine::Alice, &status("nct_x")));
        assert_eq!(site.host.device_names().iter().filter(|name| *name == "laptop").count(), 0);
    });
}

//! Blocks of fifteen minutes behind a proxy, on a clock that the test moves.

use std::net::TcpListener;

use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;
use netclaw::domain::transport::AllowPlaintext;

use super::lan::{Lan, Machine};
use super::proxy::Scheme;
use super::site::{exchange, guess, past_the_proxy, usable_proxies};
use crate::http::Port;

/// A daemon on the network's machine for it, whose clock is the test's.
fn port_on(lan: &Lan) -> Port {
    let trusted_proxies = vec![Machine::Proxy.v4().into()];
    let allow_plaintext = AllowPlaintext::Always;
    let settings =
        Settings { mode: ExposureMode::ReverseProxy, trusted_proxies, allow_plaintext, ..Settings::default() };
    let address = past_the_proxy(guess("")).to;
    let listener = lan.namespace(Machine::Daemon).run(|| TcpListener::bind(address).unwrap());
    Port::listening(listener, settings)
}

#[test]
fn a02_ten_wrong_codes_block_their_client_and_nobody_else_behind_the_same_proxy() {
    for proxy in usable_proxies() {
        let lan = Lan::default();
        let port = port_on(&lan);
        let _running = proxy.start(&lan, Scheme::Http);
        let wrong = guess(&port.code());
        for _ in 0..2 {
            let statuses = [(); 5].map(|()| lan.send(Machine::Mallory, &wrong).status);
            assert_eq!(statuses, [401; 5]);
            port.minutes_pass(1);
        }
        let right = exchange(&port.code(), "laptop");
        let blocked = lan.send(Machine::Mallory, &right.clone().header("X-Forwarded-For", "10.0.0.11"));
        assert_eq!(blocked.problem(), (429, "locked_out".to_owned()));
        assert_eq!(blocked.header("retry-after"), Some("840"));
        assert_eq!(lan.send(Machine::Mallory, &past_the_proxy(right.clone())).problem().1, "locked_out");
        assert_eq!(lan.send(Machine::Alice, &right).status, 200);
        port.minutes_pass(14);
        assert_eq!(lan.send(Machine::Mallory, &wrong).problem(), (404, "no_pairing_code".to_owned()));
    }
}

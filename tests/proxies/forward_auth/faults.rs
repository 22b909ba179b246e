//! A daemon that is not there, or something else in its place: nobody is let in.

use super::super::lan::{Lan, Machine};
use super::super::proxy::{GUARDS, Proxy, RunningProxy, Scheme};
use super::super::site::{PORT, socket, usable};
use super::service::{Manner, Service};
use super::{APP_NAME, Guarded, SERVICE, SERVICE_PORT, behind_each, until_configured};
use crate::e2e::raw_http::Request;

/// A proxy between a service and something that is asked in place of a daemon.
struct Pretended {
    proxy: RunningProxy,
    service: Service,
    asked: Service,
    lan: Lan,
}

impl Pretended {
    fn by(proxy: &'static Proxy, manner: Manner) -> Self {
        let lan = Lan::default();
        let asked = Service::start(&lan, Machine::Daemon, socket(Machine::Daemon.v4(), PORT), manner);
        let service = Service::start(&lan, Machine::Proxy, socket([127, 0, 0, 1].into(), SERVICE_PORT), SERVICE);
        let pretended = Self { proxy: proxy.start(&lan, Scheme::Http), service, asked, lan };
        until_configured(|| pretended.lan.namespace(Machine::Alice).run(|| request("GET /public/").try_send()));
        pretended.service.take();
        pretended
    }

    fn send(&self, request: &Request) -> u16 {
        self.lan.send(Machine::Alice, request).status
    }
}

fn request(line: &str) -> Request {
    let token = "Bearer nct_of_a_device";
    Request::new(socket(Machine::Proxy.v4(), 80), line).header("Host", APP_NAME).header("Authorization", token)
}

#[test]
fn the_daemon_is_asked_about_the_token_and_told_nothing_else() {
    for proxy in usable(&GUARDS) {
        let pretended = Pretended::by(proxy, (204, &[("X-Netclaw-Device", "laptop"), ("X-Netclaw-Device-Id", "a")]));
        let post =
            request("POST /notes?secret=1").header("Cookie", "session=secret").header("Origin", "http://evil.example");
        let post = post.header("X-Netclaw-Device", "admin").header("Content-Type", "text/plain").body("a secret note");
        assert_eq!(pretended.send(&post), 200, "{}", proxy.program);
        let asked = pretended.asked.take().pop().unwrap();
        assert_eq!((asked.line.as_str(), asked.body.as_str()), ("GET /api/auth/verify", ""), "{asked:?}");
        assert_eq!(asked.header("authorization"), Some("Bearer nct_of_a_device"));
        assert_eq!(asked.header("x-forwarded-for"), Some("10.0.0.11"));
        assert_eq!(asked.header("x-forwarded-proto"), Some("http"));
        for private in ["cookie", "origin", "content-length", "transfer-encoding", "x-netclaw-device"] {
            assert_eq!(asked.header(private), None, "{}: {asked:?}", proxy.program);
        }
        assert_eq!(pretended.service.take().pop().unwrap().body, "a secret note");
        drop(pretended.proxy);
    }
}

#[test]
fn only_success_lets_in() {
    let manners: [Manner; 8] = [
        (302, &[("Location", "http://app.example.com/public/")]),
        (304, &[]),
        (400, &[]),
        (403, &[("X-Netclaw-Device", "admin")]),
        (404, &[]),
        (429, &[]),
        (500, &[("X-Netclaw-Device", "admin")]),
        (503, &[]),
    ];
    for proxy in usable(&GUARDS) {
        let pretended = Pretended::by(proxy, manners[0]);
        for manner in manners {
            pretended.asked.answer_with(manner);
            let status = pretended.send(&request("GET /"));
            assert!(status >= 300, "{} with {}: {status}", proxy.program, manner.0);
            let arrived = pretended.service.take();
            assert!(arrived.is_empty(), "{} with {}: {arrived:?}", proxy.program, manner.0);
        }
    }
}

#[test]
fn a_daemon_that_is_down_lets_nobody_in_and_lets_them_in_again_when_it_is_back() {
    behind_each(|guarded| {
        let request = guarded.paired("GET /", &guarded.pair());
        let mut conversation = guarded.conversation();
        assert_eq!(conversation.ask(&request).status, 200);
        guarded.service.take();
        guarded.host.netclaw(&["daemon", "stop"]).succeeded();
        assert_server_error(conversation.ask(&request).status);
        assert_server_error(guarded.send(&request).status);
        guarded.assert_unreached();
        assert_eq!(guarded.send(&guarded.request("GET /public/")).status, 200, "this asks nobody");
        let _restarted = guarded.host.daemon();
        assert_eq!(guarded.send(&request).status, 200);
    });
}

/// Without Traefik, which waits for 30 seconds and cannot be told otherwise.
#[test]
fn a_daemon_that_does_not_answer_lets_nobody_in() {
    for proxy in usable(&GUARDS).filter(|proxy| proxy.program != "traefik") {
        let guarded = Guarded::by(proxy, Scheme::Http);
        let request = guarded.paired("GET /", &guarded.pair());
        assert_eq!(guarded.send(&request).status, 200);
        guarded.service.take();
        guarded.lan.while_cut_off(Machine::Daemon, || assert_server_error(guarded.send(&request).status));
        guarded.assert_unreached();
    }
}

#[track_caller]
fn assert_server_error(status: u16) {
    assert!((500..600).contains(&status), "{status}");
}

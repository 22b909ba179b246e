//! A service that only paired devices reach: the files in `deploy/forward-auth`, with the real proxies.

mod credentials;
mod faults;
mod local;
mod paths;
mod service;
mod upgrades;

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::json;

use self::service::{Manner, Service};
use super::conversation::Conversation;
use super::lan::{APP_NAME, Lan, Machine};
use super::proxy::{GUARDS, Proxy, RunningProxy, Scheme};
use super::site::{host_on, socket, usable};
use crate::e2e::raw_http::{Answer, Request};
use crate::e2e::world::{Daemon, World};
use crate::http::tls_client::{Client, ask};

/// Where the service listens, in the files.
const SERVICE_PORT: u16 = 8080;

/// Tries until a proxy has read its configuration, ten milliseconds apart.
const TRIES: usize = 2000;

/// What a proxy answers that knows of no service yet.
const NOT_CONFIGURED: u16 = 404;

/// The name of the device, and how it is sent.
const DEVICE: (&str, &str) = ("Bob's Laptop", "Bob%27s%20Laptop");

/// How the service answers.
const SERVICE: Manner = (200, &[]);

/// A daemon, a service, and a proxy in front of it.
struct Guarded {
    /// Dropped before the network, as all that runs in it is.
    proxy: RunningProxy,
    service: Service,
    _daemon: Daemon,
    host: World,
    lan: Lan,
    scheme: Scheme,
    /// Where the proxy is.
    at: Machine,
}

/// Runs `test` with each proxy that is installed, on another machine than the daemon's. The daemon takes tokens in the clear.
fn behind_each(test: impl Fn(&Guarded)) {
    usable(&GUARDS).for_each(|proxy| test(&Guarded::by(proxy, Scheme::Http)));
}

/// The same over https, with a daemon that does not.
fn behind_each_secure(test: impl Fn(&Guarded)) {
    usable(&GUARDS).for_each(|proxy| test(&Guarded::by(proxy, Scheme::Https)));
}

/// The same on the machine of a daemon in the mode `local`, by the proxies that can do it.
fn beside_each(test: impl Fn(&Guarded)) {
    usable(&GUARDS).filter(|proxy| proxy.for_local.is_some()).for_each(|proxy| {
        let (lan, settings) = (Lan::default(), json!({ "Daemon": { "ExposureMode": "local" } }));
        let host = host_on(&lan, Ipv4Addr::LOCALHOST.into(), &settings.to_string());
        let start = |lan: &Lan| proxy.start_beside(lan, Scheme::Http);
        test(&Guarded::new(lan, host, Scheme::Http, Machine::Daemon, start));
    });
}

/// Waits until a proxy that listens has also read what for, and with which certificate, by a request for the service.
fn until_configured(send: impl Fn() -> std::io::Result<Answer>) {
    for _ in 0..TRIES {
        if send().is_ok_and(|answer| answer.status != NOT_CONFIGURED) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the proxy knows nothing of the service");
}

impl Guarded {
    fn by(proxy: &'static Proxy, scheme: Scheme) -> Self {
        Self::allowing(proxy, scheme, scheme == Scheme::Http)
    }

    /// Over http, with a daemon that takes no tokens in the clear.
    fn without_tls(proxy: &'static Proxy) -> Self {
        Self::allowing(proxy, Scheme::Http, false)
    }

    fn allowing(proxy: &'static Proxy, scheme: Scheme, plaintext: bool) -> Self {
        let lan = Lan::default();
        let settings = json!({
            "ExposureMode": "reverse-proxy", "TrustedProxies": [Machine::Proxy.v4()], "AllowPlaintext": plaintext,
        });
        let host = host_on(&lan, Machine::Daemon.v4(), &json!({ "Daemon": settings }).to_string());
        Self::new(lan, host, scheme, Machine::Proxy, |lan| proxy.start(lan, scheme))
    }

    fn new(lan: Lan, host: World, scheme: Scheme, at: Machine, start: impl Fn(&Lan) -> RunningProxy) -> Self {
        let _daemon = host.daemon();
        let service = Service::start(&lan, at, socket(Ipv4Addr::LOCALHOST.into(), SERVICE_PORT), SERVICE);
        let guarded = Self { proxy: start(&lan), service, _daemon, host, lan, scheme, at };
        until_configured(|| guarded.try_send(&guarded.request("GET /public/")));
        guarded.service.take();
        guarded
    }

    /// A new device's token.
    fn pair(&self) -> String {
        let exchange = Request::exchange(self.host.address, &self.host.code(), DEVICE.0);
        let granted = self.lan.send(Machine::Daemon, &exchange);
        granted.json()["token"].as_str().unwrap_or_else(|| panic!("{granted:?}")).to_owned()
    }

    /// A request for the service.
    fn request(&self, line: &str) -> Request {
        Request::new(socket(self.at.v4(), self.scheme.port()), line).header("Host", APP_NAME)
    }

    /// The same with a token.
    fn paired(&self, line: &str, token: &str) -> Request {
        self.request(line).header("Authorization", &format!("Bearer {token}"))
    }

    /// Sends `request` from Alice's machine.
    fn send(&self, request: &Request) -> Answer {
        self.try_send(request).unwrap()
    }

    fn try_send(&self, request: &Request) -> std::io::Result<Answer> {
        let alice = self.lan.namespace(Machine::Alice);
        match self.scheme {
            Scheme::Http => alice.run(|| request.try_send()),
            Scheme::Https => {
                let client =
                    Client { name: Some(APP_NAME), protocols: vec!["http/1.1"], ..Client::of(self.proxy.pin()) };
                alice.run(|| Ok(ask(&mut client.connect(request.to)?, request)))
            }
        }
    }

    fn conversation(&self) -> Conversation {
        Conversation::for_request(&self.lan, Machine::Alice, &self.request(""))
    }

    /// The proxy says no to `request`, and the service does not learn of it.
    #[track_caller]
    fn assert_unauthorized(&self, request: &Request) {
        let answer = self.send(request);
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")), "{request:?} {answer:?}");
        self.assert_unreached();
    }

    #[track_caller]
    fn assert_unreached(&self) {
        let arrived = self.service.take();
        assert!(arrived.is_empty(), "{arrived:?}");
    }
}

//! A daemon behind a reverse proxy, set up as the manual says, and people who use both.

use std::net::{IpAddr, SocketAddr};

use super::conversation::Conversation;
use super::lan::{Lan, Machine, PUBLIC_NAME};
use super::namespace;
use super::proxy::{PROXIES, Proxy, RunningProxy, Scheme};
use crate::e2e::raw_http::{Answer, Request};
use crate::e2e::world::{Daemon, World};

/// The daemon's port in the files in `deploy`.
pub const PORT: u16 = 5199;

/// What clients type.
pub const PUBLIC_URL: &str = "http://netclaw.example.com";

/// A daemon, a proxy in front of it, and the network that they are in.
pub struct Site {
    /// Dropped before the network, as the daemon is.
    pub proxy: RunningProxy,
    pub daemon: Daemon,
    pub host: World,
    pub lan: Lan,
}

/// Runs `test` behind each proxy that is installed, one after the other. The daemon takes codes and tokens in the clear.
pub fn behind_each_proxy(test: impl Fn(Site)) {
    usable_proxies().for_each(|proxy| test(Site::behind(proxy, Scheme::Http, Machine::Daemon.v4(), true)));
}

/// The same, with a daemon that does not.
pub fn behind_each_proxy_without_tls(test: impl Fn(Site)) {
    usable_proxies().for_each(|proxy| test(Site::behind(proxy, Scheme::Http, Machine::Daemon.v4(), false)));
}

/// As [`behind_each_proxy`], with a daemon that listens on `host`.
pub fn behind_each_proxy_of(host: IpAddr, test: impl Fn(Site)) {
    usable_proxies().for_each(|proxy| test(Site::behind(proxy, Scheme::Http, host, true)));
}

/// Runs `test` behind each proxy, which speaks https and has a certificate.
pub fn behind_each_secure_proxy(test: impl Fn(Site)) {
    usable_proxies().for_each(|proxy| test(Site::behind(proxy, Scheme::Https, Machine::Daemon.v4(), false)));
}

/// A site behind each proxy that is installed, at once.
pub fn sites() -> Vec<Site> {
    usable_proxies().map(|proxy| Site::behind(proxy, Scheme::Http, Machine::Daemon.v4(), true)).collect()
}

/// The proxies that are installed, if networks can be made for them.
pub fn usable_proxies() -> impl Iterator<Item = &'static Proxy> {
    usable(&PROXIES)
}

/// Those of `proxies` that are installed, if networks can be made for them.
pub fn usable(proxies: &'static [Proxy]) -> impl Iterator<Item = &'static Proxy> {
    proxies.iter().filter(|proxy| {
        let missing = (!proxy.is_installed()).then(|| format!("{} is not installed", proxy.program));
        match namespace::obstacle().map(str::to_owned).or(missing) {
            Some(obstacle) => println!("skipped: {obstacle}"),
            None => {
                println!("behind {}:", proxy.program);
                return true;
            }
        }
        false
    })
}

/// Runs `test` on a network with a daemon in the mode `direct`, which nothing is in front of, and which takes codes and
/// tokens in the clear.
pub fn in_direct_mode(test: impl FnOnce(&Lan, &World)) {
    in_direct_mode_allowing(&serde_json::json!(true), test);
}

/// The same, with this value of `Daemon.AllowPlaintext`.
pub fn in_direct_mode_allowing(plaintext: &serde_json::Value, test: impl FnOnce(&Lan, &World)) {
    if let Some(obstacle) = namespace::obstacle() {
        println!("skipped: {obstacle}");
        return;
    }
    let lan = Lan::default();
    let settings = serde_json::json!({ "Daemon": { "ExposureMode": "direct", "AllowPlaintext": plaintext } });
    let host = host_on(&lan, Machine::Daemon.v4(), &settings.to_string());
    let _daemon = host.daemon();
    test(&lan, &host);
}

impl Site {
    fn behind(proxy: &'static Proxy, scheme: Scheme, host: IpAddr, allow_plaintext: bool) -> Self {
        let lan = Lan::default();
        let url = format!("{}://{PUBLIC_NAME}", scheme.name());
        let settings = serde_json::json!({
            "ExposureMode": "reverse-proxy", "TrustedProxies": [Machine::Proxy.v4()], "ExternalUrl": url,
            "AllowPlaintext": allow_plaintext,
        });
        let host = host_on(&lan, host, &serde_json::json!({ "Daemon": settings }).to_string());
        let daemon = host.daemon();
        Self { proxy: proxy.start(&lan, scheme), daemon, host, lan }
    }

    /// Sends `request` from `machine`.
    pub fn send(&self, machine: Machine, request: &Request) -> Answer {
        Conversation::for_request(&self.lan, machine, request).ask(request)
    }

    /// Pairs a device of Bob's, and returns its token.
    pub fn pair(&self, name: &str) -> String {
        let granted = self.send(Machine::Bob, &exchange(&self.host.code(), name));
        granted.json()["token"].as_str().unwrap_or_else(|| panic!("{granted:?}")).to_owned()
    }

    /// Where the operator sees that the device was used from.
    pub fn last_address(&self, name: &str) -> String {
        let listed = self.host.netclaw(&["daemon", "devices", "--json"]).succeeded();
        let document: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
        let device = document["devices"].as_array().unwrap().iter().find(|device| device["name"] == name);
        device.unwrap()["lastAddress"].as_str().unwrap().to_owned()
    }
}

/// A request for the public name, to the proxy.
pub fn request(line: &str) -> Request {
    Request::new(socket(Machine::Proxy.v4(), Scheme::Http.port()), line).header("Host", PUBLIC_NAME)
}

/// An exchange, by way of the proxy.
pub fn exchange(code: &str, name: &str) -> Request {
    Request::exchange(socket(Machine::Proxy.v4(), Scheme::Http.port()), code, name).header("Host", PUBLIC_NAME)
}

/// An exchange of a code that is not `code`.
pub fn guess(code: &str) -> Request {
    exchange(other_than(code), "x")
}

/// A request for the status, by way of the proxy.
pub fn status(token: &str) -> Request {
    request("GET /api/status").header("Authorization", &format!("Bearer {token}"))
}

/// `request`, to the proxy's IPv6 address.
pub fn over_v6(request: Request) -> Request {
    Request { to: socket(Machine::Proxy.v6(), Scheme::Http.port()), ..request }
}

/// `request`, past the proxy: straight to the daemon, as its address is.
pub fn past_the_proxy(request: Request) -> Request {
    let daemon = socket(Machine::Daemon.v4(), PORT);
    Request { to: daemon, ..request.header("Host", &daemon.to_string()) }
}

/// A home on `machine`, without a daemon.
pub fn client_on(lan: &Lan, machine: Machine) -> World {
    World::elsewhere(socket(machine.v4(), PORT), lan.namespace(machine).launcher())
}

/// A code that is not `code`.
pub fn other_than(code: &str) -> &'static str {
    if code.starts_with('2') { "3333-3333" } else { "2222-2222" }
}

/// A home on the daemon's machine, with these settings.
pub fn host_on(lan: &Lan, address: IpAddr, settings: &str) -> World {
    let host = World::elsewhere(socket(address, PORT), lan.namespace(Machine::Daemon).launcher());
    host.write("config/netclaw.json", settings, 0o600);
    host
}

/// Where `address` listens on `port`.
pub const fn socket(address: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(address, port)
}

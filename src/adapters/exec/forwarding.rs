//! How the programs of tunnels write down what they forward, and where to.

use std::net::SocketAddr;

use crate::domain::endpoint::Endpoint;

/// Whether `target` leads to the root of the service that listens on `daemon`, a loopback address.
///
/// `5199`, `localhost:5199`, `http://127.0.0.1:5199/` and `http://[::1]:5199` are all written for the same service, and
/// `localhost` may be either address: the port tells the services of one machine apart. `https` targets are not the
/// daemon, which speaks plain HTTP on loopback.
pub fn leads_to(target: &str, daemon: SocketAddr) -> bool {
    if !target.is_empty() && target.bytes().all(|byte| byte.is_ascii_digit()) {
        return target.parse() == Ok(daemon.port());
    }
    let url = if target.contains("://") { target.to_owned() } else { format!("http://{target}") };
    Endpoint::parse(&url).is_ok_and(|found| {
        let is_root = found.to_string() == format!("http://{}", found.authority());
        is_root && found.is_loopback() && found.port() == daemon.port()
    })
}

/// The endpoint that the public name `host` stands for, where TLS ends at the tunnel. Wildcards and names that are no names
/// stand for none.
pub fn public_endpoint(host: &str) -> Option<Endpoint> {
    let is_name = !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'));
    let endpoint = Endpoint::parse(&format!("https://{host}")).ok().filter(|_| is_name)?;
    (!endpoint.is_loopback()).then_some(endpoint)
}

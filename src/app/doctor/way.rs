//! The way to an endpoint: its name, its port, its key or certificate. A step is not tried when the one before it failed.

use std::net::IpAddr;
use std::time::Duration;

use super::counted;
use crate::domain::diagnosis::{Check, Finding};
use crate::domain::endpoint::Endpoint;
use crate::domain::link::{Guard, Link};
use crate::domain::time::WallTime;
use crate::ports::network_probe::{HandshakeError, NetworkProbe, Proof};

/// A certificate that ends within this time should have been renewed: automatic renewals happen a month before the end.
const EXPIRES_SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What the three steps are called.
pub(super) struct Steps {
    /// Name.
    pub(super) name: Check,
    /// Port.
    pub(super) connect: Check,
    /// Key or certificate.
    pub(super) tls: Check,
}

/// What came of walking.
pub(super) struct Walked {
    pub(super) findings: Vec<Finding>,
    /// Whether requests get through.
    pub(super) is_open: bool,
}

/// Walks over `link`. `listens` is what to do when nothing listens there.
pub(super) async fn walk(
    steps: &Steps,
    link: &Link,
    network: &dyn NetworkProbe,
    now: WallTime,
    listens: &str,
) -> Walked {
    let proxy = network.proxy(link);
    let reached = match &proxy {
        Some(proxy) => Ok(through(steps, proxy, link.endpoint())),
        None => reach(steps, link.endpoint(), network, listens).await,
    };
    let [name, connect] = match reached {
        Ok(reached) => reached,
        Err([name, connect]) => return closed(vec![name, connect, steps.tls.skip("not tried")]),
    };
    let (tls, is_open) = match link.guard() {
        Guard::Machine | Guard::Nothing => (steps.tls.skip("http:// is not encrypted, there is no certificate"), true),
        Guard::PublicCertificate | Guard::Pinned(_) => match network.handshake(link).await {
            Ok(proof) => (proven(steps.tls, link, proof, now), true),
            Err(error) => (not_proven(steps.tls, link, proxy.as_deref(), &error), false),
        },
    };
    Walked { findings: vec![name, connect, tls], is_open }
}

/// Name and port; which of them failed otherwise.
async fn reach(
    steps: &Steps,
    endpoint: &Endpoint,
    network: &dyn NetworkProbe,
    listens: &str,
) -> Result<[Finding; 2], [Finding; 2]> {
    let host = endpoint.host().unwrap_or_default();
    let name = match network.resolve(endpoint).await {
        Ok(addresses) => steps.name.pass(resolved(&host, &addresses)),
        Err(error) => {
            let fix = format!("correct the name in {endpoint}, or make it known to DNS");
            let failed = steps.name.fail(format!("the name {host} is not known: {error}"), fix);
            return Err([failed, steps.connect.skip("not tried")]);
        }
    };
    match network.connect(endpoint).await {
        Ok(()) => Ok([name, steps.connect.pass(format!("port {} of {host} accepts connections", endpoint.port()))]),
        Err(error) => Err([name, steps.connect.fail(format!("port {} of {host}: {error}", endpoint.port()), listens)]),
    }
}

/// Through a proxy, which looks up the name and connects: what this machine finds out by itself means nothing.
fn through(steps: &Steps, proxy: &str, endpoint: &Endpoint) -> [Finding; 2] {
    let host = endpoint.host().unwrap_or_default();
    let message = format!("requests go through the proxy {proxy}, as the environment says; NO_PROXY={host} avoids it");
    [steps.name, steps.connect].map(|check| check.skip(message.clone()))
}

/// What a server that is believed has proved.
fn proven(check: Check, link: &Link, proof: Proof, now: WallTime) -> Finding {
    let host = link.endpoint().host().unwrap_or_default();
    match (proof, link.guard()) {
        (Proof::Certificate { expires_at }, _) => certificate(check, &host, expires_at, now),
        (Proof::Key(pin), Guard::Pinned(pins)) if pins.current != pin => {
            check.pass(format!("TLS with the daemon's next key, as it was announced: {}", pin.fingerprint()))
        }
        (Proof::Key(pin), _) => check.pass(format!("TLS with the daemon's own key: {}", pin.fingerprint())),
    }
}

fn not_proven(check: Check, link: &Link, proxy: Option<&str>, error: &HandshakeError) -> Finding {
    let endpoint = link.endpoint();
    let host = endpoint.host().unwrap_or_default();
    match (error, proxy, link.guard()) {
        (HandshakeError::WrongKey { expected, found }, ..) => check.fail(
            format!(
                "the key of the daemon has changed from {} to {}: someone may be in between",
                expected.current.fingerprint(),
                found.fingerprint()
            ),
            format!(
                "compare it on the host with: netclaw daemon keys; only if it is the same there: netclaw pair {endpoint}"
            ),
        ),
        (HandshakeError::Step(error), Some(proxy), _) => check.fail(
            format!("no TLS through the proxy {proxy}: {error}"),
            format!("see whether the proxy works and lets {host} through, or go around it: NO_PROXY={host}"),
        ),
        (HandshakeError::Step(error), None, Guard::Pinned(_)) => check.fail(
            format!("no TLS with the daemon's own key: {error}"),
            "something else may answer there; see on the host whether the daemon runs: netclaw daemon status",
        ),
        (HandshakeError::Step(error), None, Guard::PublicCertificate | Guard::Machine | Guard::Nothing) => {
            let fix = format!("give the server a certificate for {host} from an authority that this machine trusts");
            check.fail(error.to_string(), fix)
        }
    }
}

const fn closed(findings: Vec<Finding>) -> Walked {
    Walked { findings, is_open: false }
}

fn resolved(host: &str, addresses: &[IpAddr]) -> String {
    let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(_) => format!("{host} is an address"),
        Err(_) => format!("{host} is {}", shown.join(", ")),
    }
}

fn certificate(check: Check, host: &str, expires_at: Option<WallTime>, now: WallTime) -> Finding {
    let Some(end) = expires_at else {
        return check.pass(format!("the certificate of {host} is trusted"));
    };
    let left = end.since(now);
    let days = counted(usize::try_from(left.as_secs() / (24 * 60 * 60)).unwrap_or(usize::MAX), "day");
    match left <= EXPIRES_SOON {
        true => check.warn(
            format!("the certificate of {host} is trusted, but expires in {days}"),
            "renew it, and find out why nobody has done so",
        ),
        false => check.pass(format!("the certificate of {host} is trusted for another {days}")),
    }
}

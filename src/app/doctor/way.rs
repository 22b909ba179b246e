//! The way to an endpoint: its name, its port, its certificate. A step is not tried when the one before it failed.

use std::net::IpAddr;
use std::time::Duration;

use super::counted;
use crate::domain::diagnosis::{Check, Finding};
use crate::domain::endpoint::Endpoint;
use crate::domain::time::WallTime;
use crate::ports::network_probe::{Certified, NetworkProbe};

/// A certificate that ends within this time should have been renewed: automatic renewals happen a month before the end.
const EXPIRES_SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What the three steps are called.
pub(super) struct Steps {
    /// Name.
    pub(super) name: Check,
    /// Port.
    pub(super) connect: Check,
    /// Certificate.
    pub(super) tls: Check,
}

/// What came of walking.
pub(super) struct Walked {
    pub(super) findings: Vec<Finding>,
    /// Whether requests get through.
    pub(super) is_open: bool,
}

/// Walks to `endpoint`. `listens` is what to do when nothing listens there.
pub(super) async fn walk(
    steps: &Steps,
    endpoint: &Endpoint,
    network: &dyn NetworkProbe,
    now: WallTime,
    listens: &str,
) -> Walked {
    let host = endpoint.host().unwrap_or_default();
    let not_tried = |check: Check| check.skip("not tried");
    let name = match network.resolve(endpoint).await {
        Ok(addresses) => steps.name.pass(resolved(&host, &addresses)),
        Err(error) => {
            let fix = format!("correct the name in {endpoint}, or make it known to DNS");
            let failed = steps.name.fail(format!("the name {host} is not known: {error}"), fix);
            return closed(vec![failed, not_tried(steps.connect), not_tried(steps.tls)]);
        }
    };
    let connect = match network.connect(endpoint).await {
        Ok(()) => steps.connect.pass(format!("port {} of {host} accepts connections", endpoint.port())),
        Err(error) => {
            let failed = steps.connect.fail(format!("port {} of {host}: {error}", endpoint.port()), listens);
            return closed(vec![name, failed, not_tried(steps.tls)]);
        }
    };
    if !endpoint.is_https() {
        let tls = steps.tls.skip("http:// is not encrypted, there is no certificate");
        return Walked { findings: vec![name, connect, tls], is_open: true };
    }
    match network.handshake(endpoint).await {
        Ok(certified) => {
            let tls = certificate(steps.tls, &host, certified, now);
            Walked { findings: vec![name, connect, tls], is_open: true }
        }
        Err(error) => {
            let fix = format!("give the server a certificate for {host} from an authority that this machine trusts");
            closed(vec![name, connect, steps.tls.fail(error.to_string(), fix)])
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

fn certificate(check: Check, host: &str, certified: Certified, now: WallTime) -> Finding {
    let Some(end) = certified.expires_at else {
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

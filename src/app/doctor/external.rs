//! The URL that clients type: whether it leads to this very daemon, and what the daemon sees of a request that takes that way.
//!
//! Only a beacon goes this way, never a credential: nobody knows yet whose URL it is.

use super::way::{Steps, Walked, walk};
use super::{Doctor, Scene, in_time};
use crate::domain::beacon::Sighting;
use crate::domain::diagnosis::{Check, Finding};
use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::{Hop, Reach};
use crate::domain::link::{Guard, Link, Pins};
use crate::domain::settings::Settings;
use crate::ports::daemon_api::{ApiError, Rejection};
use crate::ports::network_probe::{NetworkProbe, Proof};

const STEPS: Steps = Steps { name: Check::ExternalName, connect: Check::ExternalConnect, tls: Check::ExternalTls };

/// How nginx adds the header of reverse proxies; other proxies have something like it.
const NGINX_LINE: &str = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";

pub(super) async fn judge(
    doctor: &Doctor<'_>,
    scene: &Scene,
    settings: &Settings,
    reported: Option<Endpoint>,
) -> Vec<Finding> {
    let (url, source) = match chosen(settings, reported) {
        Ok(chosen) => chosen,
        Err(skipped) => return vec![skipped],
    };
    let mut findings = vec![Check::ExternalUrl.pass(format!("{url}, {source}"))];
    let listens =
        format!("see to it that the way from {url} leads to {}", Endpoint::of_listener(settings.listen_address()));
    let link = link_to(&url, scene, doctor.network).await;
    let Walked { findings: steps, is_open } = walk(&STEPS, &link, doctor.network, scene.now, &listens).await;
    findings.extend(steps);
    let skipped = |why: &str| [Check::ExternalDaemon, Check::ClientAddress].map(|check| check.skip(why.to_owned()));
    if !is_open {
        findings.extend(skipped("not tried"));
        return findings;
    }
    if scene.running.is_none() {
        findings.extend(skipped("no daemon runs that could answer there"));
        return findings;
    }
    let beacon = match in_time(doctor.control.open_beacon()).await {
        Ok(beacon) => beacon,
        Err(error) => {
            findings.extend(skipped(&error.to_string()));
            return findings;
        }
    };
    match doctor.api.sight(&link, &beacon).await {
        Ok(sighting) => {
            findings.push(Check::ExternalDaemon.pass("this daemon answers there"));
            findings.push(client_address(sighting, settings));
        }
        Err(error) => {
            findings.push(astray(&url, &error, settings));
            findings.push(Check::ClientAddress.skip("this daemon does not answer there"));
        }
    }
    findings
}

/// The way there: by the daemon's own key where its TLS ends here, as devices take it; else as the URL says.
async fn link_to(url: &Endpoint, scene: &Scene, network: &dyn NetworkProbe) -> Link {
    let by_url = Link::of_endpoint(url);
    let keys = scene.facts.tls_keys.whole().filter(|_| by_url.guard() != Guard::Machine);
    let Some(keys) = keys else { return by_url };
    let pins = Pins { current: keys.current.pin, next: keys.next.map(|next| next.pin) };
    let own = Link::of_pairing(url, Some(pins));
    match network.handshake(&own).await {
        Ok(Proof::Key(_)) => own,
        Ok(Proof::Certificate { .. }) | Err(_) => by_url,
    }
}

/// The URL and who says so.
fn chosen(settings: &Settings, reported: Option<Endpoint>) -> Result<(Endpoint, &'static str), Finding> {
    if let Some(url) = &settings.external_url {
        return Ok((url.clone(), "as Daemon.ExternalUrl says"));
    }
    let check = Check::ExternalUrl;
    match (settings.mode.profile().reach, reported) {
        (Reach::Machine, _) => Err(check.skip("mode local has none: other machines come through an SSH tunnel")),
        (Reach::Proxy, _) => Err(check
            .skip("nobody but you knows the URL of the proxy: netclaw init --external-url https://agent.example.com")),
        (Reach::Network, Some(url)) => Ok((url, "where the daemon listens")),
        (Reach::Tailnet | Reach::Internet, Some(url)) => Ok((url, "as the tunnel says")),
        (Reach::Network | Reach::Tailnet | Reach::Internet, None) => {
            Err(check.skip("nobody says what clients use: netclaw init --external-url https://agent.example.com"))
        }
    }
}

/// Something else answers, or nothing.
fn astray(url: &Endpoint, error: &ApiError, settings: &Settings) -> Finding {
    let check = Check::ExternalDaemon;
    let listening = Endpoint::of_listener(settings.listen_address());
    let point =
        format!("make the proxy or tunnel behind {url} pass requests on to {listening}, or correct Daemon.ExternalUrl");
    match error {
        ApiError::NotADaemon { what } => check.fail(format!("{url} does not lead to this daemon: {what}"), point),
        ApiError::WrongKey { .. } | ApiError::Unprotected(_) | ApiError::Forged { .. } => {
            check.fail(format!("{url} cannot be trusted: {error}"), point)
        }
        ApiError::Unreachable { cause } => check.fail(format!("no answer from {url}: {cause}"), point),
        ApiError::Rejected { why: Rejection::ForbiddenOrigin, detail } => check.fail(
            format!("the daemon does not answer to the name in {url}: {detail}"),
            "netclaw init --exposure reverse-proxy, if there is a proxy in front",
        ),
        ApiError::Rejected { detail, .. } => check.fail(format!("{url} refuses: {detail}"), point),
    }
}

/// Whether limits, lockouts and the list of devices can tell clients apart.
fn client_address(sighting: Sighting, settings: &Settings) -> Finding {
    let check = Check::ClientAddress;
    let Sighting { peer, client, is_trusted, has_header } = sighting;
    let hop = settings.mode.profile().hop;
    let Some(header) = hop.header() else {
        return check.pass(format!("the daemon sees this client as {client}"));
    };
    if !is_trusted {
        let message = format!("requests come from {peer}, which is not trusted: all clients share its limits");
        return check.fail(message, trust(&peer.to_string(), hop, settings));
    }
    if !has_header {
        let message = format!("{peer} does not say whom it passes on: there is no {header} header");
        let fix = match hop {
            Hop::TrustedProxies => format!("the proxy must send it; nginx: {NGINX_LINE}"),
            Hop::Tunnel(_) | Hop::None => {
                format!("only the tunnel's own program may connect to {}", settings.listen_address())
            }
        };
        return check.fail(message, fix);
    }
    if client == peer || client.is_loopback() {
        let message = format!("the daemon sees this client as {client}, which is the proxy or this machine itself");
        let fix =
            "fine if the request took a way inside this machine; else make the proxy send the address of its client";
        return check.warn(message, fix);
    }
    check.pass(format!("the daemon sees this client as {client}, through {peer}"))
}

/// The line that makes a proxy trusted, beside those that are.
fn trust(peer: &str, hop: Hop, settings: &Settings) -> String {
    match hop {
        Hop::TrustedProxies => {
            let trusted = settings.trusted_proxies.iter().map(|net| match net.prefix_len() == net.max_prefix_len() {
                true => net.addr().to_string(),
                false => net.to_string(),
            });
            let entries: Vec<String> = trusted.chain([peer.to_owned()]).map(|entry| format!("\"{entry}\"")).collect();
            format!(
                "if it is your proxy, set below \"Daemon\": \"TrustedProxies\": [{}], then: netclaw daemon restart",
                entries.join(", ")
            )
        }
        Hop::Tunnel(_) | Hop::None => {
            format!("run the tunnel's program on this machine, connecting to {}", settings.listen_address())
        }
    }
}

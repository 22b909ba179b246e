//! This machine as a device: which daemon its commands talk to, and whether that one knows it.

use std::time::Duration;

use super::keys::in_days;
use super::way::{Steps, Walked, walk};
use super::{Doctor, Scene, commands};
use crate::app::client::target::{Choice, Rule, Sources};
use crate::domain::daemon_id::DaemonId;
use crate::domain::diagnosis::{Check, Finding};
use crate::domain::endpoint::Endpoint;
use crate::domain::link::Link;
use crate::domain::time::WallTime;
use crate::domain::token::BearerToken;
use crate::ports::credential_store::Pairing;
use crate::ports::daemon_api::{ApiError, Rejection, StatusReport};
use crate::ports::home_inspection::Stored;

const STEPS: Steps = Steps { name: Check::ClientName, connect: Check::ClientConnect, tls: Check::ClientTls };

/// Clocks that differ by more than this are set wrong, and not only read at two moments.
const SKEW_WARNING: Duration = Duration::from_secs(60);

/// With so much of a difference certificates and expiries go wrong.
const SKEW_FAILURE: Duration = Duration::from_secs(60 * 60);

pub(super) async fn judge(doctor: &Doctor<'_>, scene: &Scene) -> Vec<Finding> {
    let (choice, chosen) = match choose(doctor, scene) {
        Ok(chosen) => chosen,
        Err(finding) => return vec![finding],
    };
    let endpoint = &choice.endpoint;
    let mut findings = vec![chosen];
    let listens = match endpoint.is_loopback() {
        true => "netclaw daemon start, if the daemon is on this machine; else open the SSH tunnel to it",
        false => "see on the host whether it runs: netclaw daemon status",
    };
    let link = Link::of_pairing(endpoint, pairing_at(scene, endpoint).and_then(|pairing| pairing.known.pins));
    let Walked { findings: steps, is_open } = walk(&STEPS, &link, doctor.network, scene.now, listens).await;
    findings.extend(steps);
    let rest = [Check::ClientHealth, Check::ClientCredential, Check::ClientDaemon, Check::ClientClock];
    if !is_open {
        findings.extend(rest.map(|check| check.skip("not tried")));
        return findings;
    }
    if let Err(error) = doctor.api.probe(&link).await {
        findings.push(unhealthy(endpoint, &error));
        findings.extend(rest.into_iter().skip(1).map(|check| check.skip("not tried")));
        return findings;
    }
    findings.push(Check::ClientHealth.pass(format!("a daemon answers at {endpoint}")));
    let credential = credential_at(scene, endpoint);
    let answer = match &credential {
        Some((_, token)) => Some(doctor.api.status(&link, Some(token)).await),
        None => None,
    };
    findings.extend(credentials(scene, endpoint, credential.map(|(pairing, _)| &pairing.daemon_id), answer.as_ref()));
    let time = doctor.network.time_at(&link).await;
    findings.push(clock(time, answer.and_then(Result::ok).as_ref(), doctor.clock.now().wall));
    findings
}

/// Which daemon, and by which rule; or why there is none to look at.
fn choose(doctor: &Doctor<'_>, scene: &Scene) -> Result<(Choice, Finding), Finding> {
    let check = Check::ClientEndpoint;
    let environment = doctor.environment_endpoint.clone();
    let current = match &scene.facts.credentials {
        Stored::Whole(credentials) => credentials
            .pairings
            .iter()
            .find(|pairing| Some(&pairing.daemon_id) == credentials.current.as_ref())
            .cloned(),
        Stored::Absent => None,
        Stored::Refused { .. } => return Err(check.skip("the pairings cannot be read")),
    };
    let host = if scene.is_host() { scene.review.settings.clone() } else { None };
    let choice = Sources { environment, current, host }.choose().map_err(|error| {
        let fix = "set it like this: NETCLAW_DAEMON_ENDPOINT=http://my-server:5199";
        check.fail(format!("NETCLAW_DAEMON_ENDPOINT is not an endpoint: {error}"), fix)
    })?;
    let endpoint = &choice.endpoint;
    let why = match &choice.rule {
        Rule::Pairing(daemon) => format!("the current pairing, with daemon {daemon}"),
        Rule::Environment => "as NETCLAW_DAEMON_ENDPOINT says".to_owned(),
        Rule::HostSettings => {
            return Err(check.skip(format!("not paired; commands use this host's own daemon at {endpoint}")));
        }
        Rule::Argument | Rule::Named(_) | Rule::Default => {
            return Err(check.skip("this machine is not paired; for that: netclaw pair ENDPOINT"));
        }
    };
    let chosen = check.pass(format!("{endpoint}, {why}"));
    Ok((choice, chosen))
}

/// The credential that was issued at this very place. No other is sent there.
fn credential_at<'a>(scene: &'a Scene, endpoint: &Endpoint) -> Option<(&'a Pairing, &'a BearerToken)> {
    let pairing = pairing_at(scene, endpoint)?;
    let (_, token) = scene.facts.credentials.whole()?.tokens.iter().find(|(daemon, _)| *daemon == pairing.daemon_id)?;
    Some((pairing, token))
}

fn pairing_at<'a>(scene: &'a Scene, endpoint: &Endpoint) -> Option<&'a Pairing> {
    scene.facts.credentials.whole()?.pairings.iter().find(|pairing| pairing.endpoint == *endpoint)
}

fn unhealthy(endpoint: &Endpoint, error: &ApiError) -> Finding {
    let check = Check::ClientHealth;
    match error {
        ApiError::Unreachable { cause } => check.fail(
            format!("{endpoint} gives no answer: {cause}"),
            "see on the host whether it runs: netclaw daemon status",
        ),
        ApiError::NotADaemon { what } => check.fail(
            format!("there is no netclaw daemon at {endpoint}: {what}"),
            "compare with what the host prints: netclaw daemon pair",
        ),
        ApiError::WrongKey { .. } | ApiError::Unprotected(_) | ApiError::Forged { .. } => check.fail(
            format!("{endpoint} cannot be trusted: {error}"),
            "someone may be in between; compare with what the host shows: netclaw daemon keys",
        ),
        ApiError::Rejected { detail, .. } => {
            check.fail(format!("{endpoint} refuses: {detail}"), "look on the host what is wrong: netclaw doctor")
        }
    }
}

fn credentials(
    scene: &Scene,
    endpoint: &Endpoint,
    expected: Option<&DaemonId>,
    answer: Option<&Result<StatusReport, ApiError>>,
) -> [Finding; 2] {
    let (credential, daemon) = (Check::ClientCredential, Check::ClientDaemon);
    let unknown = || daemon.skip("the daemon does not say who it is");
    let pair = format!("netclaw pair {endpoint}");
    match answer {
        None => [credential.skip(format!("this machine has no credential for {endpoint}; for one: {pair}")), unknown()],
        Some(Err(ApiError::Rejected { why: Rejection::Unauthorized, .. })) => {
            if let Some(staged) = expected.filter(|daemon| has_staged(scene, daemon)) {
                let message =
                    "the daemon rejected the bearer token; a rotation was interrupted, and its new one may be good";
                return [credential.fail(message, commands::settle(staged)), unknown()];
            }
            [credential.fail("the daemon rejected the bearer token: this device was revoked", pair), unknown()]
        }
        Some(Err(error)) => {
            let fix = "look at the daemon's log on the host: netclaw daemon logs";
            [credential.fail(format!("the credential could not be tried: {error}"), fix), unknown()]
        }
        Some(Ok(report)) => {
            let name = report
                .device
                .as_ref()
                .map_or_else(|| "this machine".to_owned(), |device| format!("\"{}\"", device.name));
            let accepted = credential.pass(format!("the daemon knows this device as {name}"));
            match expected.filter(|expected| **expected != report.daemon.id) {
                None => [accepted, daemon.pass(format!("it is daemon {}{}", report.daemon.id, key(report)))],
                Some(expected) => {
                    let message = format!("{} answers, but this device paired with {expected}", report.daemon.id);
                    [accepted, daemon.fail(message, pair)]
                }
            }
        }
    }
}

fn has_staged(scene: &Scene, daemon: &DaemonId) -> bool {
    let credentials = scene.facts.credentials.whole();
    credentials.is_some_and(|credentials| credentials.staged.iter().any(|(of, _)| of == daemon))
}

/// The daemon's own TLS key and its age, by the daemon's own clock, if it tells them.
fn key(report: &StatusReport) -> String {
    let Some(transport) = &report.transport else { return String::new() };
    let now = report.daemon.started_at.plus(report.daemon.uptime);
    let age = in_days(now.since(transport.key_created_at));
    let next = transport.next.as_ref().map(|next| format!("; its next key is announced: {}", next.pin.fingerprint()));
    format!(", its own key {} is {age} old{}", transport.pin.fingerprint(), next.unwrap_or_default())
}

/// Whether both machines have the same time: as the answer's head says, else as the status says.
fn clock(header: Option<WallTime>, report: Option<&StatusReport>, now: WallTime) -> Finding {
    let check = Check::ClientClock;
    let by_report = || report.map(|report| (report.daemon.started_at.plus(report.daemon.uptime), "start and uptime"));
    let Some((theirs, source)) = header.map(|time| (time, "Date header")).or_else(by_report) else {
        return check.skip("the daemon does not say what time it has");
    };
    let skew = theirs.since(now).max(now.since(theirs));
    let message = format!("the clocks differ by {} seconds, by the daemon's {source}", skew.as_secs());
    let fix = "set the wrong one; on Linux: timedatectl set-ntp true";
    if skew > SKEW_FAILURE {
        check.fail(message, fix)
    } else if skew > SKEW_WARNING {
        check.warn(message, fix)
    } else {
        check.pass(format!("both clocks agree, by the daemon's {source}"))
    }
}

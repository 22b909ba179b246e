//! How the daemon is exposed, and whether what is in front of it works.

use std::time::Duration;

use crate::domain::diagnosis::{Check, Finding};
use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::{Hop, Profile, Reach};
use crate::domain::settings::Settings;
use crate::domain::transport::AllowPlaintext;
use crate::ports::exposure::{Exposure, ExposureFault, FaultKind};

/// Time for what is in front of the daemon: a tunnel's program answers from memory.
const PATIENCE: Duration = Duration::from_secs(9);

/// The findings, and where clients reach the daemon as far as what is in front of it knows.
pub(super) async fn judge(exposure: &dyn Exposure, settings: &Settings) -> (Vec<Finding>, Option<Endpoint>) {
    let profile = settings.mode.profile();
    let mut findings = vec![mode(&profile)];
    findings.extend(misfits(settings, &profile));
    if profile.tunnel.is_some() && settings.skip_tunnel_process_check {
        findings
            .push(Check::ExposureState.skip("Daemon.SkipTunnelProcessCheck: the tunnel runs where it cannot be seen"));
        return (findings, None);
    }
    let late = |_| ExposureFault {
        kind: FaultKind::Unclear,
        what: format!("what is in front of the daemon gave no answer within {} seconds", PATIENCE.as_secs()),
        fix: "see whether it hangs, and start it anew".to_owned(),
    };
    let inspected = tokio::time::timeout(PATIENCE, exposure.inspect()).await.unwrap_or_else(|error| Err(late(error)));
    match inspected {
        Ok(reported) => {
            findings.push(Check::ExposureState.pass(state(&profile, reported.as_ref())));
            (findings, reported)
        }
        Err(fault) => {
            findings.push(Check::ExposureState.fail(fault.what, fault.fix));
            (findings, None)
        }
    }
}

fn mode(profile: &Profile) -> Finding {
    let check = Check::ExposureMode;
    let message = format!("{}: {}", profile.name, profile.summary);
    match profile.reach.warning() {
        Some(note) => check.pass(format!("{message}; {note}")),
        None => check.pass(message),
    }
}

/// Values that mean nothing in this mode, or worse.
fn misfits(settings: &Settings, profile: &Profile) -> Vec<Finding> {
    let check = Check::ExposureMode;
    let outside = settings.external_url.as_ref().filter(|url| !url.is_loopback());
    let url = outside.filter(|_| profile.reach == Reach::Machine).map(|url| {
        check.warn(
            format!("Daemon.ExternalUrl is {url}, but mode local refuses what a proxy passes on"),
            "netclaw init --exposure reverse-proxy, or remove Daemon.ExternalUrl",
        )
    });
    let has_useless_proxies = profile.hop != Hop::TrustedProxies && !settings.trusted_proxies.is_empty();
    let proxies = has_useless_proxies.then(|| {
        check.warn(
            format!("Daemon.TrustedProxies means nothing in mode {}: nobody's word is taken there", profile.name),
            "netclaw init --exposure reverse-proxy, or remove Daemon.TrustedProxies",
        )
    });
    let is_open = settings.allow_plaintext == AllowPlaintext::Always && profile.reach != Reach::Machine;
    let plaintext = is_open.then(|| {
        check.warn(
            "Daemon.AllowPlaintext is true: traffic need not be encrypted, and codes and tokens can be read on the way",
            "remove Daemon.AllowPlaintext, or list only networks that are encrypted below in it",
        )
    });
    url.into_iter().chain(proxies).chain(plaintext).collect()
}

fn state(profile: &Profile, reported: Option<&Endpoint>) -> String {
    match (profile.tunnel, reported) {
        (Some(_), Some(endpoint)) => format!("the tunnel runs and leads here from {endpoint}"),
        (Some(_), None) => "the tunnel runs, and does not say what it is called".to_owned(),
        (None, Some(endpoint)) if profile.reach == Reach::Proxy => format!("the proxy finds the daemon at {endpoint}"),
        (None, Some(endpoint)) => format!("clients find the daemon at {endpoint}"),
        (None, None) => "nothing is in front of the daemon".to_owned(),
    }
}

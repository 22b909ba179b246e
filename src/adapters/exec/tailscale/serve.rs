//! What tailscale serves: `ipn.ServeConfig`, as far as it matters here.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::Deserialize;

use super::Way;
use crate::adapters::exec::forwarding::leads_to;
use crate::domain::endpoint::Endpoint;
use crate::domain::text::shown_safely;
use crate::ports::exposure::{ExposureFault, FaultKind};

/// The answer to `tailscale serve status --json`, and to `funnel status`, which is the same.
///
/// Go leaves out what is empty, and writes `null` for maps that were never made.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ServeConfig {
    /// By the port that is listened on.
    #[serde(rename = "TCP")]
    tcp: Option<BTreeMap<String, PortHandler>>,
    /// By the host name and port that are asked for.
    web: Option<BTreeMap<String, WebServer>>,
    /// The `host:port` that the internet may reach.
    allow_funnel: Option<BTreeMap<String, bool>>,
    /// Of commands without `--bg`, which end with their terminal.
    foreground: Option<BTreeMap<String, ServeConfig>>,
    /// Under host names of their own.
    services: Option<BTreeMap<String, ServeConfig>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE", default)]
struct PortHandler {
    https: bool,
    http: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct WebServer {
    /// By the path that they are mounted on.
    handlers: Option<BTreeMap<String, Handler>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Handler {
    proxy: String,
}

/// A place where tailscale serves the daemon.
struct Mount<'a> {
    host: &'a str,
    endpoint: Endpoint,
    /// Whether the internet reaches it.
    is_public: bool,
    /// A service has a host name of its own, everything else that of this machine.
    is_service: bool,
    /// The lowest is told to people.
    rank: (bool, usize, bool, u16),
}

impl ServeConfig {
    /// Where clients reach the daemon that listens on `daemon`, on the machine called `node`.
    ///
    /// A daemon that is mounted below a path is served too: tailscale takes the path away before it passes a request on.
    /// Of several places, `https` goes before `http`, then `/` before longer paths, then port 443 before the others.
    ///
    /// # Errors
    ///
    /// [`FaultKind::NotSetUp`] when nothing leads to the daemon; or only under a name that this machine no longer has; or
    /// only from the tailnet, and [`Way::Funnel`] is asked for.
    pub(super) fn endpoint(&self, way: Way, node: &str, daemon: SocketAddr) -> Result<Endpoint, ExposureFault> {
        let not_set_up = |what| ExposureFault::new(FaultKind::NotSetUp, what, way.set_up(daemon));
        let mut mounts = self.mounts(daemon);
        let old_name = mounts.first().map(|mount| shown_safely(mount.host));
        mounts.retain(|mount| mount.is_service || mount.host.eq_ignore_ascii_case(node));
        if mounts.is_empty() {
            return Err(not_set_up(match old_name {
                None => format!("tailscale {} passes nothing on to {daemon}", way.name()),
                Some(old) => {
                    format!("tailscale serves the daemon as {old}, but this machine is called {}", shown_safely(node))
                }
            }));
        }
        mounts.retain(|mount| way == Way::Serve || mount.is_public);
        let best = mounts.into_iter().min_by_key(|mount| mount.rank).map(|mount| mount.endpoint);
        best.ok_or_else(|| {
            not_set_up(
                "tailscale passes on to the daemon what comes from the tailnet, but its funnel is off".to_owned(),
            )
        })
    }

    fn mounts(&self, daemon: SocketAddr) -> Vec<Mount<'_>> {
        let own = std::iter::once(self).chain(self.foreground.iter().flat_map(BTreeMap::values));
        let services = self.services.iter().flat_map(BTreeMap::values);
        let configs = own.map(|config| (config, false)).chain(services.map(|config| (config, true)));
        configs.flat_map(|(config, is_service)| config.mounts_in(self, is_service, daemon)).collect()
    }

    /// The mounts of this configuration, which is `whole` or a part of it.
    fn mounts_in<'a>(&'a self, whole: &Self, is_service: bool, daemon: SocketAddr) -> Vec<Mount<'a>> {
        let mut mounts = Vec::new();
        for (key, server) in self.web.iter().flatten() {
            let Some((host, port)) = key.rsplit_once(':') else { continue };
            let Some(scheme) = self.tcp.as_ref().and_then(|tcp| tcp.get(port)?.scheme()) else { continue };
            let is_public = whole.is_public(key);
            let proxies = server.handlers.iter().flatten().filter(|(_, handler)| leads_to(&handler.proxy, daemon));
            mounts.extend(proxies.filter_map(|(path, _)| {
                let endpoint = Endpoint::parse(&format!("{scheme}://{key}{path}")).ok()?;
                let rank = (!endpoint.is_https(), path.len(), endpoint.port() != 443, endpoint.port());
                Some(Mount { host, endpoint, is_public, is_service, rank })
            }));
        }
        mounts
    }

    /// Whether the internet may reach `host_and_port`, by this configuration or one in the foreground.
    fn is_public(&self, host_and_port: &str) -> bool {
        let mut configs = std::iter::once(self).chain(self.foreground.iter().flat_map(BTreeMap::values));
        configs
            .any(|config| config.allow_funnel.iter().flatten().any(|(key, allowed)| key == host_and_port && *allowed))
    }
}

impl PortHandler {
    /// Of the URLs on this port. A port whose bytes are forwarded as they are has none: nobody would name the client there.
    const fn scheme(&self) -> Option<&'static str> {
        match (self.https, self.http) {
            (true, _) => Some("https"),
            (false, true) => Some("http"),
            (false, false) => None,
        }
    }
}

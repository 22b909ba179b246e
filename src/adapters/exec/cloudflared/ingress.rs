//! Ingress rules: which public names lead to which service.

use std::net::SocketAddr;

use serde::Deserialize;

use crate::adapters::exec::forwarding;
use crate::domain::endpoint::Endpoint;

/// One rule, the same in a file and in the answer of a running tunnel.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rule {
    /// The public name; none, `*` and `*.example.com` stand for many.
    hostname: Option<String>,
    /// A regular expression for the paths that the rule is about, all of them if there is none.
    path: Option<String>,
    /// What the requests are passed on to.
    service: Option<String>,
}

impl Rule {
    fn leads_to(&self, daemon: SocketAddr) -> bool {
        self.service.as_ref().is_some_and(|service| forwarding::leads_to(service, daemon))
    }

    /// What clients use, if that is one name and the rule is about everything below it.
    fn endpoint(&self) -> Option<Endpoint> {
        let is_whole = self.path.as_ref().is_none_or(String::is_empty);
        self.hostname.as_ref().filter(|_| is_whole).and_then(|host| forwarding::public_endpoint(host))
    }
}

/// Whether any of these leads to the daemon that listens on `daemon`.
pub(super) fn leads_to(rules: &[Rule], daemon: SocketAddr) -> bool {
    rules.iter().any(|rule| rule.leads_to(daemon))
}

/// The first endpoint that leads to the daemon that listens on `daemon`.
pub(super) fn endpoint(rules: &[Rule], daemon: SocketAddr) -> Option<Endpoint> {
    rules.iter().filter(|rule| rule.leads_to(daemon)).find_map(Rule::endpoint)
}

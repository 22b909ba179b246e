//! What else of the host paired devices reach: paths of the daemon's port, and where each leads to.

pub mod fields;
pub mod path;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use self::path::{AmbiguousPath, PlainPath};
use super::endpoint::Endpoint;
use super::settings::{SettingsError, key};

/// What the daemon answers itself. No route begins so, and none is `/`.
const OWN_PATHS: &[&str] = &["/api/", "/v1/", "/metrics/"];

/// Routes that a configuration may have.
pub const MAX_ROUTES: usize = 256;

/// Requests that one device may have open at once, unless configured otherwise.
pub const DEFAULT_REQUESTS_PER_DEVICE: u32 = 128;

/// The section `Gateway`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewaySettings {
    /// `Gateway.Routes`. No two have the same path.
    pub routes: Vec<GatewayRoute>,
    /// `Gateway.RequestsPerDevice`: requests that one device may have open at once, streams among them; never 0.
    pub requests_per_device: u32,
}

/// One path, and the service that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayRoute {
    /// Which requests are for the service.
    pub path: RoutePath,
    /// Where the service is. What follows the path in a request follows the target's own path there.
    pub target: Endpoint,
}

/// The beginning of the paths of a route: whole segments between slashes, `/ollama/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoutePath(String);

impl RoutePath {
    /// Reads a path. It begins and ends with a slash; its segments are letters and digits of ASCII, `-`, `_`, `~` and `.`
    /// (RFC 3986 section 2.3, unreserved), none of them empty, `.` or `..`.
    ///
    /// `None` also for what the daemon answers itself: `/`, `/api/`, `/v1/`, `/metrics/` and all below.
    pub fn parse(text: &str) -> Option<Self> {
        let segments = text.strip_prefix('/')?.strip_suffix('/')?;
        let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~.".contains(&byte);
        let is_segment =
            |segment: &str| !segment.is_empty() && !matches!(segment, "." | "..") && segment.bytes().all(is_unreserved);
        let is_own =
            OWN_PATHS.iter().any(|own| text.get(..own.len()).is_some_and(|start| start.eq_ignore_ascii_case(own)));
        (segments.split('/').all(is_segment) && !is_own).then(|| Self(text.into()))
    }

    /// The path, with its slashes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The routes of a gateway, to be looked up.
#[derive(Clone, Debug)]
pub struct Routes(Vec<GatewayRoute>);

/// Where a request is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination<'a> {
    /// To the target of the route with this index in [`Routes::all`].
    Target {
        /// The place of the route.
        route: usize,
        /// What follows the target's own path; without a slash in front.
        rest: &'a str,
    },
    /// To the same path with a slash at its end: there a route begins.
    Slash,
}

impl Routes {
    /// These routes.
    pub fn new(mut routes: Vec<GatewayRoute>) -> Self {
        routes.sort_by_key(|route| core::cmp::Reverse(route.path.0.len()));
        Self(routes)
    }

    /// All routes, the longest path first.
    pub fn all(&self) -> &[GatewayRoute] {
        &self.0
    }

    /// Where a request with this path goes: the longest route wins. `None` where no route leads.
    ///
    /// # Errors
    ///
    /// [`AmbiguousPath`] when a route leads there, and someone else may read the path otherwise.
    pub fn find<'a>(&self, path: &'a str) -> Result<Option<Destination<'a>>, AmbiguousPath> {
        let Some((route, found)) = self.longest(path) else { return Ok(None) };
        let plain = PlainPath::parse(path)?;
        let is_other = |path: String| self.longest(&path).is_none_or(|(other, _)| other != route);
        if plain.without_needless_escapes().is_some_and(is_other) { Err(AmbiguousPath::Route) } else { Ok(Some(found)) }
    }

    /// The longest route of a path, by its index, and where it leads.
    fn longest<'a>(&self, path: &'a str) -> Option<(usize, Destination<'a>)> {
        self.0.iter().enumerate().find_map(|(route, candidate)| {
            let below = path.strip_prefix(candidate.path.as_str());
            let is_bare = || candidate.path.0.strip_suffix('/') == Some(path);
            let target = below.map(|rest| Destination::Target { route, rest });
            Some((route, target.or_else(|| is_bare().then_some(Destination::Slash))?))
        })
    }
}

impl fmt::Display for RoutePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Default for GatewaySettings {
    /// No routes.
    fn default() -> Self {
        Self { routes: Vec::new(), requests_per_device: DEFAULT_REQUESTS_PER_DEVICE }
    }
}

impl GatewaySettings {
    /// Checks that every request has at most one route of its length.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] for the second of two routes with the same path, and for too many of them.
    pub fn check(&self) -> Result<(), SettingsError> {
        let refused =
            |value: String, allowed: &str| SettingsError { key: key::GATEWAY_ROUTES, value, allowed: allowed.into() };
        if self.routes.len() > MAX_ROUTES {
            let allowed = alloc::format!("there can be {MAX_ROUTES} at most");
            return Err(refused(alloc::format!("a list of {} routes", self.routes.len()), &allowed));
        }
        let mut paths: Vec<&RoutePath> = self.routes.iter().map(|route| &route.path).collect();
        paths.sort();
        let twice = paths.iter().zip(paths.iter().skip(1)).find(|(one, next)| one == next);
        let error =
            twice.map(|(path, _)| refused(alloc::format!("\"{path}\" twice"), "each path must lead to one target"));
        error.map_or(Ok(()), Err)
    }
}

//! Where clients outside reach the daemon.

use std::sync::Arc;

use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::{ExposureMode, Reach};
use crate::domain::settings::Settings;
use crate::domain::transport::AllowPlaintext;
use crate::ports::exposure::Exposure;

/// An endpoint for clients outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// What they type.
    pub endpoint: Endpoint,
    /// What the operator must know about it, as sentences without a period.
    pub caveats: Vec<String>,
}

/// Behind a proxy that nobody has named.
const NOT_THE_PROXY: &str = "this is the daemon itself and not the proxy; Daemon.ExternalUrl says what clients use";

/// The tunnel is set up, but keeps its name to itself.
const NAMELESS_TUNNEL: &str = "the tunnel does not say what it is called; Daemon.ExternalUrl says what clients use";

/// Nobody else can use a loopback address.
const THIS_MACHINE_ONLY: &str = "this endpoint is reached from this machine only, or through an SSH tunnel to it";

/// A code and a token may cross the network in the clear.
const NOT_ENCRYPTED: &str =
    "this endpoint is not encrypted: whoever can listen on the way to this machine sees codes and tokens";

/// Finds the endpoint that works from outside: what the operator says, else what stands in front of the daemon reports,
/// else the listener itself, and then it says so.
pub struct PublicEndpoint {
    exposure: Arc<dyn Exposure>,
    mode: ExposureMode,
    external: Option<Endpoint>,
    listening: Endpoint,
    /// Whether a code or a token may come to it in the clear.
    allows_plaintext: bool,
}

impl PublicEndpoint {
    /// The endpoint of a daemon with these settings.
    pub fn new(exposure: Arc<dyn Exposure>, settings: &Settings) -> Self {
        let listening = Endpoint::of_listener(settings.listen_address());
        let allows_plaintext = settings.allow_plaintext != AllowPlaintext::Never;
        Self { exposure, mode: settings.mode, external: settings.external_url.clone(), listening, allows_plaintext }
    }

    /// Looks for it. This may take as long as a tunnel's program takes to answer.
    pub async fn find(&self) -> Reached {
        let (endpoint, caveat) = match &self.external {
            Some(external) => (external.clone(), None),
            None => self.reported().await,
        };
        let warning = match (endpoint.is_loopback(), endpoint.is_https()) {
            (true, _) => Some(THIS_MACHINE_ONLY),
            (false, false) if self.allows_plaintext => Some(NOT_ENCRYPTED),
            (false, _) => None,
        };
        Reached { endpoint, caveats: caveat.into_iter().chain(warning.map(str::to_owned)).collect() }
    }

    async fn reported(&self) -> (Endpoint, Option<String>) {
        match self.exposure.inspect().await {
            Ok(Some(endpoint)) => {
                let is_behind = self.mode.profile().reach == Reach::Proxy;
                (endpoint, is_behind.then(|| NOT_THE_PROXY.to_owned()))
            }
            Ok(None) => (self.listening.clone(), Some(NAMELESS_TUNNEL.to_owned())),
            Err(fault) => (self.listening.clone(), Some(format!("{fault}; {}", fault.fix))),
        }
    }
}

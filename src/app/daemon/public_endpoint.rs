//! Where clients outside reach the daemon.

use std::sync::Arc;

use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::{ExposureMode, Reach};
use crate::domain::settings::Settings;
use crate::ports::exposure::Exposure;

/// An endpoint for clients outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// What they type.
    pub endpoint: Endpoint,
    /// Why it may not work from outside, as a sentence without a period.
    pub caveat: Option<String>,
}

/// Finds the endpoint that works from outside: what the operator says, else what stands in front of the daemon reports,
/// else the listener itself, and then it says so.
pub struct PublicEndpoint {
    exposure: Arc<dyn Exposure>,
    mode: ExposureMode,
    external: Option<Endpoint>,
    listening: Endpoint,
}

impl PublicEndpoint {
    /// The endpoint of a daemon with these settings.
    pub fn new(exposure: Arc<dyn Exposure>, settings: &Settings) -> Self {
        let listening = Endpoint::of_listener(settings.listen_address());
        Self { exposure, mode: settings.mode, external: settings.external_url.clone(), listening }
    }

    /// Looks for it. This may take as long as a tunnel's program takes to answer.
    pub async fn find(&self) -> Reached {
        if let Some(external) = &self.external {
            return self.checked(external.clone(), None);
        }
        match self.exposure.inspect().await {
            Ok(Some(endpoint)) if self.mode.profile().reach == Reach::Proxy => self.checked(
                endpoint,
                Some(
                    "this is the daemon itself and not the proxy; Daemon.ExternalUrl says what clients use".to_owned(),
                ),
            ),
            Ok(Some(endpoint)) => self.checked(endpoint, None),
            Ok(None) => self.checked(
                self.listening.clone(),
                Some("the tunnel does not say what it is called; Daemon.ExternalUrl says what clients use".to_owned()),
            ),
            Err(fault) => self.checked(self.listening.clone(), Some(format!("{fault}; {}", fault.fix))),
        }
    }

    fn checked(&self, endpoint: Endpoint, caveat: Option<String>) -> Reached {
        let caveat = caveat.or_else(|| {
            endpoint
                .is_loopback()
                .then(|| "this endpoint is reached from this machine only, or through an SSH tunnel to it".to_owned())
        });
        Reached { endpoint, caveat }
    }
}

//! `netclaw forward`

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{ClientPorts, status};
use crate::adapters::terminal::cli::forward::ForwardArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, of_api, of_forward};
use crate::adapters::terminal::render::forward::{self, Entrance};
use crate::app::client::forward::{Forwarding, Notice, OpenError};
use crate::domain::forward::key::{ForwardKey, KEY_BYTES};
use crate::domain::forward::proxies::Exemptions;
use crate::ports::clock::Clock;
use crate::ports::credential_store::{CredentialStore, Pairing};
use crate::ports::daemon_api::DaemonApi;

/// The way to a daemon that has answered, and what becomes of it.
pub struct Opened {
    /// The way.
    pub forwarding: Arc<Forwarding>,
    /// The pairing that it belongs to.
    pub pairing: Pairing,
    /// The key of this forwarder.
    pub key: ForwardKey,
    notices: UnboundedReceiver<Notice>,
}

/// Opens the way to the daemon. `api`, `credentials` and `clock` are those of `ports`, for as long as the way is open.
///
/// # Errors
///
/// [`Failure`].
pub async fn open(
    args: &ForwardArgs,
    ports: &ClientPorts<'_>,
    api: Arc<dyn DaemonApi>,
    credentials: Arc<dyn CredentialStore>,
    clock: Arc<dyn Clock>,
    console: &mut Console<'_>,
) -> Result<Opened, Failure> {
    let target = ports.settled_target(&args.target).await?;
    let (choice, pairing) = (target.choice.clone(), target.credential.as_ref().map(|(pairing, _)| pairing.clone()));
    let (tell, notices) = unbounded_channel();
    let opened = Forwarding::open(api, credentials, clock, target, tell).await;
    let (forwarding, asked) = opened.map_err(|error| of_forward(error, &choice))?;
    let pairing = pairing.ok_or_else(|| of_forward(OpenError::NotPaired, &choice))?;
    status::warn(&asked, &choice.endpoint, ports.clock.now().wall, console);
    let mut bytes = zeroize::Zeroizing::new([0; KEY_BYTES]);
    ports.rng.fill(&mut *bytes).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    Ok(Opened { forwarding: Arc::new(forwarding), pairing, key: ForwardKey::of(&bytes), notices })
}

impl Opened {
    /// Says where requests come in and where they go, and what keeps tools from going to a proxy instead. Nothing is said
    /// beside a command, whose terminal it is.
    ///
    /// # Errors
    ///
    /// [`Failure`] when nobody can read it.
    pub fn announce(
        &self,
        args: &ForwardArgs,
        entrance: &Entrance<'_>,
        exemptions: Option<&Exemptions>,
        console: &mut Console<'_>,
    ) -> Result<(), Failure> {
        if !args.command.is_empty() {
            return Ok(());
        }
        if args.json {
            if exemptions.is_some() && entrance.base_url().is_some() {
                console.warning("a proxy is set in the environment; tools may send it the key and what they ask");
                console.hint("add 127.0.0.1 to NO_PROXY and no_proxy of the tools");
            }
            return console.json(&forward::document(entrance, &self.pairing));
        }
        forward::lines(entrance, exemptions).iter().try_for_each(|line| console.result(line))?;
        console.note(forward::note(entrance, &self.pairing));
        Ok(())
    }

    /// Says what has to be said while requests are passed on, and returns when the daemon may not be the one that answers any
    /// more. Can be called again then.
    pub async fn watch(&mut self, console: &mut Console<'_>) -> Failure {
        while let Some(notice) = self.notices.recv().await {
            match notice {
                Notice::Refused => {
                    console.warning(
                        "the daemon has refused the credential of this device; requests are answered with 401",
                    );
                    console.hint(format_args!(
                        "it was revoked or has ended; pair again: netclaw pair {}",
                        self.pairing.endpoint
                    ));
                    console.hint("this forwarder then goes on with the new credential");
                }
                Notice::Foreign(error) => return of_api(error, self.forwarding.choice()),
            }
        }
        // The other end is in `forwarding`.
        std::future::pending().await
    }
}

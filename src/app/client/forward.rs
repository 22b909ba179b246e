//! Forwarding: with which credential, and over which link, requests of this machine go to the daemon now.
//!
//! A forwarder runs for weeks. Meanwhile the credential is rotated by other commands, the daemon announces new TLS keys, and
//! the device may be revoked. So the stored pairing is read anew for each request, and the daemon is asked when it refuses what
//! is stored.

use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use tokio::sync::mpsc::UnboundedSender;

use super::ask_status::{AskStatusError, Asked, ask_status};
use super::rotate::settle;
use super::target::{Choice, Target, TargetError, at};
use crate::domain::daemon_id::DaemonId;
use crate::domain::link::Link;
use crate::domain::token::BearerToken;
use crate::ports::credential_store::CredentialStore;
use crate::ports::daemon_api::{ApiError, DaemonApi};

/// Why nothing is forwarded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// There is no pairing at this endpoint.
    #[error("this device is not paired")]
    NotPaired,
    /// The daemon does not answer as it should.
    #[error(transparent)]
    Status(#[from] AskStatusError),
}

/// Why a request cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Closed {
    /// The pairing was forgotten, or is with another daemon now.
    #[error("this device is not paired with the daemon any more")]
    NotPaired,
    /// The daemon has refused the credential, and there is no other.
    #[error("the daemon has refused the credential of this device")]
    Refused,
    /// The pairing was made anew in a way that protects nothing.
    #[error("nothing protects the way to the daemon")]
    Unprotected,
}

/// What whoever runs the forwarder has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The daemon refuses the credential. Said once for each.
    Refused,
    /// Whoever answers is not the daemon.
    Foreign(ApiError),
}

/// The way of a request: where it goes, and with what.
#[derive(Clone, Debug)]
pub struct Passage {
    /// The link.
    pub link: Link,
    /// The credential that was issued at its end.
    pub token: BearerToken,
}

/// The way to one daemon, kept up to date.
pub struct Forwarding {
    api: Arc<dyn DaemonApi>,
    credentials: Arc<dyn CredentialStore>,
    choice: Choice,
    daemon_id: DaemonId,
    state: Mutex<State>,
    /// Held while the daemon is asked, so that a hundred refused requests ask it once.
    asking: tokio::sync::Mutex<()>,
    notices: UnboundedSender<Notice>,
}

struct State {
    /// The latest one, for when the stored pairing cannot be read.
    latest: Passage,
    refused: Option<BearerToken>,
}

impl Forwarding {
    /// Opens the way to a target whose earlier rotations are settled, after the daemon has answered a request with its
    /// credential.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub async fn open(
        api: Arc<dyn DaemonApi>,
        credentials: Arc<dyn CredentialStore>,
        target: Target,
        notices: UnboundedSender<Notice>,
    ) -> Result<(Self, Asked), OpenError> {
        let (pairing, token) = target.credential.clone().ok_or(OpenError::NotPaired)?;
        target.link.check().map_err(|error| AskStatusError::Api(error.into()))?;
        let asked = ask_status(api.as_ref(), credentials.as_ref(), &target).await?;
        let latest = Passage { link: target.link, token };
        let forwarding = Self {
            api,
            credentials,
            choice: target.choice,
            daemon_id: pairing.daemon_id,
            state: Mutex::new(State { latest, refused: None }),
            asking: tokio::sync::Mutex::default(),
            notices,
        };
        Ok((forwarding, asked))
    }

    /// Which endpoint this is the way to, and why.
    pub const fn choice(&self) -> &Choice {
        &self.choice
    }

    /// The way for the next request.
    ///
    /// # Errors
    ///
    /// [`Closed`].
    pub fn passage(&self) -> Result<Passage, Closed> {
        let stored = self.stored();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // It may be damaged while someone mends it: what was good a moment ago still is.
        if let Ok(target) = stored {
            state.latest = passage_of(target.ok_or(Closed::NotPaired)?)?;
        }
        if state.refused.as_ref().is_some_and(|refused| refused.is_same(&state.latest.token)) {
            return Err(Closed::Refused);
        }
        Ok(state.latest.clone())
    }

    /// The daemon has refused a request that went this way: finds out whether the credential was replaced in the meantime or
    /// is good no more.
    pub async fn doubt(&self, used: &Passage) {
        let _one = self.asking.lock().await;
        if self.passage().is_ok_and(|now| now.token.is_same(&used.token)) {
            self.ask().await;
        }
    }

    /// Asks the daemon how it is, which also tells of its next key: to be called now and then, and when someone else may answer
    /// in its place.
    pub async fn look(&self) {
        let _one = self.asking.lock().await;
        self.ask().await;
    }

    async fn ask(&self) {
        let Ok(Some(target)) = self.stored() else { return };
        // What cannot be stored now, the next command stores.
        let Ok(target) = settle(self.api.as_ref(), self.credentials.as_ref(), target).await else { return };
        match ask_status(self.api.as_ref(), self.credentials.as_ref(), &target).await {
            Ok(_) => {}
            Err(AskStatusError::Unauthorized { .. }) => self.refuse(target.credential.map(|(_, token)| token)),
            Err(AskStatusError::Api(error @ (ApiError::WrongKey { .. } | ApiError::Forged { .. }))) => {
                self.tell(Notice::Foreign(error));
            }
            Err(AskStatusError::Api(
                ApiError::Unreachable { .. }
                | ApiError::NotADaemon { .. }
                | ApiError::Unprotected(_)
                | ApiError::Rejected { .. },
            )) => {}
        }
    }

    fn refuse(&self, token: Option<BearerToken>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |token: &BearerToken| state.refused.as_ref().is_some_and(|refused| refused.is_same(token));
        if token.as_ref().is_some_and(|token| !is_known(token)) {
            state.refused = token;
            self.tell(Notice::Refused);
        }
    }

    /// What is stored for this endpoint, if it is a pairing with the same daemon.
    fn stored(&self) -> Result<Option<Target>, TargetError> {
        let target = at(self.choice.clone(), self.credentials.as_ref())?;
        let is_same = target.credential.as_ref().is_some_and(|(pairing, _)| pairing.daemon_id == self.daemon_id);
        Ok(is_same.then_some(target))
    }

    fn tell(&self, notice: Notice) {
        // Whoever does not listen any more is about to end.
        let _ = self.notices.send(notice);
    }
}

fn passage_of(target: Target) -> Result<Passage, Closed> {
    target.link.check().map_err(|_| Closed::Unprotected)?;
    let (_, token) = target.credential.ok_or(Closed::NotPaired)?;
    Ok(Passage { link: target.link, token })
}

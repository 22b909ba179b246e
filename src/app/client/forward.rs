//! Forwarding: with which credential, and over which link, requests of this machine go to the daemon now.
//!
//! A forwarder runs for weeks. Meanwhile the credential is rotated by other commands, the daemon announces new TLS keys, and
//! the device may be revoked. So the stored pairing is read anew for each request, and the daemon is asked when it refuses what
//! is stored.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::mpsc::UnboundedSender;

use super::ask_status::{AskStatusError, Asked, ask_status};
use super::rotate::settle;
use super::target::{Choice, Target, TargetError, at};
use crate::domain::daemon_id::DaemonId;
use crate::domain::link::Link;
use crate::domain::time::{Expiry, MonotonicTime};
use crate::domain::token::BearerToken;
use crate::ports::clock::Clock;
use crate::ports::credential_store::CredentialStore;
use crate::ports::daemon_api::{ApiError, DaemonApi};

/// How long the daemon's word is enough that a credential is good. A service behind it may refuse every request of a page, in
/// words that could be the daemon's.
pub const GOOD_FOR: Duration = Duration::from_secs(5);

/// How long the daemon's word is enough that it is not. It may be mended there in the meantime.
pub const REFUSED_FOR: Duration = Duration::from_secs(10);

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
    /// Whoever answers is not the daemon. Said once until the daemon itself has answered.
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
    clock: Arc<dyn Clock>,
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
    /// The daemon's last word on a credential.
    verdict: Option<Verdict>,
    /// When it was last asked for one, whether it answered or not.
    asked_at: Option<MonotonicTime>,
    /// Whether someone else answers in its place, as far as is known.
    is_foreign: bool,
}

struct Verdict {
    token: BearerToken,
    is_good: bool,
}

impl State {
    fn is_said_to_be(&self, is_good: bool, token: &BearerToken) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| verdict.is_good == is_good && verdict.token.is_same(token))
    }

    fn was_asked_within(&self, span: Duration, now: MonotonicTime) -> bool {
        self.asked_at.is_some_and(|asked_at| !Expiry::after(asked_at, span).has_passed(now))
    }
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
        clock: Arc<dyn Clock>,
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
            clock,
            choice: target.choice,
            daemon_id: pairing.daemon_id,
            state: Mutex::new(State { latest, verdict: None, asked_at: None, is_foreign: false }),
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
        let mut state = self.state();
        // It may be damaged while someone mends it: what was good a moment ago still is.
        if let Ok(target) = stored {
            state.latest = passage_of(target.ok_or(Closed::NotPaired)?)?;
        }
        if state.is_said_to_be(false, &state.latest.token) {
            return Err(Closed::Refused);
        }
        Ok(state.latest.clone())
    }

    /// The same, but a credential that the daemon has refused is asked about once more, unless that was done a moment ago.
    ///
    /// # Errors
    ///
    /// [`Closed`].
    pub async fn passage_by_now(&self) -> Result<Passage, Closed> {
        let passage = self.passage();
        if passage.as_ref().is_err_and(|closed| *closed == Closed::Refused)
            && let Ok(_one) = self.asking.try_lock()
            && !self.state().was_asked_within(REFUSED_FOR, self.clock.now().monotonic)
        {
            self.ask().await;
            return self.passage();
        }
        passage
    }

    /// The daemon has refused a request that went this way: finds out whether the credential was replaced in the meantime or
    /// is good no more.
    pub async fn doubt(&self, used: &Passage) {
        let _one = self.asking.lock().await;
        if self.passage().is_ok_and(|now| now.token.is_same(&used.token)) && !self.was_just_good(&used.token) {
            self.ask().await;
        }
    }

    /// Whether the daemon has accepted a credential a moment ago, and no rotation may have ended it since.
    fn was_just_good(&self, token: &BearerToken) -> bool {
        let (state, now) = (self.state(), self.clock.now().monotonic);
        let is_good = state.is_said_to_be(true, token) && state.was_asked_within(GOOD_FOR, now);
        drop(state);
        is_good && matches!(self.credentials.staged(&self.daemon_id), Ok(None))
    }

    /// Asks the daemon how it is, which also tells of its next key: to be called now and then, and when someone else may answer
    /// in its place.
    pub async fn look(&self) {
        let _one = self.asking.lock().await;
        self.ask().await;
    }

    async fn ask(&self) {
        self.state().asked_at = Some(self.clock.now().monotonic);
        let Ok(Some(target)) = self.stored() else { return };
        // What cannot be stored now, the next command stores.
        let Ok(target) = settle(self.api.as_ref(), self.credentials.as_ref(), target).await else { return };
        match ask_status(self.api.as_ref(), self.credentials.as_ref(), &target).await {
            Ok(_) => self.hear(target, true),
            Err(AskStatusError::Unauthorized { .. }) => self.hear(target, false),
            Err(AskStatusError::Api(error @ (ApiError::WrongKey { .. } | ApiError::Forged { .. }))) => {
                if !std::mem::replace(&mut self.state().is_foreign, true) {
                    self.tell(Notice::Foreign(error));
                }
            }
            Err(AskStatusError::Api(
                ApiError::Unreachable { .. }
                | ApiError::NotADaemon { .. }
                | ApiError::Unprotected(_)
                | ApiError::Rejected { .. },
            )) => {}
        }
    }

    /// Remembers the daemon's word on the credential of a target.
    fn hear(&self, target: Target, is_good: bool) {
        let Some((_, token)) = target.credential else { return };
        let mut state = self.state();
        if !is_good && !state.is_said_to_be(false, &token) {
            self.tell(Notice::Refused);
        }
        state.verdict = Some(Verdict { token, is_good });
        state.is_foreign = false;
    }

    /// What is stored for this endpoint, if it is a pairing with the same daemon.
    fn stored(&self) -> Result<Option<Target>, TargetError> {
        let target = at(self.choice.clone(), self.credentials.as_ref())?;
        let is_same = target.credential.as_ref().is_some_and(|(pairing, _)| pairing.daemon_id == self.daemon_id);
        Ok(is_same.then_some(target))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is half-done in it when a panic leaves its lock behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

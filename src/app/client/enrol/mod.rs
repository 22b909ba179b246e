//! Pairing this device with a daemon.
//!
//! The code, or the secret of a link, is proved by a handshake. A code itself is sent only to a daemon that knows none, and then
//! only where nobody in between can read it; a link's secret never is. Someone in between who answers for the daemon makes the handshake fail; nothing is stored then.
//!
//! The order keeps a fixable mistake from costing a code: the disk is checked before anything is asked, the address before
//! the code is typed, and a name that is taken or not allowed is asked again with the same code. Success is reported only
//! after the daemon has accepted the stored token.

mod answers;
mod handshake;

use thiserror::Error;

use self::answers::Answers;
use self::handshake::{Acquired, Handshaking};
use crate::domain::acquaintance::Acquaintance;
use crate::domain::code::CodeError;
use crate::domain::daemon_id::DaemonId;
use crate::domain::device_name::{DeviceName, NameError, NameKey};
use crate::domain::endpoint::Endpoint;
use crate::domain::link::{Approach, Link, Meeting, Misled, Unprotected};
use crate::domain::pairing_link::PairingLink;
use crate::domain::pake::answer::NotPaired;
use crate::domain::pake::{AnswerError, PakeError};
use crate::domain::pin::Pin;
use crate::domain::token::BearerToken;
use crate::ports::clock::Clock;
use crate::ports::credential_store::{CredentialStore, CredentialStoreError, Pairing};
use crate::ports::daemon_api::{ApiError, DaemonApi, DeviceIdentity, Rejection};
use crate::ports::prompter::{PromptError, Prompter};
use crate::ports::rng::{RandomUnavailable, Rng};

/// Where to pair, and with what.
#[derive(Clone, Debug)]
pub enum Invitation {
    /// At this address, with a code that is asked for.
    Address(Endpoint),
    /// With a link, which has both.
    Link(PairingLink),
}

/// What the command line said.
#[derive(Clone, Debug)]
pub struct EnrolRequest {
    /// The daemon.
    pub invitation: Invitation,
    /// The name of this device, if it was given.
    pub name: Option<String>,
    /// The machine's own name, to propose one.
    pub host_name: String,
}

/// A finished pairing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// This device, as the daemon knows it.
    pub device: DeviceIdentity,
    /// The daemon.
    pub daemon_id: DaemonId,
    /// Where it was paired.
    pub endpoint: Endpoint,
    /// What became of the pairings that it replaced.
    pub replaced: Vec<Replaced>,
}

/// What made a handshake fail in a way that a daemon does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Suspicion {
    /// A message must not be computed with.
    #[error(transparent)]
    Message(PakeError),
    /// An answer must not be believed.
    #[error(transparent)]
    Answer(AnswerError),
    /// The daemon has seen that the link does not end at it.
    #[error("the link does not end at the daemon")]
    UnknownLink,
}

/// An earlier pairing that a new one has replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// One with the same daemon at the same place: its credential is revoked.
    Revoked(DeviceName),
    /// One with the same daemon at the same place: its credential could not be revoked.
    NotRevoked(DeviceName),
    /// One with the same daemon at another place. Its credential was not sent anywhere.
    Elsewhere(Pairing),
    /// One with another daemon at the same place. Its credential was not sent anywhere.
    OtherDaemon(Pairing),
}

/// Why this device is not paired.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EnrolError {
    /// A pairing could not be stored; no code was asked for.
    #[error(transparent)]
    Credentials(#[from] CredentialStoreError),
    /// The daemon cannot be used, or refused for a reason that asking again does not mend.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The way there is not protected, and TLS is not spoken.
    #[error(transparent)]
    Unprotected(#[from] Unprotected),
    /// What ends TLS is not what the link pins. Nothing of a handshake was sent.
    #[error("it has the key {}, and not {}", found.fingerprint(), expected.fingerprint())]
    NotTheLinksKey {
        /// What the link says.
        expected: Pin,
        /// What is there.
        found: Pin,
    },
    /// The link is not good any more, or never was.
    #[error("no pairing session waits for this link")]
    LinkOver,
    /// The daemon knows the link, and yet not its secret.
    #[error("the proof of the link was refused")]
    LinkRefused,
    /// Someone may be in between. Nothing is stored.
    #[error("{0}")]
    InBetween(Suspicion),
    /// The daemon knows no handshakes, or something in between hides that it does. The code was not sent.
    #[error("the daemon does not know the handshake that protects the code")]
    NoHandshakes,
    /// There is no randomness to make a handshake from.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The connection was lost in the middle of the exchange: the daemon may have made the device.
    #[error("the answer to the exchange was lost: {cause}")]
    AnswerLost {
        /// What the system said.
        cause: String,
    },
    /// There is no answer to a question.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The input ended before the code.
    #[error("no pairing code was given")]
    NoCode,
    /// What was typed is no code; no attempt was spent.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// What was typed is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The daemon does not allow the name, and there was no other.
    #[error("{detail}")]
    NameRefused {
        /// The daemon's own words.
        detail: String,
    },
    /// The name is in use, and there was no other.
    #[error("the name \"{0}\" is already in use")]
    NameTaken(DeviceName),
    /// The operator did not say yes.
    #[error("{0}")]
    NotConfirmed(NotPaired),
    /// The name that the host has decided on is in use: no other name helps.
    #[error("the host has decided what this device is called, and another device has that name")]
    HostNameTaken,
    /// It is not the code that the daemon shows.
    #[error("wrong pairing code")]
    WrongCode,
    /// The code was exchanged, but the pairing could not be stored.
    #[error("{error}")]
    NotSaved {
        /// Why.
        error: CredentialStoreError,
        /// What the device is called at the daemon.
        device: DeviceName,
        /// Whether the new credential could be revoked again.
        revoked: bool,
    },
    /// The pairing was stored, but the daemon did not accept the new credential.
    #[error("{0}")]
    NotVerified(ApiError),
}

/// Pairs this device with a daemon.
pub struct Enrol<'a> {
    /// The daemon's routes.
    pub api: &'a dyn DaemonApi,
    /// Where the pairing is kept.
    pub credentials: &'a dyn CredentialStore,
    /// Who knows the code.
    pub prompter: &'a mut dyn Prompter,
    /// When it happens.
    pub clock: &'a dyn Clock,
    /// What handshakes are made from.
    pub rng: &'a dyn Rng,
}

impl Enrol<'_> {
    /// Asks for what is missing, proves the code, stores the pairing and tries it.
    ///
    /// # Errors
    ///
    /// [`EnrolError`]. What was stored before is unchanged, except after [`EnrolError::NotVerified`].
    pub async fn run(self, request: EnrolRequest) -> Result<Enrolled, EnrolError> {
        let Self { api, credentials, prompter, clock, rng } = self;
        credentials.prepare()?;
        // Files are sound here. What can still be missing is the token of a listed pairing, which the new one replaces.
        let endpoint = request.invitation.endpoint().clone();
        let earlier = credentials.paired_at(&endpoint).unwrap_or_default();
        let earlier = earlier.map(|(pairing, token)| {
            let staged = credentials.staged(&pairing.daemon_id).unwrap_or_default();
            Earlier { pairing, token, staged }
        });
        let approach = request.invitation.approach(api.meet(&endpoint).await?)?;
        let mut answers = Answers::ask(prompter, &request)?;
        let acquired = Handshaking { api, rng, approach: &approach }.acquire(&mut answers).await;
        let acquired = acquired.map_err(|error| request.invitation.in_its_words(error))?;
        let elsewhere = credentials.paired_with(&acquired.daemon_id).unwrap_or_default();
        let elsewhere = elsewhere.filter(|pairing| pairing.endpoint != endpoint);
        let pairing = Pairing {
            daemon_id: acquired.daemon_id.clone(),
            endpoint,
            device_name: acquired.device.name.clone(),
            paired_at: clock.now().wall,
            known: named(&acquired, &credentials.all().unwrap_or_default()),
        };
        let link = Link::of_pairing(&pairing.endpoint, pairing.known.pins);
        save(api, &link, credentials, &pairing, &acquired).await?;
        verify(api, &link, &acquired).await.map_err(EnrolError::NotVerified)?;
        let mut replaced: Vec<Replaced> = elsewhere.map(Replaced::Elsewhere).into_iter().collect();
        if let Some(earlier) = earlier {
            replaced.push(earlier.retire(api, &pairing.daemon_id).await);
        }
        Ok(Enrolled { device: acquired.device, daemon_id: acquired.daemon_id, endpoint: pairing.endpoint, replaced })
    }
}

impl Invitation {
    /// Where the daemon is.
    pub const fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Address(endpoint) => endpoint,
            Self::Link(link) => link.endpoint(),
        }
    }

    fn approach(&self, meeting: Meeting) -> Result<Approach, EnrolError> {
        match self {
            Self::Address(endpoint) => Ok(Approach::of(endpoint, meeting)?),
            Self::Link(link) => Approach::of_link(link, meeting).map_err(|why| match why {
                Misled::OtherKey { expected, found } => EnrolError::NotTheLinksKey { expected, found },
                Misled::Unprotected(why) => why.into(),
            }),
        }
    }

    /// What a refusal of the secret means: a link that is refused cannot be typed again.
    fn in_its_words(&self, error: EnrolError) -> EnrolError {
        match (self, error) {
            (Self::Link(_), EnrolError::Api(ApiError::Rejected { why: Rejection::NoPairingCode, .. })) => {
                EnrolError::LinkOver
            }
            (Self::Link(_), EnrolError::WrongCode) => EnrolError::LinkRefused,
            (Self::Link(_) | Self::Address(_), error) => error,
        }
    }
}

/// What is known of the daemon, under a name that no other daemon has on this device.
fn named(acquired: &Acquired, paired: &[Pairing]) -> Acquaintance {
    let others = paired.iter().filter(|pairing| pairing.daemon_id != acquired.daemon_id);
    let taken: Vec<NameKey> = others.filter_map(|pairing| Some(pairing.known.name.as_ref()?.key())).collect();
    let mut name = acquired.known.name.clone();
    while let Some(candidate) = name.as_ref().filter(|name| taken.contains(&name.key())) {
        name = candidate.following().ok();
    }
    Acquaintance { name, ..acquired.known.clone() }
}

/// Stores the pairing. When that fails, the daemon is asked to revoke what nobody can use.
async fn save(
    api: &dyn DaemonApi,
    link: &Link,
    credentials: &dyn CredentialStore,
    pairing: &Pairing,
    acquired: &Acquired,
) -> Result<(), EnrolError> {
    let Err(error) = credentials.save(pairing, &acquired.token) else { return Ok(()) };
    let revoked = api.revoke_self(link, &acquired.token).await.is_ok();
    Err(EnrolError::NotSaved { error, device: pairing.device_name.clone(), revoked })
}

async fn verify(api: &dyn DaemonApi, link: &Link, acquired: &Acquired) -> Result<(), ApiError> {
    let status = api.status(link, Some(&acquired.token)).await?;
    let is_us = status.device.is_some_and(|device| device.id == acquired.device.id);
    if is_us && status.daemon.id == acquired.daemon_id {
        return Ok(());
    }
    Err(ApiError::NotADaemon { what: "it issued a token and then did not know the device".to_owned() })
}

/// The pairing that was at this place before.
struct Earlier {
    pairing: Pairing,
    token: BearerToken,
    /// The token of a rotation that was interrupted, which is good if the other one is not.
    staged: Option<BearerToken>,
}

impl Earlier {
    /// Ends its credential if it is this daemon's. Over the link that it was known by: the daemon that was paired with now
    /// may only claim to be the same.
    async fn retire(self, api: &dyn DaemonApi, daemon: &DaemonId) -> Replaced {
        let Self { pairing, token, staged } = self;
        if pairing.daemon_id != *daemon {
            return Replaced::OtherDaemon(pairing);
        }
        let link = Link::of_pairing(&pairing.endpoint, pairing.known.pins);
        let revoked = match (api.revoke_self(&link, &token).await, staged) {
            (Err(ApiError::Rejected { why: Rejection::Unauthorized, .. }), Some(staged)) => {
                revoke_staged(api, &link, &staged).await
            }
            (revoked, _) => revoked,
        };
        match revoked {
            // What is refused is not good any more.
            Ok(()) | Err(ApiError::Rejected { why: Rejection::Unauthorized, .. }) => {
                Replaced::Revoked(pairing.device_name)
            }
            Err(_) => Replaced::NotRevoked(pairing.device_name),
        }
    }
}

/// Revokes the device of a token that may still have to be confirmed.
async fn revoke_staged(api: &dyn DaemonApi, link: &Link, staged: &BearerToken) -> Result<(), ApiError> {
    api.confirm_rotation(link, staged).await?;
    api.revoke_self(link, staged).await
}

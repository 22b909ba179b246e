//! Pairing this device with a daemon.
//!
//! The order keeps a fixable mistake from costing a code: the disk is checked before anything is asked, the address before
//! the code is typed, and a name that is taken or not allowed is asked again with the same code. Success is reported only
//! after the daemon has accepted the stored token.

mod answers;

use thiserror::Error;

use self::answers::Answers;
use crate::domain::code::CodeError;
use crate::domain::daemon_id::DaemonId;
use crate::domain::device_name::{DeviceName, NameError};
use crate::domain::endpoint::Endpoint;
use crate::domain::token::BearerToken;
use crate::ports::clock::Clock;
use crate::ports::credential_store::{CredentialStore, CredentialStoreError, Pairing};
use crate::ports::daemon_api::{ApiError, DaemonApi, DeviceIdentity, Grant, Rejection};
use crate::ports::prompter::{PromptError, Prompter};

/// What the command line said.
#[derive(Clone, Debug)]
pub struct EnrolRequest {
    /// The daemon.
    pub endpoint: Endpoint,
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
}

impl Enrol<'_> {
    /// Asks for what is missing, exchanges the code, stores the pairing and tries it.
    ///
    /// # Errors
    ///
    /// [`EnrolError`]. What was stored before is unchanged, except after [`EnrolError::NotVerified`].
    pub async fn run(self, request: EnrolRequest) -> Result<Enrolled, EnrolError> {
        let Self { api, credentials, prompter, clock } = self;
        credentials.prepare()?;
        // Files are sound here. What can still be missing is the token of a listed pairing, which the new one replaces.
        let earlier = credentials.paired_at(&request.endpoint).unwrap_or_default();
        api.probe(&request.endpoint).await?;
        let mut answers = Answers::ask(prompter, &request)?;
        let grant = exchange(api, &request.endpoint, &mut answers).await?;
        let elsewhere = credentials.paired_with(&grant.daemon_id).unwrap_or_default();
        let elsewhere = elsewhere.filter(|pairing| pairing.endpoint != request.endpoint);
        let pairing = Pairing {
            daemon_id: grant.daemon_id.clone(),
            endpoint: request.endpoint,
            device_name: grant.device.name.clone(),
            paired_at: clock.now().wall,
        };
        save(api, credentials, &pairing, &grant).await?;
        verify(api, &pairing.endpoint, &grant).await.map_err(EnrolError::NotVerified)?;
        let mut replaced: Vec<Replaced> = elsewhere.map(Replaced::Elsewhere).into_iter().collect();
        if let Some((old, token)) = earlier {
            replaced.push(retire(api, &pairing, old, &token).await);
        }
        Ok(Enrolled { device: grant.device, daemon_id: grant.daemon_id, endpoint: pairing.endpoint, replaced })
    }
}

async fn exchange(api: &dyn DaemonApi, endpoint: &Endpoint, answers: &mut Answers<'_>) -> Result<Grant, EnrolError> {
    loop {
        let (why, detail) = match api.exchange(endpoint, answers.code(), answers.name()).await {
            Ok(grant) => return Ok(grant),
            Err(ApiError::Unreachable { cause }) => return Err(EnrolError::AnswerLost { cause }),
            Err(ApiError::Rejected { why, detail }) => (why, detail),
            Err(error @ ApiError::NotADaemon { .. }) => return Err(error.into()),
        };
        match why {
            Rejection::WrongCode => answers.another_code()?,
            Rejection::NameTaken => answers.name_instead_of_taken()?,
            Rejection::InvalidDeviceName => answers.name_instead_of_refused(&detail)?,
            Rejection::NotUnderstood
            | Rejection::Unauthorized
            | Rejection::ForbiddenOrigin
            | Rejection::NoPairingCode
            | Rejection::RateLimited { .. }
            | Rejection::LockedOut { .. }
            | Rejection::StorageUnavailable
            | Rejection::Failed => return Err(ApiError::Rejected { why, detail }.into()),
        }
    }
}

/// Stores the pairing. When that fails, the daemon is asked to revoke what nobody can use.
async fn save(
    api: &dyn DaemonApi,
    credentials: &dyn CredentialStore,
    pairing: &Pairing,
    grant: &Grant,
) -> Result<(), EnrolError> {
    let Err(error) = credentials.save(pairing, &grant.token) else { return Ok(()) };
    let revoked = api.revoke_self(&pairing.endpoint, &grant.token).await.is_ok();
    Err(EnrolError::NotSaved { error, device: pairing.device_name.clone(), revoked })
}

async fn verify(api: &dyn DaemonApi, endpoint: &Endpoint, grant: &Grant) -> Result<(), ApiError> {
    let status = api.status(endpoint, Some(&grant.token)).await?;
    let is_us = status.device.is_some_and(|device| device.id == grant.device.id);
    if is_us && status.daemon.id == grant.daemon_id {
        return Ok(());
    }
    Err(ApiError::NotADaemon { what: "it issued a token and then did not know the device".to_owned() })
}

/// Ends the credential of the pairing that was at this place before, if it is this daemon's.
async fn retire(api: &dyn DaemonApi, new: &Pairing, old: Pairing, token: &BearerToken) -> Replaced {
    if old.daemon_id != new.daemon_id {
        return Replaced::OtherDaemon(old);
    }
    match api.revoke_self(&new.endpoint, token).await {
        Ok(()) | Err(ApiError::Rejected { why: Rejection::Unauthorized, .. }) => Replaced::Revoked(old.device_name),
        Err(ApiError::Rejected { .. } | ApiError::Unreachable { .. } | ApiError::NotADaemon { .. }) => {
            Replaced::NotRevoked(old.device_name)
        }
    }
}

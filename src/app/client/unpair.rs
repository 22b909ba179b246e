//! Ending a pairing, from the device's side.

use thiserror::Error;

use super::target::Target;
use crate::domain::link::Link;
use crate::domain::token::BearerToken;
use crate::ports::credential_store::{CredentialStore, CredentialStoreError, Pairing};
use crate::ports::daemon_api::{ApiError, DaemonApi, Rejection};

/// What became of the credential at the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The daemon has revoked it.
    Revoked,
    /// The daemon had revoked it before.
    WasRevoked,
    /// The daemon was not asked.
    NotAsked,
}

/// A pairing that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpaired {
    /// The pairing.
    pub pairing: Pairing,
    /// What became of it at the daemon.
    pub ending: Ending,
    /// The pairing that commands use from now on.
    pub next: Option<Pairing>,
}

/// Why the pairing is still there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnpairError {
    /// There is none at this endpoint.
    #[error("this device is not paired")]
    NotPaired,
    /// The daemon did not revoke it; nothing was forgotten.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// It could not be forgotten on this machine.
    #[error("{error}")]
    NotForgotten {
        /// Why.
        error: CredentialStoreError,
        /// What had become of it at the daemon by then.
        ending: Ending,
    },
}

/// Revokes the credential at its daemon, then forgets it.
///
/// # Errors
///
/// [`UnpairError`]. When the daemon cannot be asked, nothing is forgotten: the credential would stay valid there.
pub async fn unpair(
    api: &dyn DaemonApi,
    credentials: &dyn CredentialStore,
    target: Target,
) -> Result<Unpaired, UnpairError> {
    let Target { link, credential, .. } = target;
    let (pairing, token) = credential.ok_or(UnpairError::NotPaired)?;
    let ending = revoke(api, &link, &token).await?;
    forget(credentials, pairing, ending)
}

/// Forgets the credential without asking its daemon, for one that will never answer again.
///
/// # Errors
///
/// [`UnpairError::NotPaired`] and [`UnpairError::NotForgotten`].
pub fn forget_only(credentials: &dyn CredentialStore, target: Target) -> Result<Unpaired, UnpairError> {
    let (pairing, _) = target.credential.ok_or(UnpairError::NotPaired)?;
    forget(credentials, pairing, Ending::NotAsked)
}

async fn revoke(api: &dyn DaemonApi, link: &Link, token: &BearerToken) -> Result<Ending, ApiError> {
    match api.revoke_self(link, token).await {
        Ok(()) => Ok(Ending::Revoked),
        Err(ApiError::Rejected { why: Rejection::Unauthorized, .. }) => Ok(Ending::WasRevoked),
        Err(other) => Err(other),
    }
}

fn forget(credentials: &dyn CredentialStore, pairing: Pairing, ending: Ending) -> Result<Unpaired, UnpairError> {
    credentials.forget(&pairing.daemon_id).map_err(|error| UnpairError::NotForgotten { error, ending })?;
    // It is over. That the next one cannot be read is for the command that uses it.
    let next = credentials.current().unwrap_or_default();
    Ok(Unpaired { pairing, ending, next })
}

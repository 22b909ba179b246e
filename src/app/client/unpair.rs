//! Ending a pairing, from the device's side.

use thiserror::Error;

use super::rotate::settle;
use super::target::Target;
use crate::domain::link::Link;
use crate::domain::token::BearerToken;
use crate::ports::credential_store::{CredentialStore, CredentialStoreError, Over, Pairing};
use crate::ports::daemon_api::{ApiError, DaemonApi, Rejection};

/// How often an unpairing begins anew because another command has renewed the token in between. That command is done soon.
const ATTEMPTS: u32 = 3;

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
    /// Another command has changed it again and again in between.
    #[error("another command changed the credential in between")]
    Overtaken,
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
    let mut target = target;
    for _ in 0..ATTEMPTS {
        let (pairing, token) = target.credential.as_ref().ok_or(UnpairError::NotPaired)?;
        let ending = revoke(api, &target.link, token).await?;
        let over = match ending {
            Ending::Revoked => Over::Device(token.device()),
            Ending::WasRevoked | Ending::NotAsked => Over::Token(token.clone()),
        };
        let not_forgotten = |error| UnpairError::NotForgotten { error, ending };
        if credentials.forget_if(&pairing.daemon_id, &over).map_err(not_forgotten)? {
            return Ok(unpaired(credentials, pairing.clone(), ending));
        }
        // Another command has renewed the token, so the one that was refused was only the old one.
        target = settle(api, credentials, target).await.map_err(not_forgotten)?;
    }
    Err(UnpairError::Overtaken)
}

/// Forgets the credential without asking its daemon, for one that will never answer again.
///
/// # Errors
///
/// [`UnpairError::NotPaired`] and [`UnpairError::NotForgotten`].
pub fn forget_only(credentials: &dyn CredentialStore, target: Target) -> Result<Unpaired, UnpairError> {
    let (pairing, _) = target.credential.ok_or(UnpairError::NotPaired)?;
    let ending = Ending::NotAsked;
    credentials.forget(&pairing.daemon_id).map_err(|error| UnpairError::NotForgotten { error, ending })?;
    Ok(unpaired(credentials, pairing, ending))
}

async fn revoke(api: &dyn DaemonApi, link: &Link, token: &BearerToken) -> Result<Ending, ApiError> {
    match api.revoke_self(link, token).await {
        Ok(()) => Ok(Ending::Revoked),
        Err(ApiError::Rejected { why: Rejection::Unauthorized, .. }) => Ok(Ending::WasRevoked),
        Err(other) => Err(other),
    }
}

fn unpaired(credentials: &dyn CredentialStore, pairing: Pairing, ending: Ending) -> Unpaired {
    // It is over. That the next one cannot be read is for the command that uses it.
    let next = credentials.current().unwrap_or_default();
    Unpaired { pairing, ending, next }
}

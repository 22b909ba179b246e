//! A new secret for this device, in the daemon's two steps.
//!
//! The new token is stored beside the old one before it is confirmed, and takes its place once the daemon has confirmed it. A
//! crash in between leaves both, of which one is good; the next command finds out which by confirming once more.

use thiserror::Error;

use super::target::Target;
use crate::domain::token::BearerToken;
use crate::ports::credential_store::{CredentialStore, CredentialStoreError, Held, Pairing};
use crate::ports::daemon_api::{ApiError, DaemonApi, Rejection};

/// Why this device has no new secret. The one that it has is good, unless the variant says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RotateError {
    /// There is no pairing at this endpoint.
    #[error("this device is not paired")]
    NotPaired,
    /// The new token could not be stored.
    #[error(transparent)]
    Credentials(#[from] CredentialStoreError),
    /// The daemon made no new secret.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Someone else with the same credential was faster.
    #[error("another rotation of this credential came in between")]
    Overtaken,
    /// Both tokens are stored, and which of them is good is not known.
    #[error("the new credential could not be confirmed: {0}")]
    NotConfirmed(ApiError),
    /// The new token is good and stored, but still beside the old one.
    #[error("{0}")]
    NotAdopted(CredentialStoreError),
}

/// Replaces the secret of this device, whose earlier rotations are settled.
///
/// # Errors
///
/// [`RotateError`].
pub async fn rotate(
    api: &dyn DaemonApi,
    credentials: &dyn CredentialStore,
    target: Target,
) -> Result<Pairing, RotateError> {
    let Target { link, credential, .. } = target;
    let (pairing, old) = credential.ok_or(RotateError::NotPaired)?;
    credentials.prepare()?;
    let new = api.rotate(&link, &old).await?;
    // What is there by now is another command's, whose own confirmation fails: only the latest secret is pending.
    if !credentials.stage(&pairing.daemon_id, &new)? {
        return Err(RotateError::Overtaken);
    }
    match api.confirm_rotation(&link, &new).await {
        Ok(()) => {
            credentials.adopt(&pairing.daemon_id, &new).map_err(RotateError::NotAdopted)?;
            Ok(pairing)
        }
        Err(ApiError::Rejected { why: Rejection::Unauthorized, .. }) => {
            credentials.discard(&pairing.daemon_id, &new)?;
            Err(RotateError::Overtaken)
        }
        Err(error) => Err(RotateError::NotConfirmed(error)),
    }
}

/// Ends a rotation that was interrupted: the target's credential is the one that the daemon accepts now. When the daemon
/// cannot be asked, both tokens stay, and the command that comes next reports why.
///
/// # Errors
///
/// [`CredentialStoreError`].
pub async fn settle(
    api: &dyn DaemonApi,
    credentials: &dyn CredentialStore,
    target: Target,
) -> Result<Target, CredentialStoreError> {
    let Some((pairing, _)) = &target.credential else { return Ok(target) };
    // Both tokens of one moment: the one that was read before may have been replaced since.
    let held = credentials.held(&pairing.daemon_id)?;
    let Some(Held { pairing, token, staged }) = held.filter(|held| held.pairing.endpoint == pairing.endpoint) else {
        return Ok(target);
    };
    let target = with_token(target, token);
    let Some(new) = staged else { return Ok(target) };
    match api.confirm_rotation(&target.link, &new).await {
        Ok(()) => {
            credentials.adopt(&pairing.daemon_id, &new)?;
            Ok(with_token(target, new))
        }
        Err(ApiError::Rejected { why: Rejection::Unauthorized, .. }) => {
            credentials.discard(&pairing.daemon_id, &new)?;
            Ok(target)
        }
        Err(
            ApiError::Rejected { .. }
            | ApiError::Unreachable { .. }
            | ApiError::NotADaemon { .. }
            | ApiError::WrongKey { .. }
            | ApiError::Unprotected(_)
            | ApiError::Forged { .. },
        ) => Ok(target),
    }
}

fn with_token(target: Target, token: BearerToken) -> Target {
    let Target { link, choice, credential } = target;
    Target { link, choice, credential: credential.map(|(pairing, _)| (pairing, token)) }
}

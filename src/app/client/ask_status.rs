//! Asking the daemon how it is.

use thiserror::Error;

use super::target::Target;
use crate::ports::credential_store::{CredentialStore, CredentialStoreError, Pairing};
use crate::ports::daemon_api::{ApiError, DaemonApi, Rejection, StatusReport};

/// Why there is no status.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AskStatusError {
    /// The daemon refused the credential, or wants one and there is none.
    #[error("the daemon rejected the bearer token")]
    Unauthorized {
        /// Whether there was one to refuse.
        had_credential: bool,
    },
    /// Anything else.
    #[error(transparent)]
    Api(ApiError),
}

/// What came of asking.
#[derive(Debug)]
pub struct Asked {
    /// The daemon's answer.
    pub report: StatusReport,
    /// Why its next key could not be stored, if there is one to store.
    pub unsaved: Option<CredentialStoreError>,
}

/// Asks the target for its status, with the credential that belongs to it. A next key that it announces is stored.
///
/// # Errors
///
/// [`AskStatusError`].
pub async fn ask_status(
    api: &dyn DaemonApi,
    credentials: &dyn CredentialStore,
    target: &Target,
) -> Result<Asked, AskStatusError> {
    let token = target.credential.as_ref().map(|(_, token)| token);
    let report = api.status(&target.link, token).await.map_err(|error| match error {
        ApiError::Rejected { why: Rejection::Unauthorized, .. } => {
            AskStatusError::Unauthorized { had_credential: token.is_some() }
        }
        other => AskStatusError::Api(other),
    })?;
    let paired = target.credential.as_ref().map(|(pairing, _)| pairing);
    let unsaved = paired.and_then(|pairing| learn(credentials, pairing, &report).err());
    Ok(Asked { report, unsaved })
}

/// Stores which key the daemon has and which one comes next, if that is new and the daemon's identity vouches for it.
fn learn(
    credentials: &dyn CredentialStore,
    pairing: &Pairing,
    report: &StatusReport,
) -> Result<(), CredentialStoreError> {
    let learnt = report.transport.as_ref().and_then(|transport| {
        let next = transport.next.as_ref().map(|next| (next.pin, next.signature));
        pairing.known.told(transport.pin, next)
    });
    learnt.map_or(Ok(()), |known| credentials.remember(&pairing.daemon_id, &known))
}

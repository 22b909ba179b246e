//! Asking the daemon how it is.

use thiserror::Error;

use super::target::Target;
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

/// Asks the target for its status, with the credential that belongs to it.
///
/// # Errors
///
/// [`AskStatusError`].
pub async fn ask_status(api: &dyn DaemonApi, target: &Target) -> Result<StatusReport, AskStatusError> {
    let token = target.credential.as_ref().map(|(_, token)| token);
    api.status(&target.choice.endpoint, token).await.map_err(|error| match error {
        ApiError::Rejected { why: Rejection::Unauthorized, .. } => {
            AskStatusError::Unauthorized { had_credential: token.is_some() }
        }
        other => AskStatusError::Api(other),
    })
}

//! `netclaw rotate` left the credential as it was, or does not know.

use super::{Exit, Failure, of_api, of_credentials};
use crate::adapters::terminal::render::span;
use crate::app::client::rotate::RotateError;
use crate::app::client::target::Choice;
use crate::ports::daemon_api::{ApiError, Rejection};

/// The failure of a rotation at the chosen endpoint.
pub fn of_rotate(error: RotateError, choice: &Choice) -> Failure {
    let endpoint = &choice.endpoint;
    match error {
        RotateError::NotPaired => {
            Failure::new(Exit::Failed, format!("this device is not paired with a daemon at {endpoint}"))
                .hint(format!("pair it with: netclaw pair {endpoint}"))
        }
        RotateError::Credentials(error) => of_credentials(error).hint("the old credential is still good"),
        RotateError::Api(ApiError::Rejected { why: Rejection::StorageUnavailable, detail }) => {
            Failure::new(Exit::Failed, detail).hint("for the cause, run on the host: netclaw daemon logs")
        }
        RotateError::Api(ApiError::Rejected { why: Rejection::RateLimited { retry_after }, .. }) => {
            let wait = span::in_words(retry_after);
            let message = format!("this device has had too many new credentials lately; try again in {wait}");
            Failure::new(Exit::Limited, message).hint("the credential that it has is still good: netclaw status")
        }
        RotateError::Api(error) => of_api(error, choice),
        error @ RotateError::Overtaken => Failure::new(Exit::Failed, error.to_string())
            .hint("if this machine did not run `netclaw rotate` twice, someone else holds a copy of the credential")
            .hint("then revoke it on the host, `netclaw daemon devices revoke NAME`, and pair again")
            .hint("else try again: netclaw rotate"),
        RotateError::NotConfirmed(error) => {
            of_api(error, choice).hint("both credentials are kept; the next command finds out which one is good")
        }
        RotateError::NotAdopted(error) => {
            of_credentials(error).hint("the new credential is stored, and the next command goes on with it")
        }
    }
}

//! The setup of this host.

use super::{Exit, Failure, of_load_settings, of_prompt};
use crate::app::host::setup::SetupError;

/// Nothing was written.
pub fn of_setup(error: SetupError) -> Failure {
    match error {
        SetupError::Settings(error) => of_load_settings(error),
        SetupError::Invalid(error) => {
            Failure::new(Exit::Usage, error.to_string()).hint("the flags are explained by: netclaw init --help")
        }
        SetupError::Prompt(error) => of_prompt(error),
        error @ SetupError::Unconfirmed => {
            Failure::new(Exit::Usage, error.to_string()).hint("to change it without a question, add: --yes")
        }
        error @ SetupError::Ended => Failure::new(Exit::Failed, error.to_string())
            .hint("to begin again: netclaw init")
            .hint("or without questions, for this machine alone: netclaw init --exposure local --yes"),
    }
}

//! The configuration, and questions without an answer.

use super::{Exit, Failure};
use crate::ports::prompter::PromptError;
use crate::ports::settings_store::LoadSettingsError;

/// The configuration cannot be used.
pub fn of_load_settings(error: LoadSettingsError) -> Failure {
    match error {
        LoadSettingsError::Invalid(error) => Failure::new(Exit::Failed, error.to_string())
            .hint("correct it in config/netclaw.json or in the environment"),
        LoadSettingsError::Damaged(cause) => {
            Failure::new(Exit::Failed, cause).hint("correct it, or move it away to go on with the defaults")
        }
        error @ LoadSettingsError::Linked { .. } => Failure::new(Exit::Failed, error.to_string())
            .hint("change it there, with what made the link; then run: netclaw daemon restart"),
        LoadSettingsError::Storage(error) => Failure::new(Exit::Failed, error.to_string())
            .hint("make it readable and writable for this user, or name another home with NETCLAW_HOME"),
    }
}

/// There is no answer to a question.
pub fn of_prompt(error: PromptError) -> Failure {
    match error {
        PromptError::EndOfInput => Failure::new(Exit::Usage, "the input ended before every question was answered")
            .hint("run it on a terminal, or send one answer a line on stdin, in the order of the questions"),
        PromptError::Input(what) => {
            Failure::new(Exit::Usage, what).hint("send one answer a line on stdin, as plain UTF-8 text")
        }
    }
}

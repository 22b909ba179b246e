//! The operator's yes.

use async_trait::async_trait;

use super::prompter::PromptError;

/// Asks the operator.
///
/// # Contract
///
/// * `agrees` gives up control while it waits: what else the command does goes on, and it may be dropped unanswered.
/// * Only a clear yes is one. On a terminal nothing counts that was typed before the question was shown.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Consent: Send + Sync {
    /// Shows `question`, if a person is there, and reads one line.
    ///
    /// # Errors
    ///
    /// [`PromptError`] when there is no answer.
    async fn agrees(&self, question: &str) -> Result<bool, PromptError>;
}

//! An operator whose answers are known.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use netclaw::ports::consent::Consent;
use netclaw::ports::prompter::PromptError;

/// Answers in turn, and then never.
#[derive(Debug, Default)]
pub struct ScriptedConsent(pub Mutex<VecDeque<Result<bool, PromptError>>>);

impl ScriptedConsent {
    pub fn of(answers: impl IntoIterator<Item = Result<bool, PromptError>>) -> Self {
        Self(Mutex::new(answers.into_iter().collect()))
    }
}

#[async_trait]
impl Consent for ScriptedConsent {
    async fn agrees(&self, _question: &str) -> Result<bool, PromptError> {
        let next = self.0.lock().unwrap().pop_front();
        match next {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

//! A person, or a script, whose answers are known.

use std::collections::VecDeque;

use netclaw::domain::device_name::DeviceName;
use netclaw::ports::prompter::{PromptError, Prompter};

/// Answers in order; the end of them is the end of the input.
#[derive(Default)]
pub struct FakePrompter {
    pub interactive: bool,
    pub answers: VecDeque<String>,
    pub explained: Vec<String>,
    pub defaults: Vec<String>,
}

impl FakePrompter {
    pub fn person(answers: &[&str]) -> Self {
        Self { interactive: true, ..Self::script(answers) }
    }

    pub fn script(answers: &[&str]) -> Self {
        Self { answers: answers.iter().map(ToString::to_string).collect(), ..Self::default() }
    }

    fn next(&mut self) -> Result<String, PromptError> {
        self.answers.pop_front().ok_or(PromptError::EndOfInput)
    }
}

impl Prompter for FakePrompter {
    fn is_interactive(&self) -> bool {
        self.interactive
    }

    fn place(&mut self) -> Result<String, PromptError> {
        self.next()
    }

    fn code(&mut self) -> Result<String, PromptError> {
        self.next()
    }

    fn device_name(&mut self, default: &DeviceName) -> Result<String, PromptError> {
        self.defaults.push(default.to_string());
        let is_first = self.defaults.len() == 1;
        match self.next() {
            Ok(answer) if answer.is_empty() => Ok(default.to_string()),
            Err(_) if is_first && !self.interactive => Ok(default.to_string()),
            answer => answer,
        }
    }

    fn announce(&mut self, text: &str) {
        self.explained.push(text.to_owned());
    }

    fn explain(&mut self, text: &str) {
        self.explained.push(text.to_owned());
    }
}

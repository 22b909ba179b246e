//! A person, or a script, whose answers are known.

use std::collections::VecDeque;

use netclaw::domain::device_name::DeviceName;
use netclaw::ports::prompter::{PromptError, Prompter};

/// Answers line by line; after the last line the input has ended.
#[derive(Debug, Default)]
pub struct ScriptedPrompter {
    lines: VecDeque<String>,
    is_interactive: bool,
    name_was_asked: bool,
    /// What was asked and explained, in order.
    pub transcript: Vec<String>,
}

impl ScriptedPrompter {
    /// A person who types these lines.
    pub fn person<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        Self { is_interactive: true, ..Self::script(lines) }
    }

    /// An input that holds these lines.
    pub fn script<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        Self { lines: lines.into_iter().map(|line| line.trim().to_owned()).collect(), ..Self::default() }
    }

    fn ask(&mut self, question: String) -> Result<String, PromptError> {
        self.transcript.push(question);
        self.lines.pop_front().ok_or(PromptError::EndOfInput)
    }
}

impl Prompter for ScriptedPrompter {
    fn is_interactive(&self) -> bool {
        self.is_interactive
    }

    fn place(&mut self) -> Result<String, PromptError> {
        self.ask("Pairing link, or address of the daemon: ".to_owned())
    }

    fn code(&mut self) -> Result<String, PromptError> {
        self.ask("Pairing code (XXXX-XXXX): ".to_owned())
    }

    fn device_name(&mut self, default: &DeviceName) -> Result<String, PromptError> {
        let is_first = !std::mem::replace(&mut self.name_was_asked, true);
        match self.ask(format!("Device name [{default}]: ")) {
            Ok(typed) if !typed.is_empty() => Ok(typed),
            Err(error) if self.is_interactive || !is_first => Err(error),
            _ => Ok(default.to_string()),
        }
    }

    fn announce(&mut self, text: &str) {
        self.transcript.push(text.to_owned());
    }

    fn explain(&mut self, text: &str) {
        if self.is_interactive {
            self.transcript.push(text.to_owned());
        }
    }
}

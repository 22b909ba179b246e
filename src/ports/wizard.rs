//! The person in front of the setup.

use super::prompter::PromptError;

/// A question with a list of answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is asked.
    pub question: String,
    /// The answers, in the order they are shown. There is at least one.
    pub options: Vec<ChoiceOption>,
    /// The place of the one that is proposed.
    pub default: usize,
}

/// One of the answers of a [`Choice`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceOption {
    /// Its name.
    pub name: String,
    /// What it is, in a few words.
    pub summary: String,
}

/// A question that is answered in writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blank {
    /// What is asked.
    pub question: String,
    /// What may be written.
    pub help: String,
    /// The answer when nothing is written; empty when that is an answer too.
    pub default: String,
    /// Answers that can be chosen instead.
    pub offers: Vec<String>,
}

/// What a person does with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<T> {
    /// Answers it.
    Answer(T),
    /// Goes back to the question before.
    Back,
    /// Ends the setup.
    End,
}

impl<T> Reply<T> {
    /// The same with another answer.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        match self {
            Self::Answer(answer) => Reply::Answer(change(answer)),
            Self::Back => Reply::Back,
            Self::End => Reply::End,
        }
    }
}

/// Asks the questions of the setup, one at a time, with a way back.
///
/// # Contract
///
/// * Knows no rule: what is asked, proposed and allowed comes with the question.
/// * Whatever ends a question, the terminal is afterwards as it was before.
/// * What is shown and warned of is seen even when nobody is there to be asked.
pub trait Wizard: Send {
    /// Whether a person is there, who can be asked.
    fn is_interactive(&self) -> bool;

    /// Shows a line.
    fn show(&mut self, line: &str);

    /// Shows a line that the person must not overlook.
    fn warn(&mut self, text: &str);

    /// Asks for one of a list, and gives its place.
    ///
    /// # Errors
    ///
    /// [`PromptError`], as for every question.
    fn choose(&mut self, choice: &Choice) -> Result<Reply<usize>, PromptError>;

    /// Asks for a text that `check` accepts. With one that it does not, the person sees why and is asked again.
    ///
    /// # Errors
    ///
    /// [`PromptError`].
    fn fill_in(
        &mut self,
        blank: &Blank,
        check: &dyn Fn(&str) -> Result<(), String>,
    ) -> Result<Reply<String>, PromptError>;

    /// Asks a question with the answers yes and no.
    ///
    /// # Errors
    ///
    /// [`PromptError`].
    fn decide(&mut self, question: &str, default: bool) -> Result<Reply<bool>, PromptError>;
}

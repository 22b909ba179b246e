//! The person in front of a command, or the script that stands in for one.

use thiserror::Error;

use crate::domain::device_name::DeviceName;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PromptError {
    /// The input ended, or the person pressed Ctrl-C or Ctrl-D.
    #[error("no more input")]
    EndOfInput,
    /// The input could not be read.
    #[error("{0}")]
    Input(String),
}

/// Asks for values, in a fixed order.
///
/// # Contract
///
/// * With a person there, prompts are shown; otherwise each question takes one line of the input, unasked.
/// * An answer is trimmed. A line is read up to 1 KiB, a longer one is an error.
#[cfg_attr(test, mockall::automock)]
pub trait Prompter: Send {
    /// Whether a person is there, who can be asked again.
    fn is_interactive(&self) -> bool;

    /// `Pairing link, or address of the daemon: `
    ///
    /// # Errors
    ///
    /// [`PromptError`].
    fn place(&mut self) -> Result<String, PromptError>;

    /// `Pairing code (XXXX-XXXX): `
    ///
    /// # Errors
    ///
    /// [`PromptError`].
    fn code(&mut self) -> Result<String, PromptError>;

    /// `Device name [default]: `, answered by the default when nothing is typed, or when the input of a script has ended
    /// and this is the first time it is asked.
    ///
    /// # Errors
    ///
    /// [`PromptError`].
    fn device_name(&mut self, default: &DeviceName) -> Result<String, PromptError>;

    /// Tells something that a person has to see, whether or not one answers the questions.
    fn announce(&mut self, text: &str);

    /// Tells the person why they are asked again. Nothing is shown when nobody is there.
    fn explain(&mut self, text: &str);
}

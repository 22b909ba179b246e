//! A secret that a person types unseen, or that stands in the first line of the input.

use std::io::{self, BufRead, BufReader, IsTerminal, Read};

use inquire::{InquireError, Password, PasswordDisplayMode};
use zeroize::Zeroizing;

use crate::ports::prompter::PromptError;

/// Longest line that is read, in bytes: the longest key, and the white space around it.
const MAX_LINE_BYTES: u64 = 8192;

/// Asks for a secret on the terminal, without showing it, or reads it from the first line of stdin.
///
/// # Errors
///
/// [`PromptError`].
pub fn ask(question: &str) -> Result<Zeroizing<String>, PromptError> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return first_line(stdin.lock());
    }
    let asked = Password::new(question).without_confirmation().with_display_mode(PasswordDisplayMode::Hidden).prompt();
    asked.map(Zeroizing::new).map_err(|error| match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => PromptError::EndOfInput,
        error => PromptError::Input(format!("the terminal cannot be used: {error}")),
    })
}

/// The first line of an input, without its end.
///
/// # Errors
///
/// [`PromptError`] when there is none, or it is too long.
pub fn first_line(input: impl Read) -> Result<Zeroizing<String>, PromptError> {
    // Large enough from the start, so that no copy of the secret is left behind by growing.
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_LINE_BYTES as usize + 1));
    let read = BufReader::new(input.take(MAX_LINE_BYTES + 1)).read_until(b'\n', &mut line);
    read.map_err(|error| PromptError::Input(format!("cannot read the input: {error}")))?;
    match line.len() as u64 {
        0 => Err(PromptError::EndOfInput),
        length if length > MAX_LINE_BYTES => {
            Err(PromptError::Input(format!("a line of the input is longer than {MAX_LINE_BYTES} bytes")))
        }
        _ => {
            let text = str::from_utf8(&line).map_err(|_| PromptError::Input("the input is not UTF-8".to_owned()))?;
            Ok(Zeroizing::new(text.trim().to_owned()))
        }
    }
}

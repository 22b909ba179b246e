//! Questions on a terminal, and lines of a script in their place.
//!
//! Prompts go to stderr and answers are read line by line from stdin in the terminal's own mode: editing, pasting and
//! Ctrl-D are the terminal's, and nothing has to be restored when the program ends in the middle of a question.

use std::io::{BufRead, IsTerminal, Read, Write};

use zeroize::Zeroizing;

use crate::domain::device_name::DeviceName;
use crate::ports::prompter::{PromptError, Prompter};

/// Longest line that is read, in bytes.
const MAX_LINE_BYTES: u64 = 1024;

/// Asks on `shown`, reads from `answers`.
pub struct LinePrompter<R, W> {
    answers: R,
    shown: W,
    interactive: bool,
    asked_for_a_name: bool,
}

/// The prompter of this process's own terminal, or of the script that is its stdin.
pub fn of_process() -> LinePrompter<impl BufRead + Send, impl Write + Send> {
    let stdin = std::io::stdin();
    let interactive = stdin.is_terminal();
    // A lock of stdin cannot go to another thread, its handle can.
    LinePrompter::new(std::io::BufReader::new(stdin), std::io::stderr(), interactive)
}

impl<R: BufRead + Send, W: Write + Send> LinePrompter<R, W> {
    /// A prompter over these streams; prompts are shown only when `interactive`.
    pub const fn new(answers: R, shown: W, interactive: bool) -> Self {
        Self { answers, shown, interactive, asked_for_a_name: false }
    }

    fn ask(&mut self, prompt: &str) -> Result<String, PromptError> {
        if self.interactive {
            // When the prompt cannot be shown, the answer can still be given.
            let _ = write!(self.shown, "{prompt}").and_then(|()| self.shown.flush());
        }
        // The line may be a code. Large enough from the start, so that no copy of it is left behind by growing.
        let mut line = Zeroizing::new(Vec::with_capacity(MAX_LINE_BYTES as usize + 1));
        let mut limited = (&mut self.answers).take(MAX_LINE_BYTES + 1);
        limited
            .read_until(b'\n', &mut line)
            .map_err(|error| PromptError::Input(format!("cannot read the input: {error}")))?;
        if line.is_empty() {
            if self.interactive {
                let _ = writeln!(self.shown);
            }
            return Err(PromptError::EndOfInput);
        }
        if line.len() as u64 > MAX_LINE_BYTES {
            return Err(PromptError::Input(format!("a line of the input is longer than {MAX_LINE_BYTES} bytes")));
        }
        let text = str::from_utf8(&line).map_err(|_| PromptError::Input("the input is not UTF-8".to_owned()))?;
        Ok(text.trim().to_owned())
    }
}

impl<R: BufRead + Send, W: Write + Send> Prompter for LinePrompter<R, W> {
    fn is_interactive(&self) -> bool {
        self.interactive
    }

    fn place(&mut self) -> Result<String, PromptError> {
        self.ask("Pairing link, or address of the daemon: ")
    }

    fn code(&mut self) -> Result<String, PromptError> {
        self.ask("Pairing code (XXXX-XXXX): ")
    }

    fn device_name(&mut self, default: &DeviceName) -> Result<String, PromptError> {
        let is_first = !std::mem::replace(&mut self.asked_for_a_name, true);
        match self.ask(&format!("Device name [{default}]: ")) {
            Ok(answer) if answer.is_empty() => Ok(default.to_string()),
            Err(PromptError::EndOfInput) if is_first && !self.interactive => Ok(default.to_string()),
            answer => answer,
        }
    }

    fn announce(&mut self, text: &str) {
        let _ = writeln!(self.shown, "{text}");
    }

    fn explain(&mut self, text: &str) {
        if self.interactive {
            let _ = writeln!(self.shown, "{text}");
        }
    }
}

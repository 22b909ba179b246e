//! The operator's yes, as a line of the terminal or of a script.

use std::io::{BufRead, IsTerminal, Read, Write};

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::adapters::platform;
use crate::ports::consent::Consent;
use crate::ports::prompter::PromptError;

/// Bytes of a line that are looked at: enough for a yes.
const MAX_LINE_BYTES: u64 = 64;

/// Reads this process's own stdin.
#[derive(Clone, Copy, Debug, Default)]
pub struct TerminalConsent;

#[async_trait]
impl Consent for TerminalConsent {
    async fn agrees(&self, question: &str) -> Result<bool, PromptError> {
        if std::io::stdin().is_terminal() {
            platform::forget_typed_ahead();
            let mut shown = std::io::stderr();
            let _ = write!(shown, "{question}").and_then(|()| shown.flush());
        }
        let (answer, answered) = oneshot::channel();
        // A thread that nobody waits for: it reads until the line comes or the process ends.
        std::thread::spawn(move || answer.send(read()));
        answered.await.unwrap_or(Err(PromptError::EndOfInput))
    }
}

fn read() -> Result<bool, PromptError> {
    let mut line = String::new();
    let mut limited = std::io::stdin().lock().take(MAX_LINE_BYTES);
    limited.read_line(&mut line).map_err(|error| PromptError::Input(format!("cannot read the input: {error}")))?;
    if line.is_empty() {
        if std::io::stdin().is_terminal() {
            let _ = writeln!(std::io::stderr());
        }
        return Err(PromptError::EndOfInput);
    }
    Ok(is_yes(&line))
}

/// Whether a line is a clear yes.
pub fn is_yes(line: &str) -> bool {
    let line = line.trim();
    line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes")
}

//! One turn for a script: its message, and where the answer goes.

use std::io::Read;

use async_trait::async_trait;

use super::notices;
use super::output::Output;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure};
use crate::domain::chat::message::MAX_CONTENT_BYTES;
use crate::domain::terminal_text::PlainText;
use crate::ports::chat_screen::{AnswerListener, Gone, LinkEvent};

/// Hears an answer for a script.
pub struct ScriptListener<'a, 'b> {
    output: &'a mut Output,
    console: &'a mut Console<'b>,
    is_streaming: bool,
}

impl<'a, 'b> ScriptListener<'a, 'b> {
    /// Writes the answer to `output` as it comes if `is_streaming`, else nothing.
    pub const fn new(output: &'a mut Output, console: &'a mut Console<'b>, is_streaming: bool) -> Self {
        Self { output, console, is_streaming }
    }
}

#[async_trait]
impl AnswerListener for ScriptListener<'_, '_> {
    async fn text(&mut self, text: &PlainText) -> Result<(), Gone> {
        if !self.is_streaming {
            return Ok(());
        }
        self.output.write(text.as_str().as_bytes().to_vec()).await
    }

    async fn link(&mut self, event: LinkEvent<'_>) {
        if self.console.err_is_terminal {
            self.console.note(notices::link(event));
        }
    }
}

/// The whole of `input` as a message.
///
/// # Errors
///
/// [`Failure`] when it cannot be read, is no text, or is longer than a message can be.
pub fn message(input: &mut dyn Read) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let limit = MAX_CONTENT_BYTES as u64 + 1;
    input
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot read the input: {error}")))?;
    if bytes.len() > MAX_CONTENT_BYTES {
        // Cut off there, it may end in the middle of a character.
        return Err(too_long());
    }
    String::from_utf8(bytes).map_err(|_| {
        Failure::new(Exit::Usage, "the input is not UTF-8").hint("convert it first, with iconv for instance")
    })
}

/// A message that can be sent.
///
/// # Errors
///
/// [`Failure`] when there is nothing in it, or too much.
pub fn checked(message: String) -> Result<String, Failure> {
    if message.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "the message is empty")
            .hint("give it as an argument, or on stdin: netclaw chat -p \"What is new?\""));
    }
    if message.len() > MAX_CONTENT_BYTES {
        return Err(too_long());
    }
    Ok(message)
}

fn too_long() -> Failure {
    Failure::new(Exit::Usage, format!("the message is longer than {} KiB", MAX_CONTENT_BYTES / 1024))
        .hint("send a part of it, or put it where the agent can read it")
}

//! A person's terminal.

use async_trait::async_trait;

use super::editor::LineEditor;
use super::output::Output;
use super::{notices, unwritten};
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::of_chat;
use crate::app::client::target::Target;
use crate::domain::terminal_text::PlainText;
use crate::ports::chat_history::ChatHistory;
use crate::ports::chat_screen::{AnswerListener, ChatScreen, Entry, Gone, LinkEvent, Notice};

/// The terminal of this process: answers go to its output, everything else to stderr.
pub struct TerminalScreen<'a, 'b> {
    output: Output,
    console: &'a mut Console<'b>,
    target: &'a Target,
    history: Option<Box<dyn ChatHistory>>,
    editor: Option<LineEditor>,
    is_in_line: bool,
}

impl<'a, 'b> TerminalScreen<'a, 'b> {
    /// A screen for a chat with the daemon at `target`. Nothing is read before something is asked for.
    pub fn new(
        output: Output,
        console: &'a mut Console<'b>,
        target: &'a Target,
        history: Box<dyn ChatHistory>,
    ) -> Self {
        Self { output, console, target, history: Some(history), editor: None, is_in_line: false }
    }

    /// What comes next begins on a line of its own.
    async fn begin_line(&mut self) {
        if std::mem::take(&mut self.is_in_line) {
            // If nobody sees the answer, nobody sees where it ends.
            let _ = self.output.write(b"\n".to_vec()).await;
        }
    }
}

#[async_trait]
impl AnswerListener for TerminalScreen<'_, '_> {
    async fn text(&mut self, text: &PlainText) -> Result<(), Gone> {
        let text = text.as_str();
        self.is_in_line = !text.ends_with('\n');
        self.output.write(text.as_bytes().to_vec()).await
    }

    async fn link(&mut self, event: LinkEvent<'_>) {
        self.begin_line().await;
        self.console.note(notices::link(event));
    }
}

#[async_trait]
impl ChatScreen for TerminalScreen<'_, '_> {
    async fn read(&mut self) -> Result<Entry, Gone> {
        if let Some(history) = self.history.take() {
            let complain = |cause: String| eprintln!("warning: {cause}");
            self.editor = Some(LineEditor::start(history, complain));
        }
        match &mut self.editor {
            Some(editor) => editor.read().await,
            None => Ok(Entry::End),
        }
    }

    async fn tell(&mut self, notice: Notice<'_>) -> Result<(), Gone> {
        self.begin_line().await;
        match notice {
            Notice::Failed(error) => {
                let failure = of_chat(error.clone(), self.target);
                failure.print(self.console.err).map_err(|error| unwritten(&error))
            }
            other => {
                notices::lines(&other, self.target).iter().for_each(|line| self.console.note(line));
                Ok(())
            }
        }
    }
}

//! A person in front of a chat, and the signals that they send.

use std::collections::VecDeque;

use async_trait::async_trait;
use netclaw::domain::terminal_text::PlainText;
use netclaw::ports::chat_screen::{AnswerListener, ChatScreen, Entry, Gone, LinkEvent, Notice};
use netclaw::ports::interrupts::{Interrupt, Interrupts};

/// Enters things in order, then ends the chat. What is shown is written down, notices in square brackets.
#[derive(Default)]
pub struct FakeScreen {
    pub entries: VecDeque<Entry>,
    pub shown: String,
    /// Pieces of text after which nobody listens any more.
    pub patience: Option<usize>,
    /// Whether nobody reads any text, so that it is never written.
    pub is_held_up: bool,
}

impl FakeScreen {
    pub fn entering(texts: &[&str]) -> Self {
        let entries = texts.iter().map(|text| Entry::Text((*text).to_owned())).collect();
        Self { entries, ..Self::default() }
    }
}

#[async_trait]
impl AnswerListener for FakeScreen {
    async fn text(&mut self, text: &PlainText) -> Result<(), Gone> {
        if self.is_held_up {
            std::future::pending::<()>().await;
        }
        if let Some(patience) = &mut self.patience {
            *patience =
                patience.checked_sub(1).ok_or_else(|| Gone { cause: "broken pipe".to_owned(), is_closed: true })?;
        }
        self.shown.push_str(text.as_str());
        Ok(())
    }

    async fn link(&mut self, event: LinkEvent<'_>) {
        self.shown.push_str(match event {
            LinkEvent::Lost { .. } => "[lost]",
            LinkEvent::Restored => "[restored]",
        });
    }
}

#[async_trait]
impl ChatScreen for FakeScreen {
    async fn read(&mut self) -> Result<Entry, Gone> {
        Ok(self.entries.pop_front().unwrap_or(Entry::End))
    }

    async fn tell(&mut self, notice: Notice<'_>) -> Result<(), Gone> {
        let words = format!("{notice:?}");
        let name: String = words.chars().take_while(|c| c.is_alphanumeric()).collect();
        let detail = match notice {
            Notice::New { name: Some(name) } => format!(" {name}"),
            Notice::Failed(error) => format!(" {error}"),
            Notice::UnknownCommand(word) | Notice::MissingArgument(word) | Notice::Model(word) => format!(" {word}"),
            Notice::Resumed(transcript) => format!(" {}", transcript.messages.len()),
            _ => String::new(),
        };
        self.shown.push_str(&format!("[{name}{detail}]"));
        Ok(())
    }
}

/// Signals that come when everything else has come to a halt: after this much time on the clock of the runtime.
#[derive(Default)]
pub struct FakeInterrupts(pub VecDeque<(std::time::Duration, Interrupt)>);

impl FakeInterrupts {
    pub fn after(seconds: u64, interrupt: Interrupt) -> Self {
        Self(VecDeque::from([(std::time::Duration::from_secs(seconds), interrupt)]))
    }
}

#[async_trait]
impl Interrupts for FakeInterrupts {
    async fn next(&mut self) -> Interrupt {
        let Some((after, interrupt)) = self.0.front().copied() else { return std::future::pending().await };
        tokio::time::sleep(after).await;
        self.0.pop_front();
        interrupt
    }
}

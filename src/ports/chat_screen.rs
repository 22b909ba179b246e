//! Where a chat is read and written: a terminal, or the streams of a script.

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use super::chat_api::{AgentReport, ChatError, SessionSummary, Transcript};
use crate::domain::chat::id::ChatSessionId;
use crate::domain::chat::model::MalformedModelName;
use crate::domain::terminal_text::PlainText;

/// Whoever read the answers has gone away, they cannot be written any more, or nothing can be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{cause}")]
pub struct Gone {
    /// What cannot be done, and why, in the system's words.
    pub cause: String,
    /// Whether the reader has closed a pipe, which is its right.
    pub is_closed: bool,
}

/// Hears an answer.
///
/// # Contract
///
/// * Text is shown at once, and nothing is added to it.
/// * What happens to the link is told to a person and to nobody else. It begins on a line of its own.
/// * Every method gives up control while nobody reads what is shown, and can be given up itself.
#[async_trait]
pub trait AnswerListener: Send {
    /// The next piece of the answer.
    ///
    /// # Errors
    ///
    /// [`Gone`]: nobody wants to hear more.
    async fn text(&mut self, text: &PlainText) -> Result<(), Gone>;

    /// What happens to the link meanwhile.
    async fn link(&mut self, event: LinkEvent<'_>);
}

/// What happens to the link in the middle of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEvent<'a> {
    /// It was lost, and is tried again after a wait.
    Lost {
        /// Why.
        cause: &'a ChatError,
        /// The wait.
        wait: Duration,
    },
    /// It is there again.
    Restored,
}

/// What a person enters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A line, or several.
    Text(String),
    /// They have thrown away what they had typed.
    Cleared,
    /// They have nothing more to say.
    End,
}

/// What a person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// The chat begins, with this agent.
    Welcome(&'a AgentReport),
    /// Which commands there are.
    Help,
    /// These sessions there are; the current one is marked.
    Sessions {
        /// All of them.
        all: &'a [SessionSummary],
        /// The current one.
        current: Option<&'a SessionSummary>,
    },
    /// The chat goes on in this session, whose last messages are shown.
    Resumed(&'a Transcript),
    /// What is said next is the first of a new session.
    New {
        /// Its name.
        name: Option<&'a str>,
    },
    /// These models there are.
    Models {
        /// The one of the session, if it names one.
        chosen: Option<&'a str>,
        /// All of them.
        all: &'a [String],
    },
    /// The next turns use this model.
    Model(&'a str),
    /// The answer is at its end, which the agent gives this reason for.
    Finished(&'a str),
    /// The answer was stopped.
    Stopped,
    /// There is no such command.
    UnknownCommand(&'a str),
    /// A model cannot be called so.
    BadModel(MalformedModelName),
    /// A command lacks its argument.
    MissingArgument(&'a str),
    /// Something went wrong, and the chat goes on.
    Failed(&'a ChatError),
    /// The turn failed, because its link was lost for too long or the daemon ended in the middle.
    Cut(Cut<'a>),
}

/// How a turn was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut<'a> {
    /// The daemon could not be reached again.
    Link {
        /// Why.
        cause: &'a ChatError,
        /// The session, which may have what was said.
        session: ChatSessionId,
    },
    /// The daemon has forgotten the turn, and the session has no whole answer.
    Daemon(Remains),
}

/// What is left of an answer whose daemon has ended in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Nothing was heard of it.
    Nothing,
    /// The session has all that was heard.
    Kept,
    /// The session does not have all that was heard.
    Lost,
}

/// A person's screen.
///
/// # Contract
///
/// * A message that is entered in several lines is one entry.
/// * `read` can be given up and called again, which goes on with the same line.
/// * Foreign text in notices is safe to show, apart from the messages of a transcript.
#[async_trait]
pub trait ChatScreen: AnswerListener {
    /// Reads what the person enters. What is worth it is remembered for the next time.
    ///
    /// # Errors
    ///
    /// [`Gone`] when there is no person any more.
    async fn read(&mut self) -> Result<Entry, Gone>;

    /// Tells the person something.
    ///
    /// # Errors
    ///
    /// [`Gone`] when there is nobody to tell.
    async fn tell(&mut self, notice: Notice<'_>) -> Result<(), Gone>;
}

//! The line editor, on a thread of its own: it waits for keys, and the chat for much else besides.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::{History, MemHistory};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, ConditionalEventHandler, Config, Context, Editor, Event, EventContext, EventHandler, Helper, KeyCode,
    KeyEvent, Modifiers, RepeatCount,
};
use tokio::sync::mpsc as answers;

use crate::adapters::platform::TerminalModes;
use crate::app::client::chat::entry::{self, COMMANDS};
use crate::ports::chat_history::{ChatHistory, MAX_ENTRIES};
use crate::ports::chat_screen::{Entry, Gone};

/// What stands before a line that is typed.
const PROMPT: &str = "> ";

/// What ends the mode in which pasted text is marked (xterm's control sequences, DECRST 2004).
const END_OF_PASTES: &[u8] = b"\x1b[?2004l\r\n";

/// The line editor.
pub(super) struct LineEditor {
    requests: mpsc::Sender<()>,
    answers: answers::UnboundedReceiver<Result<Entry, Gone>>,
    is_reading: bool,
    before: TerminalModes,
}

impl LineEditor {
    /// Starts the thread, with what was entered before. `complain` hears that it cannot be remembered.
    pub(super) fn start(history: Box<dyn ChatHistory>, complain: impl Fn(String) + Send + 'static) -> Self {
        let before = TerminalModes::of_stdin();
        let (requests, requested) = mpsc::channel();
        let (answer, answers) = answers::unbounded_channel();
        // Nobody waits for its end: a process that ends takes it along.
        thread::spawn(move || serve(&requested, &answer, history.as_ref(), &complain));
        Self { requests, answers, is_reading: false, before }
    }

    /// What is entered next. Given up and called again, it goes on with the same line.
    pub(super) async fn read(&mut self) -> Result<Entry, Gone> {
        if !self.is_reading {
            // A thread that has ended is seen below.
            self.is_reading = self.requests.send(()).is_ok();
        }
        let answer = self.answers.recv().await;
        self.is_reading = false;
        answer.unwrap_or_else(|| {
            Err(Gone { cause: "the terminal cannot be read: the line editor has ended".to_owned(), is_closed: false })
        })
    }
}

impl Drop for LineEditor {
    fn drop(&mut self) {
        if self.is_reading {
            // The thread is in the middle of a line and will not tidy up any more.
            self.before.restore();
            let mut out = std::io::stdout();
            let _ = out.write_all(END_OF_PASTES).and_then(|()| out.flush());
        }
    }
}

fn serve(
    requested: &mpsc::Receiver<()>,
    answers: &answers::UnboundedSender<Result<Entry, Gone>>,
    history: &dyn ChatHistory,
    complain: &dyn Fn(String),
) {
    let continued = Continue::default();
    let mut editor = match editor(continued.clone()) {
        Ok(editor) => editor,
        Err(error) => {
            let _ = answers.send(unreadable(&error));
            return;
        }
    };
    let mut is_remembering = match history.entries() {
        Ok(entries) => {
            // In memory this cannot fail.
            entries.into_iter().for_each(|entry| drop(editor.history_mut().add_owned(entry)));
            true
        }
        Err(error) => {
            complain(error.to_string());
            false
        }
    };
    while requested.recv().is_ok() {
        let line = editor.readline(PROMPT);
        let backslashes = continued.take();
        let line = line.map(|text| entry::without_backslashes(text, backslashes));
        let remembered = line.as_ref().ok().filter(|line| entry::is_worth_remembering(line)).cloned();
        let answer = match line {
            Ok(text) => Ok(Entry::Text(text)),
            Err(ReadlineError::Interrupted) => Ok(Entry::Cleared),
            Err(ReadlineError::Eof) => Ok(Entry::End),
            Err(error) => unreadable(&error),
        };
        if answers.send(answer).is_err() {
            return;
        }
        if let Some(text) = remembered {
            if is_remembering && let Err(error) = history.add(&text) {
                complain(error.to_string());
                is_remembering = false;
            }
            let _ = editor.history_mut().add_owned(text);
        }
    }
}

fn unreadable(error: &ReadlineError) -> Result<Entry, Gone> {
    Err(Gone { cause: format!("the terminal cannot be read: {error}"), is_closed: false })
}

fn editor(continued: Continue) -> rustyline::Result<Editor<Keys, MemHistory>> {
    let config = Config::builder().max_history_size(MAX_ENTRIES)?.history_ignore_space(true).build();
    let history = MemHistory::with_config(&config);
    let mut editor = Editor::with_history(config, history)?;
    editor.set_helper(Some(Keys));
    editor.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::NONE), EventHandler::Conditional(Box::new(continued)));
    editor.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::ALT), EventHandler::Simple(Cmd::Newline));
    Ok(editor)
}

/// What the keys of this chat do beyond the usual.
struct Keys;

impl Helper for Keys {}
impl Highlighter for Keys {}

impl Hinter for Keys {
    type Hint = String;
}

impl Validator for Keys {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let is_whole = entry::is_whole(context.input());
        Ok(if is_whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Completer for Keys {
    type Candidate = String;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = line.get(..position).filter(|typed| typed.starts_with('/')).unwrap_or("\n");
        let candidates = COMMANDS.iter().filter(|(name, ..)| name.starts_with(typed));
        Ok((0, candidates.map(|(name, argument, _)| with_room(name, argument)).collect()))
    }
}

/// A command that takes an argument, ready for it.
fn with_room(name: &str, argument: &str) -> String {
    if argument.is_empty() { name.to_owned() } else { format!("{name} ") }
}

/// Enter after a backslash begins another line. The text up to there is written down, because in pasted text a backslash is
/// nothing special.
#[derive(Clone, Default)]
struct Continue(Arc<Mutex<Vec<String>>>);

impl Continue {
    /// What was written down since the last time.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ConditionalEventHandler for Continue {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let before = context.line().get(..context.pos()).filter(|before| before.ends_with('\\'))?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(before.to_owned());
        Some(Cmd::Newline)
    }
}

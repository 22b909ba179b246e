//! What a person has entered: a message, or a command of the chat.

use crate::domain::chat::model::{MalformedModelName, ModelName};

/// What stands before and after a message of several lines.
const FENCE: &str = "\"\"\"";

/// What every credential begins with.
const TOKEN_PREFIX: &str = "nct_";

/// A command, its argument, and what it does. In the order of the help.
pub const COMMANDS: [(&str, &str, &str); 6] = [
    ("/help", "", "show this"),
    ("/new", "[NAME]", "begin a new session"),
    ("/sessions", "", "list the sessions"),
    ("/resume", "ID|NAME", "go on with another session"),
    ("/model", "[NAME]", "show the models, or choose one for this chat"),
    ("/quit", "", "end the chat, like Ctrl-D"),
];

/// A command of the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `/help`
    Help,
    /// `/new [NAME]`
    New(Option<String>),
    /// `/sessions`
    Sessions,
    /// `/resume ID|NAME`
    Resume(String),
    /// `/model [NAME]`
    Model(Option<ModelName>),
    /// `/quit`
    Quit,
}

/// What was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    /// Nothing but white space.
    Nothing,
    /// For the agent.
    Message(String),
    /// For the chat.
    Command(Command),
    /// Looks like a command, and is none.
    Unknown(String),
    /// `/model` with what no model is called.
    BadModel(MalformedModelName),
    /// A command without the argument that it needs.
    Incomplete(&'static str),
}

/// Whether a text is whole: a block that begins with three quotation marks ends with three.
pub fn is_whole(text: &str) -> bool {
    text.trim_start().strip_prefix(FENCE).is_none_or(|rest| rest.contains(FENCE))
}

/// A text without the backslashes that only began another line: each of `continued` is what was there when that happened,
/// backslash included. One that was changed later stays as it is.
pub fn without_backslashes(mut text: String, mut continued: Vec<String>) -> String {
    // The last first, so that the places of the others stay.
    continued.sort_unstable_by_key(|before| std::cmp::Reverse(before.len()));
    continued.dedup();
    for before in continued {
        let is_there = text.strip_prefix(&before).is_some_and(|rest| rest.starts_with('\n'));
        if is_there && before.ends_with('\\') {
            text.remove(before.len() - 1);
        }
    }
    text
}

/// What a text means.
///
/// A command is a slash and lower-case letters at the very beginning, on one line: a path has more slashes, and a message
/// that must begin so can begin with a space.
pub fn read(text: &str) -> Entered {
    let text = text.trim_end();
    if text.trim().is_empty() {
        return Entered::Nothing;
    }
    let (word, argument) = text.split_once(' ').unwrap_or((text, ""));
    let is_command = word.len() > 1
        && !text.contains('\n')
        && word.strip_prefix('/').is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_lowercase()));
    if is_command {
        return command(word, argument.trim());
    }
    match unfenced(text) {
        block if block.trim().is_empty() => Entered::Nothing,
        message => Entered::Message(message.to_owned()),
    }
}

fn command(word: &str, argument: &str) -> Entered {
    let optional = || Some(argument.to_owned()).filter(|argument| !argument.is_empty());
    Entered::Command(match (word, argument) {
        ("/help", _) => Command::Help,
        ("/new", _) => Command::New(optional()),
        ("/sessions", _) => Command::Sessions,
        ("/resume", "") => return Entered::Incomplete("/resume"),
        ("/resume", key) => Command::Resume(key.to_owned()),
        ("/model", "") => Command::Model(None),
        ("/model", name) => match ModelName::parse(name) {
            Ok(name) => Command::Model(Some(name)),
            Err(error) => return Entered::BadModel(error),
        },
        ("/quit" | "/exit", _) => Command::Quit,
        _ => return Entered::Unknown(word.to_owned()),
    })
}

/// The text of a block, or the text itself if it is none: code that has quotation marks of its own stays as it is.
fn unfenced(text: &str) -> &str {
    let inner = text.trim().strip_prefix(FENCE).and_then(|rest| rest.strip_suffix(FENCE));
    match inner.filter(|inner| !inner.contains(FENCE)) {
        Some(inner) => {
            let inner = inner.strip_prefix('\n').unwrap_or(inner);
            inner.strip_suffix('\n').unwrap_or(inner)
        }
        None => text,
    }
}

/// Whether an entry is kept for another time: not when it begins with a space, as in a shell, and not when it holds what looks
/// like a credential.
pub fn is_worth_remembering(text: &str) -> bool {
    !text.trim().is_empty() && !text.starts_with(' ') && !text.contains(TOKEN_PREFIX)
}

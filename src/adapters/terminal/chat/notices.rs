//! What a person reads in a chat beside the answers.

use crate::adapters::terminal::render::{reply, sessions};
use crate::app::client::chat::entry::COMMANDS;
use crate::app::client::target::Target;
use crate::domain::terminal_text::PlainText;
use crate::domain::text::shown_safely;
use crate::ports::chat_api::{AgentReport, Said, Speaker, Transcript};
use crate::ports::chat_screen::{Cut, LinkEvent, Notice, Remains};

/// Messages that are shown when a session goes on: the last question and answer, and those before.
const SHOWN_MESSAGES: usize = 4;

/// What is said about the link.
pub(super) fn link(event: LinkEvent<'_>) -> String {
    match event {
        LinkEvent::Lost { cause, wait } => {
            format!("connection lost: {cause}; trying again in {:.1} s, Ctrl-C stops", wait.as_secs_f64())
        }
        LinkEvent::Restored => "connected again".to_owned(),
    }
}

/// The lines of a notice.
pub(super) fn lines(notice: &Notice<'_>, target: &Target) -> Vec<String> {
    let endpoint = &target.choice.endpoint;
    match notice {
        Notice::Welcome(agent) => vec![
            format!("Chat with {} at {endpoint}.", named(agent)),
            "/help lists the commands; Ctrl-C stops an answer, Ctrl-D ends the chat.".to_owned(),
        ],
        Notice::Help => help(),
        Notice::Sessions { all, current } => sessions::lines(all, current.map(|current| current.id)),
        Notice::Resumed(transcript) => resumed(transcript),
        Notice::New { name: Some(name) } => vec![format!("A new session, \"{}\".", shown_safely(name))],
        Notice::New { name: None } => vec!["A new session begins with your next message.".to_owned()],
        Notice::Models { chosen, all } => models(*chosen, all),
        Notice::Model(model) => vec![format!("The next answers come from {}.", shown_safely(model))],
        Notice::Finished(reason) => reply::cut_off(reason).map(|words| format!("({words})")).into_iter().collect(),
        Notice::Stopped => vec!["(stopped)".to_owned()],
        Notice::UnknownCommand(word) => vec![format!("There is no {word}; /help lists the commands.")],
        Notice::BadModel(error) => vec![format!("{error}.")],
        Notice::MissingArgument(word) => vec![format!("{word} needs the id or name of a session: {word} ID|NAME")],
        Notice::Cut(cut) => self::cut(cut),
        // Told as an error is.
        Notice::Failed(error) => vec![error.to_string()],
    }
}

fn named(agent: &AgentReport) -> String {
    match &agent.model {
        Some(model) => format!("{model} ({})", agent.kind),
        None => format!("the agent ({})", agent.kind),
    }
}

fn help() -> Vec<String> {
    let commands = COMMANDS
        .iter()
        .map(|(name, argument, summary)| format!("  {:<18} {summary}", format!("{name} {argument}").trim_end()));
    let rest = [
        "A backslash at the end of a line, or Alt-Enter, begins another line of the same message. So does Enter",
        "between \"\"\" and \"\"\". Pasted lines are one message. A message that begins with a space is not remembered.",
    ];
    commands.chain(rest.map(str::to_owned)).collect()
}

fn models(chosen: Option<&str>, all: &[String]) -> Vec<String> {
    if all.is_empty() {
        return vec!["This agent has no choice of models.".to_owned()];
    }
    let mark = |model: &String| if chosen == Some(model.as_str()) { "* " } else { "  " };
    all.iter().map(|model| format!("{}{model}", mark(model))).collect()
}

fn resumed(transcript: &Transcript) -> Vec<String> {
    let Transcript { session, messages } = transcript;
    let label = session.name.as_deref().unwrap_or(session.id.as_str());
    let earlier = messages.len().saturating_sub(SHOWN_MESSAGES);
    let head = match earlier {
        0 => format!("Session \"{label}\":"),
        _ => format!("Session \"{label}\", {earlier} earlier messages not shown:"),
    };
    let shown = messages.iter().skip(earlier).flat_map(said);
    std::iter::once(head).chain(shown).collect()
}

/// A message as it looked when it was said.
fn said(said: &Said) -> Vec<String> {
    let text = PlainText::of(&said.content);
    let prefix = match &said.speaker {
        Speaker::User { .. } => "> ",
        Speaker::Agent { .. } => "",
    };
    let outcome = match &said.speaker {
        Speaker::Agent { outcome: Some(outcome), .. } => Some(sessions::outcome(*outcome)),
        _ => None,
    };
    text.as_str().lines().map(|line| format!("{prefix}{line}")).chain(outcome.map(str::to_owned)).collect()
}

fn cut(cut: &Cut<'_>) -> Vec<String> {
    match cut {
        Cut::Link { cause, session } => vec![
            format!("error: the connection was lost in the middle of the answer: {cause}"),
            format!(
                "hint: when the daemon can be reached again, what it has of the answer is shown by: /resume {session}"
            ),
        ],
        Cut::Daemon(remains) => {
            let hint = match remains {
                Remains::Nothing => "ask again",
                Remains::Kept => "the session has what is shown above; ask again to go on",
                Remains::Lost => "the session does not have all that is shown above: copy what you need, and ask again",
            };
            vec![
                "error: the daemon ended in the middle of the answer, which is not whole".to_owned(),
                format!("hint: {hint}"),
            ]
        }
    }
}

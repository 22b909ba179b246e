//! The agent as a person says it: a URL, a program with its arguments, or none.

use crate::domain::agent::Agent;
use crate::domain::setting_text::{NONE, agent_url};
use crate::domain::settings::{SettingsError, key};

/// Whom devices are to talk to: the URL of an OpenAI API, a program and its arguments, or nothing or `none` for nobody.
///
/// # Errors
///
/// [`SettingsError`] when it is none of them.
pub fn agent(text: &str) -> Result<Option<Agent>, SettingsError> {
    if is_none(text) {
        return Ok(None);
    }
    if is_url(text) { server(text.trim()) } else { program(text) }
}

/// The same for a URL, or `none`.
///
/// # Errors
///
/// [`SettingsError`] when it is neither.
pub fn server(text: &str) -> Result<Option<Agent>, SettingsError> {
    if is_none(text) { Ok(None) } else { agent_url(text).map(|base_url| Some(Agent::OpenAi { base_url })) }
}

/// The same for a program and its arguments, in quotes where they have spaces in them, or `none`. Nothing else of a shell's
/// language means anything.
///
/// # Errors
///
/// [`SettingsError`] when a quotation mark is left open, or there is no program.
pub fn program(text: &str) -> Result<Option<Agent>, SettingsError> {
    if is_none(text) {
        return Ok(None);
    }
    let is_command = |words: &Vec<String>| words.first().is_some_and(|program| !program.is_empty());
    // No argument can have a zero byte in it.
    let words = shlex::split(text).filter(|words| is_command(words) && !text.contains('\0'));
    let mut words = words.ok_or_else(|| SettingsError {
        key: key::AGENT_COMMAND,
        value: format!("{text:?}"),
        allowed: "it must be a program and its arguments, with quotes around those that have spaces".to_owned(),
    })?;
    let program = words.remove(0);
    Ok(Some(Agent::Command { program, arguments: words }))
}

/// A value that a person takes away with `none`.
pub fn named(text: &str) -> Option<String> {
    (!is_none(text)).then(|| text.trim().to_owned())
}

/// An agent in the words that [`agent`] reads.
pub fn in_words(agent: Option<&Agent>) -> String {
    match agent {
        None => NONE.to_owned(),
        Some(Agent::OpenAi { base_url }) => base_url.to_string(),
        Some(Agent::Command { program, arguments }) => {
            let words = std::iter::once(program).chain(arguments).map(String::as_str);
            // No word has a zero byte in it: the configuration lets none in.
            let words = shlex::try_join(words).unwrap_or_default();
            // With quotes it is a program, whatever it is called.
            if is_none(&words) || is_url(&words) { format!("''{words}") } else { words }
        }
    }
}

/// Whether the first word is a URL: a program may have one among its arguments.
fn is_url(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    first.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http")) && first.contains("://")
}

fn is_none(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.eq_ignore_ascii_case(NONE)
}

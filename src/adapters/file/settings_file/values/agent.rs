//! The section `Agent`.

use core::time::Duration;
use std::path::Path;

use serde_json::{Value, json};

use super::{Document, choice, invalid, number, text, value, words};
use crate::domain::agent::{AgentKind, AgentSettings, CommandInput, MAX_OUTPUT_BYTES, MAX_TURN};
use crate::domain::chat::model::{MAX_MODEL_BYTES, ModelName};
use crate::domain::setting_text;
use crate::domain::settings::{SettingsError, key};

/// Reads the section; a value that is absent or null has its default.
pub(super) fn read(document: &Document<'_>) -> Result<AgentSettings, SettingsError> {
    let found = |path: &str| document.at(path);
    let seconds = |key: &'static str| {
        let read = number(found(key), key, 1, MAX_TURN.as_secs())?;
        Ok::<_, SettingsError>(read.map(Duration::from_secs))
    };
    let default = AgentSettings::default();
    Ok(AgentSettings {
        kind: choice(found(key::AGENT_KIND), key::AGENT_KIND, AgentKind::ALL, AgentKind::name)?,
        base_url: text(found(key::AGENT_BASE_URL), setting_text::agent_url)?,
        model: value(found(key::AGENT_MODEL), model)?,
        api_key_variable: words(found(key::AGENT_API_KEY_VARIABLE), key::AGENT_API_KEY_VARIABLE)?,
        command: value(found(key::AGENT_COMMAND), command)?.unwrap_or_default(),
        input: choice(found(key::AGENT_INPUT), key::AGENT_INPUT, CommandInput::ALL, CommandInput::name)?
            .unwrap_or(default.input),
        working_folder: value(found(key::AGENT_WORKING_FOLDER), folder)?,
        timeout: seconds(key::AGENT_TIMEOUT)?.unwrap_or(default.timeout),
        idle_timeout: seconds(key::AGENT_IDLE_TIMEOUT)?.unwrap_or(default.idle_timeout),
        max_output_bytes: number(found(key::AGENT_MAX_OUTPUT), key::AGENT_MAX_OUTPUT, 1, MAX_OUTPUT_BYTES)?
            .unwrap_or(default.max_output_bytes),
    })
}

/// All values with their paths, as they are written.
pub(super) fn all(agent: &AgentSettings) -> [(&'static str, Value); 10] {
    [
        (key::AGENT_KIND, json!(agent.kind.map(AgentKind::name))),
        (key::AGENT_BASE_URL, json!(agent.base_url.as_ref().map(ToString::to_string))),
        (key::AGENT_MODEL, json!(agent.model)),
        (key::AGENT_API_KEY_VARIABLE, json!(agent.api_key_variable)),
        (key::AGENT_COMMAND, json!(agent.command)),
        (key::AGENT_INPUT, json!(agent.input.name())),
        (key::AGENT_WORKING_FOLDER, json!(agent.working_folder)),
        (key::AGENT_TIMEOUT, json!(agent.timeout.as_secs())),
        (key::AGENT_IDLE_TIMEOUT, json!(agent.idle_timeout.as_secs())),
        (key::AGENT_MAX_OUTPUT, json!(agent.max_output_bytes)),
    ]
}

fn model(value: &Value) -> Result<String, SettingsError> {
    let model = value.as_str().and_then(|model| ModelName::parse(model).ok());
    let allowed = || format!("it must be a model's name of at most {MAX_MODEL_BYTES} bytes");
    model.map(|model| model.to_string()).ok_or_else(|| invalid(key::AGENT_MODEL, value, &allowed()))
}

/// A program and its arguments. There is no shell to split a line, so a line is refused.
fn command(value: &Value) -> Result<Vec<String>, SettingsError> {
    let words: Option<Vec<String>> = value.as_array().and_then(|words| {
        let word = |word: &Value| word.as_str().filter(|word| !word.contains('\0')).map(str::to_owned);
        words.iter().map(word).collect()
    });
    let is_command = |words: &Vec<String>| words.first().is_none_or(|program| !program.is_empty());
    words.filter(is_command).ok_or_else(|| {
        let allowed =
            "it must be a list of a program and its arguments, like [\"my-agent\", \"--quiet\"]; there is no shell";
        invalid(key::AGENT_COMMAND, value, allowed)
    })
}

fn folder(value: &Value) -> Result<String, SettingsError> {
    let folder = value.as_str().filter(|folder| Path::new(folder).is_absolute() && !folder.contains('\0'));
    folder.map(str::to_owned).ok_or_else(|| invalid(key::AGENT_WORKING_FOLDER, value, "it must be an absolute path"))
}

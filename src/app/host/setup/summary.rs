//! What a setup writes, as it is shown.

use std::fmt;

use super::agent::in_words;
use super::answers::Answers;
use crate::domain::agent::Agent;
use crate::domain::setting_text::NONE;
use crate::domain::settings::{Settings, key};
use crate::ports::settings_store::Override;

/// One value that is written, in the words of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key, with its path.
    pub key: &'static str,
    /// The value until now; `None` when nothing was configured.
    pub old: Option<String>,
    /// The value from now on.
    pub new: String,
    /// The variable that makes it ineffective.
    pub overridden_by: Option<String>,
}

/// What a setup writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The values: all of them the first time, then those that differ.
    pub changes: Vec<Change>,
    /// What the operator must know about the exposure mode.
    pub warning: Option<&'static str>,
}

impl Summary {
    /// The way from `old`, which is `None` when nothing is stored, to `new`.
    pub(super) fn new(old: Option<&Settings>, new: &Settings, answers: &Answers, overrides: &[Override]) -> Self {
        // A default that nobody chose is not missed.
        let default = Settings::default();
        let unchosen = values(old.unwrap_or(&default));
        let changes = values(new).into_iter().zip(unchosen).filter_map(|((key, new), (_, before))| {
            // Most hosts have no agent at first, and need no word about each of its values.
            if old.is_none() && new == before && key.starts_with("Agent.") {
                return None;
            }
            let is_chosen = new != before || old.is_none() && answers.keys().any(|answered| answered == key);
            let found = overrides.iter().find(|found| found.key == key && is_chosen);
            let overridden_by = found.map(|found| found.variable.clone());
            match old {
                Some(_) if new == before => None,
                Some(_) => Some(Change { key, old: Some(before), new, overridden_by }),
                None => Some(Change { key, old: None, new, overridden_by }),
            }
        });
        Self { changes: changes.collect(), warning: new.mode.profile().reach.warning() }
    }

    /// Whether there is nothing to write.
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Change {
    /// The warning that the environment has another value.
    pub fn override_warning(&self) -> Option<String> {
        let variable = self.overridden_by.as_ref()?;
        Some(format!("{}: {variable} in the environment overrides this", self.key))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.old {
            Some(old) => write!(f, "{}: {old} → {}", self.key, self.new),
            None => write!(f, "{}: {}", self.key, self.new),
        }
    }
}

fn values(settings: &Settings) -> [(&'static str, String); 13] {
    let proxies: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    let proxies = if proxies.is_empty() { NONE.to_owned() } else { proxies.join(", ") };
    let agent = &settings.agent;
    let or_none = |value: Option<String>| value.unwrap_or_else(|| NONE.to_owned());
    let command = agent
        .command
        .split_first()
        .map(|(program, arguments)| Agent::Command { program: program.clone(), arguments: arguments.to_vec() });
    [
        (key::MODE, settings.mode.to_string()),
        (key::HOST, settings.host.to_string()),
        (key::PORT, settings.port.to_string()),
        (key::TRUSTED_PROXIES, proxies),
        (key::EXTERNAL_URL, settings.external_url.as_ref().map_or(NONE.to_owned(), ToString::to_string)),
        (key::ALLOW_PLAINTEXT, settings.allow_plaintext.to_string()),
        (key::LOG_PAIRING_CODE, settings.log_pairing_code.to_string()),
        (key::SKIP_TUNNEL_PROCESS_CHECK, settings.skip_tunnel_process_check.to_string()),
        (key::AGENT_KIND, or_none(agent.kind.map(|kind| kind.name().to_owned()))),
        (key::AGENT_BASE_URL, or_none(agent.base_url.as_ref().map(ToString::to_string))),
        (key::AGENT_COMMAND, in_words(command.as_ref())),
        (key::AGENT_MODEL, or_none(agent.model.clone())),
        (key::AGENT_API_KEY_VARIABLE, or_none(agent.api_key_variable.clone())),
    ]
}

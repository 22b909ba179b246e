//! What the wizard says.

use super::agent;
use super::steps::{Field, Steps};
use crate::domain::exposure::ExposureMode;
use crate::domain::setting_text::NONE;
use crate::ports::wizard::{Blank, Choice, ChoiceOption};

/// Shown before the first question.
pub(super) const INTRODUCTION: &str =
    "Esc goes back one question. Ctrl-C ends the setup; until then nothing is written.";

/// The question of [`Step::Service`](super::steps::Step::Service).
pub(super) const SERVICE: &str = "Start the daemon whenever this machine starts?";

/// The question of [`Step::Mode`](super::steps::Step::Mode), whose answers are in the order of [`ExposureMode::ALL`].
pub(super) fn mode(steps: &Steps) -> Choice {
    let current = steps.settings().mode;
    let option =
        |mode: &ExposureMode| ChoiceOption { name: mode.name().to_owned(), summary: mode.profile().summary.to_owned() };
    Choice {
        question: "How do clients reach the daemon?".to_owned(),
        options: ExposureMode::ALL.iter().map(option).collect(),
        default: ExposureMode::ALL.iter().position(|mode| *mode == current).unwrap_or(0),
    }
}

/// The question for a field.
pub(super) fn field(steps: &Steps, field: Field) -> Blank {
    let settings = steps.settings();
    let profile = settings.mode.profile();
    let blank = |question: &str, help: String, default: String| Blank {
        question: question.to_owned(),
        help,
        default,
        offers: Vec::new(),
    };
    match field {
        Field::Host => {
            let help = profile.binds.in_words().to_owned();
            let offers = profile.binds.usual().map(|address| address.to_string()).to_vec();
            Blank { offers, ..blank("Which address does it listen on?", help, settings.host.to_string()) }
        }
        Field::Port => blank("On which port?", "a number from 1 to 65535".to_owned(), settings.port.to_string()),
        Field::TrustedProxies => {
            let proxies: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
            let help = "addresses or networks, separated by commas; what they say about a client's address is believed";
            blank("Where are the proxies?", help.to_owned(), proxies.join(", "))
        }
        Field::ExternalUrl => {
            let current = settings.external_url.map(|url| url.to_string());
            let away = if current.is_some() { format!("; \"{NONE}\" takes it away") } else { String::new() };
            let help = format!("{}{away}", profile.url.in_words());
            blank("Which URL do clients use?", help, current.unwrap_or_default())
        }
        Field::Agent => {
            // What cannot be used is not proposed.
            let current = settings.agent.agent().ok().flatten();
            let help = "the URL of an OpenAI API like http://127.0.0.1:11434/v1, or a program and its arguments";
            blank("Which agent do devices chat with?", help.to_owned(), agent::in_words(current.as_ref()))
        }
    }
}

/// The question of [`Step::Confirm`](super::steps::Step::Confirm).
pub(super) const fn confirm(is_first: bool, restarts: bool) -> &'static str {
    match (is_first, restarts) {
        (true, false) => "Write this configuration?",
        (true, true) => "Write this configuration and restart the daemon?",
        (false, false) => "Change the configuration?",
        (false, true) => "Change the configuration and restart the daemon?",
    }
}

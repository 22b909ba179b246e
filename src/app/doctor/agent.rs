//! The agent: whether devices could chat with it.

use super::{Doctor, Scene, counted};
use crate::domain::agent::AgentKind;
use crate::domain::diagnosis::{Check, Finding};
use crate::domain::settings::Settings;
use crate::ports::agent::ChatAgent;

/// Models that are named at most, where one is missing.
const NAMED_MODELS: usize = 5;

pub(super) async fn judge(doctor: &Doctor<'_>, scene: &Scene) -> Finding {
    let check = Check::Agent;
    let Some(settings) = scene.settings() else { return check.skip("the configuration cannot be used") };
    match (doctor.agent)(settings) {
        Ok(Some(agent)) if agent.kind() == AgentKind::OpenAi => server(agent.as_ref(), settings).await,
        Ok(Some(agent)) => program(agent.as_ref(), settings).await,
        Ok(None) => {
            check.skip("devices have nobody to chat with: netclaw init --agent-url URL, or --agent-command PROGRAM")
        }
        Err(why) => {
            check.fail(why, "netclaw daemon agent-key stores a key, and Agent.ApiKeyVariable names a variable with one")
        }
    }
}

async fn server(agent: &dyn ChatAgent, settings: &Settings) -> Finding {
    let check = Check::Agent;
    let place = settings.agent.base_url.as_ref().map(ToString::to_string).unwrap_or_default();
    let models = match agent.models().await {
        Ok(models) => models,
        Err(error) => {
            let fix = "start the agent's server, or correct it with: netclaw init --agent-url URL";
            return check.fail(error.to_string(), fix);
        }
    };
    let list = || models.iter().take(NAMED_MODELS).map(|model| model.as_str()).collect::<Vec<_>>().join(", ");
    match agent.model() {
        Some(model) if !models.contains(model) => {
            let message = format!("the agent at {place} does not list the model {model}; it has {}", list());
            check.warn(message, "netclaw init --agent-model NAME, or get the model")
        }
        None if models.is_empty() => {
            let message = format!("the agent at {place} lists no model");
            check.fail(message, "get a model for it, or name one with: netclaw init --agent-model NAME")
        }
        Some(model) => check.pass(format!("the agent at {place} has the model {model}")),
        None => {
            let first = models.first().map(ToString::to_string).unwrap_or_default();
            check.pass(format!("the agent at {place} has {}; chats use {first}", counted(models.len(), "model")))
        }
    }
}

async fn program(agent: &dyn ChatAgent, settings: &Settings) -> Finding {
    let program = settings.agent.command.first().map(String::as_str).unwrap_or_default();
    match agent.check().await {
        Ok(()) => Check::Agent.pass(format!("the program {program} can be run")),
        Err(error) => Check::Agent.fail(
            error.to_string(),
            "install it for the daemon's user, or correct it with: netclaw init --agent-command PROGRAM",
        ),
    }
}

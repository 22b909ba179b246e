//! `netclaw daemon agent-key`

use zeroize::Zeroizing;

use crate::adapters::terminal::cli::host::AgentKeyArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, of_credentials, of_prompt};
use crate::domain::provider_key::ProviderKey;
use crate::ports::agent_key_store::AgentKeyStore;
use crate::ports::daemon_process::DaemonProcess;
use crate::ports::prompter::PromptError;

/// The key of the agent's provider, and who is asked for it.
#[derive(Clone, Copy)]
pub struct AgentKeyPorts<'a> {
    /// Where it is kept.
    pub store: &'a dyn AgentKeyStore,
    /// Asks for it, and shows nothing of what is typed.
    pub ask: &'a (dyn Fn() -> Result<Zeroizing<String>, PromptError> + Sync),
}

pub(super) fn run(
    args: &AgentKeyArgs,
    ports: AgentKeyPorts<'_>,
    process: &dyn DaemonProcess,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let AgentKeyPorts { store, ask } = ports;
    if args.remove {
        store.set_agent_key(None).map_err(of_credentials)?;
        console.result("The agent's key is removed.")?;
    } else {
        let typed = ask().map_err(of_prompt)?;
        let key = ProviderKey::parse(&typed).ok_or_else(no_key)?;
        store.set_agent_key(Some(&key)).map_err(of_credentials)?;
        console.result("The agent's key is stored.")?;
    }
    if process.running().is_some() {
        console.hint("the daemon uses it from its next start on: netclaw daemon restart");
    }
    Ok(())
}

fn no_key() -> Failure {
    Failure::new(Exit::Failed, "that is no key: it has visible characters of ASCII only, and no spaces")
        .hint("paste the key as the provider shows it, or pass it in a file: netclaw daemon agent-key < key.txt")
}

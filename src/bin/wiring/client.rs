//! The commands of a device.

use std::io::IsTerminal;

use netclaw::adapters::client::{HttpDaemonApi, Patience};
use netclaw::adapters::file::chat_history::FileChatHistory;
use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::file::settings_file::SettingsFile;
use netclaw::adapters::system::clock::SystemClock;
use netclaw::adapters::system::interrupts::SystemInterrupts;
use netclaw::adapters::system::rng::SystemRng;
use netclaw::adapters::terminal::ENDPOINT_VARIABLE;
use netclaw::adapters::terminal::cli::ClientCommand;
use netclaw::adapters::terminal::cli::chat::ChatCommand;
use netclaw::adapters::terminal::commands::chat::ChatPorts;
use netclaw::adapters::terminal::commands::{self, ClientPorts, run_client};
use netclaw::adapters::terminal::consent::TerminalConsent;
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::Failure;
use netclaw::adapters::terminal::prompter;
use netclaw::ports::prompter::Prompter;

use super::{block_on, shared};

/// Runs a command with the real adapters.
pub fn run(command: ClientCommand, console: &mut Console<'_>) -> Result<(), Failure> {
    let parts = Parts::of(shared::home()?);
    block_on(run_client(command, parts.ports(&mut prompter::of_process()), console))
}

/// Runs a command that talks to the agent, with the real adapters.
pub fn run_chat(command: ChatCommand, console: &mut Console<'_>) -> Result<(), Failure> {
    let home = shared::home()?;
    let history = Box::new(FileChatHistory::new(home.chat_history_file()));
    let parts = Parts::of(home);
    let (mut stdin, stdout) = (std::io::stdin(), std::io::stdout());
    let (input_is_terminal, output_is_terminal) = (stdin.is_terminal(), stdout.is_terminal());
    let mut prompter = prompter::of_process();
    let ports = ChatPorts {
        client: parts.ports(&mut prompter),
        chat: &parts.api,
        interrupts: &mut SystemInterrupts::default(),
        history,
        consent: &TerminalConsent,
        input: &mut stdin,
        input_is_terminal,
        output: Box::new(stdout),
        output_is_terminal,
    };
    block_on(commands::chat::run_chat(command, ports, console))
}

/// The adapters behind the ports of a device's commands.
struct Parts {
    api: HttpDaemonApi,
    credentials: FileCredentialStore,
    settings: SettingsFile,
    rng: SystemRng,
}

impl Parts {
    fn of(home: Home) -> Self {
        Self {
            api: HttpDaemonApi::new(Patience::default()),
            settings: shared::settings(&home),
            credentials: FileCredentialStore::new(home),
            rng: SystemRng::default(),
        }
    }

    fn ports<'a>(&'a self, prompter: &'a mut dyn Prompter) -> ClientPorts<'a> {
        ClientPorts {
            api: &self.api,
            credentials: &self.credentials,
            settings: &self.settings,
            prompter,
            clock: &SystemClock,
            rng: &self.rng,
            environment_endpoint: environment_endpoint(),
            host_name: shared::host_name(),
        }
    }
}

/// The endpoint that this process's environment names.
pub fn environment_endpoint() -> Option<String> {
    std::env::var_os(ENDPOINT_VARIABLE).map(|value| value.to_string_lossy().into_owned())
}

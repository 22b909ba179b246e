//! The commands of the host.

use std::path::PathBuf;

use netclaw::adapters::client::{HttpDaemonApi, Patience};
use netclaw::adapters::control::SocketControlChannel;
use netclaw::adapters::exec::systemd::{Places, Systemd};
use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::file::folders;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::platform;
use netclaw::adapters::system::daemon_process::BackgroundDaemon;
use netclaw::adapters::terminal::cli::host::{DaemonCommand, HostCommand};
use netclaw::adapters::terminal::commands::host::{
    AgentKeyPorts, HostPorts, ServicePorts, run_init, run_operate, run_up,
};
use netclaw::adapters::terminal::consent::TerminalConsent;
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::{Exit, Failure};
use netclaw::adapters::terminal::secret;
use netclaw::adapters::terminal::wizard::TerminalWizard;

use super::daemon::{self, Ground};
use super::{block_on, shared};

/// Runs a command with the real adapters.
pub fn run(command: HostCommand, console: &mut Console<'_>) -> Result<(), Failure> {
    match command {
        HostCommand::Daemon { command: DaemonCommand::Run(args) } => {
            let ground = if args.background { Ground::Background } else { Ground::Foreground };
            daemon::run(ground, args.recovery.recover)
        }
        HostCommand::Daemon { command: DaemonCommand::Operate(command) } => {
            let home = shared::home_that(folders::check_operated)?;
            with_ports(&home, async |ports| run_operate(command, ports, console).await)
        }
        HostCommand::Init(args) => with_ports(&shared::home()?, async |ports| run_init(*args, ports, console).await),
        HostCommand::Up(args) => with_ports(&shared::home()?, async |ports| run_up(*args, ports, console).await),
    }
}

fn with_ports(home: &Home, command: impl AsyncFnOnce(HostPorts<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
    let log_file = home.log_file();
    let program = program()?;
    let places = Places::usual(std::env::var_os("XDG_CONFIG_HOME"), std::env::home_dir());
    let systemd = Systemd::new(places, program, home.root().to_owned(), platform::user_id());
    let variables: Vec<String> = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    let ports = HostPorts {
        api: &HttpDaemonApi::new(Patience::BRIEF),
        control: &SocketControlChannel::new(daemon::doors::control_socket(home)?, folders::operated_user(home)),
        process: &process(home)?,
        service: ServicePorts { manager: &systemd, home: home.root(), variables: &variables },
        settings: &shared::settings(home),
        consent: &TerminalConsent,
        wizard: &mut TerminalWizard,
        agent_key: AgentKeyPorts {
            store: &FileCredentialStore::new(home.clone()),
            ask: &|| secret::ask("Key of the agent's provider:"),
        },
        log_file: &log_file,
    };
    block_on(command(ports))
}

/// The daemon of this home as a process.
pub fn process(home: &Home) -> Result<BackgroundDaemon, Failure> {
    Ok(BackgroundDaemon::new(program()?, home.root().to_owned(), home.lock_file(), home.log_file()))
}

/// This very program, to be run again.
fn program() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe();
    program.map_err(|error| Failure::new(Exit::Failed, format!("this program cannot be found: {error}")))
}

//! The commands of the host.

use netclaw::adapters::client::{HttpDaemonApi, Patience};
use netclaw::adapters::control::SocketControlChannel;
use netclaw::adapters::file::folders;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::system::daemon_process::BackgroundDaemon;
use netclaw::adapters::terminal::cli::host::{DaemonCommand, HostCommand};
use netclaw::adapters::terminal::commands::host::{HostPorts, run_init, run_operate, run_up};
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::{Exit, Failure};
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
        HostCommand::Init(args) => with_ports(&shared::home()?, async |ports| run_init(args, ports, console).await),
        HostCommand::Up(args) => with_ports(&shared::home()?, async |ports| run_up(args, ports, console).await),
    }
}

fn with_ports(home: &Home, command: impl AsyncFnOnce(HostPorts<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
    let log_file = home.log_file();
    let ports = HostPorts {
        api: &HttpDaemonApi::new(Patience::BRIEF),
        control: &SocketControlChannel::new(daemon::control_socket(home)?, folders::operated_user(home)),
        process: &process(home)?,
        settings: &shared::settings(home),
        wizard: &mut TerminalWizard,
        log_file: &log_file,
    };
    block_on(command(ports))
}

/// The daemon of this home as a process.
pub fn process(home: &Home) -> Result<BackgroundDaemon, Failure> {
    let program = std::env::current_exe();
    let program =
        program.map_err(|error| Failure::new(Exit::Failed, format!("this program cannot be found: {error}")))?;
    Ok(BackgroundDaemon::new(program, home.root().to_owned(), home.lock_file(), home.log_file()))
}

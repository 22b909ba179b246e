//! The client and the host command.

mod wiring;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use netclaw::adapters::file::settings_file;
use netclaw::adapters::terminal::cli::{Cli, Command, ConfigCommand};
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::{Exit, Failure};

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => {
            // Help that nobody reads to its end is no error.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage as u8));
        }
    };
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let err_is_terminal = err.is_terminal();
    let mut console = Console { out: &mut out, err: &mut err, err_is_terminal };
    match run(command, &mut console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = failure.print(console.err);
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(command: Command, console: &mut Console<'_>) -> Result<(), Failure> {
    match command {
        #[cfg(unix)]
        Command::Host(command) => wiring::host::run(command, console),
        Command::Client(command) => wiring::client::run(command, console),
        Command::Chat(command) => wiring::client::run_chat(command, console),
        #[cfg(unix)]
        Command::Forward(args) => wiring::forward::run(&args, console),
        #[cfg(unix)]
        Command::Doctor(args) => wiring::doctor::run(args, console),
        Command::Config { command: ConfigCommand::Schema } => {
            console.result(format_args!("{:#}", settings_file::schema().as_value()))
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "netclaw", &mut script);
            console.result(String::from_utf8_lossy(&script).trim_end())
        }
    }
}

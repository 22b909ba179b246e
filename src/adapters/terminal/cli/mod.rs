//! What can be typed.

pub mod chat;
#[cfg(unix)]
pub mod doctor;
#[cfg(unix)]
pub mod forward;
#[cfg(unix)]
pub mod host;
mod place;
mod span;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub use self::place::TypedPlace;

const EXAMPLES: &str = "\
Examples:
  On the host, start the daemon and show a pairing code:
    netclaw up

  On the other machine, type the code:
    netclaw pair http://my-server:5199

  From there on:
    netclaw status
    netclaw chat";

/// Pair your devices with an agent daemon.
#[derive(Debug, Parser)]
#[command(name = "netclaw", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The first word.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What runs on the host only.
    #[cfg(unix)]
    #[command(flatten)]
    Host(host::HostCommand),
    /// What runs on any device.
    #[command(flatten)]
    Client(ClientCommand),
    /// Talking to the agent.
    #[command(flatten)]
    Chat(chat::ChatCommand),
    /// Give tools and browsers of this machine a port that leads to the daemon
    #[cfg(unix)]
    Forward(forward::ForwardArgs),
    /// Find out what is wrong, and mend what is safe to mend
    #[cfg(unix)]
    Doctor(doctor::DoctorArgs),
    /// Things about the configuration file
    Config {
        /// What to print
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print the completions of a shell
    #[command(after_help = "Example:\n  netclaw completions bash > ~/.local/share/bash-completion/completions/netclaw")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// `netclaw config`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the JSON Schema of config/netclaw.json
    #[command(after_help = "Example:\n  netclaw config schema > netclaw.schema.json")]
    Schema,
}

/// The commands of a device.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Pair this device with a daemon
    Pair(PairArgs),
    /// Revoke this device at its daemon and forget the credential
    Unpair(UnpairArgs),
    /// Replace this device's credential: the old one is refused from then on
    Rotate(RotateArgs),
    /// Show the daemon's status, asked with this device's credential
    Status(StatusArgs),
    /// List the daemons that this device is paired with
    Daemons(DaemonsArgs),
    /// Make another daemon the one that commands talk to
    Use(UseArgs),
}

const PAIR_EXAMPLES: &str = "\
Examples:
  netclaw pair http://my-server:5199
  echo ABCD-EF23 | netclaw pair http://my-server:5199 --name ci-runner --json
  netclaw pair                                  # asks for a link, to be pasted
  ssh my-server netclaw daemon pair --link --json | jq -r .link | netclaw pair

Codes and links come from `netclaw daemon pair` on the host. They are asked
for, or read from the first line of stdin: on the command line other users of
this machine could see them.";

/// `netclaw pair`.
#[derive(Debug, Args)]
#[command(after_help = PAIR_EXAMPLES)]
pub struct PairArgs {
    /// The daemon, as `netclaw daemon pair` shows it: http://my-server:5199. Without it, or with `-`, a link or an address is
    /// asked for
    pub endpoint: Option<TypedPlace>,
    /// What to call this device; asked for when it is not given
    #[arg(long)]
    pub name: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `netclaw unpair`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  netclaw unpair\n  netclaw unpair --forget    # when the daemon is gone for good")]
pub struct UnpairArgs {
    /// Which daemon
    #[command(flatten)]
    pub target: TargetArgs,
    /// Only forget the credential here, without revoking it at the daemon
    #[arg(long)]
    pub forget: bool,
}

const ROTATE_EXAMPLES: &str = "\
Examples:
  netclaw rotate
  netclaw rotate --json

A credential that ends keeps its end; for a later one, pair again. A rotation
that was interrupted is finished by the next command.";

/// `netclaw rotate`.
#[derive(Debug, Args)]
#[command(after_help = ROTATE_EXAMPLES)]
pub struct RotateArgs {
    /// Which daemon
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `netclaw status`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  netclaw status\n  NETCLAW_DAEMON_ENDPOINT=http://my-server:5199 netclaw status --json"
)]
pub struct StatusArgs {
    /// Which daemon
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Which daemon a command is for.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// The daemon's name, or the beginning of its id, as `netclaw daemons` shows them; goes before NETCLAW_DAEMON_ENDPOINT
    #[arg(long, value_name = "NAME")]
    pub daemon: Option<String>,
}

/// `netclaw daemons`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  netclaw daemons\n  netclaw status --daemon my-server")]
pub struct DaemonsArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `netclaw use`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  netclaw use my-server")]
pub struct UseArgs {
    /// The daemon's name, or the beginning of its id
    pub name: String,
}

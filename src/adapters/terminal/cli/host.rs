//! The commands of the host.

mod pair;
mod setup;

use clap::{Args, Subcommand};

pub use self::pair::OpenPairingArgs;
pub use self::setup::{NamedAgent, NamedUrl, SetupArgs};
use crate::domain::client_address::LimitKey;
use crate::ports::daemon_process::HostCredential;

/// The commands of the host.
#[derive(Debug, Subcommand)]
pub enum HostCommand {
    /// Set up this host, start the daemon and show a pairing code
    Up(Box<UpArgs>),
    /// Set up this host step by step
    Init(Box<InitArgs>),
    /// Run and operate the daemon of this host
    Daemon {
        /// What to do with it.
        #[command(subcommand)]
        command: DaemonCommand,
    },
}

/// `netclaw up`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  netclaw up\n  netclaw up --port 6000 --yes")]
pub struct UpArgs {
    /// What is not as configured, or as usual.
    #[command(flatten)]
    pub setup: SetupArgs,
}

const INIT_EXAMPLES: &str = "\
Examples:
  Answer the questions:
    netclaw init

  Answer them with flags:
    netclaw init --exposure reverse-proxy --trusted-proxy 10.0.0.2 \\
      --external-url https://claw.example --yes

  Name the agent that devices chat with:
    netclaw init --agent-url http://127.0.0.1:11434/v1 --agent-model llama3.2
    netclaw init --agent-command 'my-agent --quiet'";

/// `netclaw init`.
#[derive(Debug, Args)]
#[command(after_help = INIT_EXAMPLES)]
pub struct InitArgs {
    /// The questions that need not be asked.
    #[command(flatten)]
    pub setup: SetupArgs,
}

/// `netclaw daemon`.
#[derive(Debug, Subcommand)]
pub enum DaemonCommand {
    /// Run the daemon in the foreground
    Run(RunArgs),
    /// Everything that is asked of a running daemon.
    #[command(flatten)]
    Operate(OperateCommand),
}

/// `netclaw daemon run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Log to the home's log file instead of stderr; `netclaw daemon start` uses this.
    #[arg(long, hide = true)]
    pub background: bool,
    /// What the start is allowed to mend.
    #[command(flatten)]
    pub recovery: RecoverArgs,
}

/// What a start is allowed to mend.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct RecoverArgs {
    /// Give this host a new credential of its own first, in place of a lost one
    #[arg(long)]
    pub recover: bool,
}

impl RecoverArgs {
    /// What the start does about the host's own credential.
    pub const fn credential(self) -> HostCredential {
        if self.recover { HostCredential::Renewed } else { HostCredential::AsFound }
    }
}

/// What an operator does.
#[derive(Debug, Subcommand)]
pub enum OperateCommand {
    /// Start the daemon in the background; returns when it is ready
    Start(RecoverArgs),
    /// Stop the daemon; returns when it is gone
    Stop,
    /// Stop the daemon if it runs, then start it
    Restart,
    /// Show the state of the daemon
    #[command(after_help = "Examples:\n  netclaw daemon status\n  netclaw daemon status --json | jq .pid")]
    Status(JsonArgs),
    /// Make a new pairing code
    Pair(OpenPairingArgs),
    /// List, revoke and rename the paired devices
    Devices(DevicesArgs),
    /// List and lift the blocks of addresses that sent wrong codes
    Lockouts(LockoutsArgs),
    /// Show and change the key that clients know the daemon's TLS by
    Keys(KeysArgs),
    /// Print what the daemon has counted, as text for Prometheus
    #[command(
        after_help = "Examples:\n  netclaw daemon metrics\n  netclaw daemon metrics > /var/lib/prometheus/node-exporter/netclaw.prom.new"
    )]
    Metrics,
    /// Store the key that the agent's provider knows this host by
    AgentKey(AgentKeyArgs),
    /// Print the log of a daemon in the background
    Logs(LogsArgs),
    /// Have systemd run the daemon, now and at every boot or login
    Install(InstallArgs),
    /// Stop the daemon and remove its service; the home stays
    Uninstall(UninstallArgs),
}

/// Commands that only report.
#[derive(Debug, Args)]
pub struct JsonArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `netclaw daemon devices`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  netclaw daemon devices\n  netclaw daemon devices revoke my-laptop\n  netclaw daemon devices rename my-laptop old-laptop"
)]
pub struct DevicesArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// What to change; nothing lists them.
    #[command(subcommand)]
    pub command: Option<DevicesCommand>,
}

/// What can be changed about devices.
#[derive(Debug, Subcommand)]
pub enum DevicesCommand {
    /// Revoke a device: its credential is refused from the next request on
    Revoke {
        /// Its name
        name: String,
    },
    /// Give a device another name
    Rename {
        /// Its name until now
        old: String,
        /// Its new name
        new: String,
    },
}

/// `netclaw daemon lockouts`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  netclaw daemon lockouts\n  netclaw daemon lockouts clear 192.0.2.7"
)]
pub struct LockoutsArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// What to change; nothing lists them.
    #[command(subcommand)]
    pub command: Option<LockoutsCommand>,
}

/// What can be changed about blocks.
#[derive(Debug, Subcommand)]
pub enum LockoutsCommand {
    /// Lift the block of one address, or all blocks
    Clear {
        /// The address; all when it is left out
        #[arg(value_parser = address)]
        address: Option<LimitKey>,
    },
}

/// `netclaw daemon keys`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  netclaw daemon keys\n  netclaw daemon keys --json | jq -r .current.pin\n  netclaw daemon keys rotate             # announce the next key\n  netclaw daemon keys rotate             # a week later: switch to it\n  netclaw daemon keys rotate --switch    # at once"
)]
pub struct KeysArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// What to change; nothing shows them.
    #[command(subcommand)]
    pub command: Option<KeysCommand>,
}

/// What can be changed about keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Announce a next key to the devices; when it has been announced for a week, switch to it
    Rotate {
        /// Switch to the announced key now, however long it has been announced
        #[arg(long)]
        switch: bool,
    },
}

/// `netclaw daemon agent-key`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  netclaw daemon agent-key                 # asks for the key\n  netclaw daemon agent-key < key.txt\n  netclaw daemon agent-key --remove"
)]
pub struct AgentKeyArgs {
    /// Forget the key
    #[arg(long)]
    pub remove: bool,
}

/// `netclaw daemon logs`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  netclaw daemon logs\n  netclaw daemon logs -f | grep pairing")]
pub struct LogsArgs {
    /// Stay and print what is added
    #[arg(short, long)]
    pub follow: bool,
}

/// For whom a service is.
#[derive(Debug, Args)]
pub struct ScopeArgs {
    /// A service of the machine; root's usual choice
    #[arg(long, conflicts_with = "user")]
    pub system: bool,
    /// A service of this user; the usual choice of everyone but root
    #[arg(long)]
    pub user: bool,
}

/// `netclaw daemon install`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  netclaw daemon install\n  netclaw daemon install --dry-run\n  sudo env NETCLAW_HOME=/var/lib/netclaw netclaw daemon install --run-as netclaw"
)]
pub struct InstallArgs {
    /// For whom it is.
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// The user that a service of the machine runs as; the owner of the home when it is left out
    #[arg(long, value_name = "USER", conflicts_with = "user")]
    pub run_as: Option<String>,
    /// Print the unit and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `netclaw daemon uninstall`.
#[derive(Debug, Args)]
pub struct UninstallArgs {
    /// For whom it is.
    #[command(flatten)]
    pub scope: ScopeArgs,
}

fn address(text: &str) -> Result<LimitKey, String> {
    text.parse().map_err(|_| "it is not an IP address".to_owned())
}

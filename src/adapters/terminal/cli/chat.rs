//! What can be typed after `netclaw chat` and `netclaw sessions`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::TargetArgs;
use super::span::span;
use crate::app::client::chat::clearing::Clearing;
use crate::domain::chat::model::ModelName;

/// The commands that talk to the agent.
#[derive(Debug, Subcommand)]
pub enum ChatCommand {
    /// Talk to the agent: a chat on a terminal, or one question of a script
    Chat(ChatArgs),
    /// List, show, rename and delete chat sessions
    Sessions(SessionsArgs),
}

const CHAT_EXAMPLES: &str = "\
Examples:
  netclaw chat
  netclaw chat --resume plans
  netclaw chat -p \"What is the capital of France?\"
  git diff | netclaw chat -p - --resume review
  netclaw chat -p \"A word for blue\" --json | jq -r .response

Other users of this machine can see the arguments of a command; what is private
goes on stdin. In the chat, /help lists the commands.

Exit codes: 0 answered, 1 failed or cut off, 2 wrong usage, 3 the daemon refused
the credential, 4 it cannot be reached, 5 too many requests, 130 after Ctrl-C,
143 after SIGTERM.";

/// `netclaw chat`.
#[derive(Debug, Args)]
#[command(after_help = CHAT_EXAMPLES)]
pub struct ChatArgs {
    /// Which daemon
    #[command(flatten)]
    pub target: TargetArgs,
    /// Ask this, print the answer and end; `-` reads the message from stdin, as a piped stdin does without it
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true)]
    pub prompt: Option<String>,
    /// Go on with this session; one that is named is begun if there is none
    #[arg(long, value_name = "ID|NAME")]
    pub resume: Option<String>,
    /// The model that answers, if not the session's
    #[arg(long, value_name = "NAME", value_parser = ModelName::parse)]
    pub model: Option<ModelName>,
    /// Print one JSON document when the answer is whole: sessionId, response, usage, ttftMs, totalMs, and finishReason where
    /// the agent had more to say
    #[arg(long)]
    pub json: bool,
}

const SESSIONS_EXAMPLES: &str = "\
Examples:
  netclaw sessions
  netclaw sessions show plans
  netclaw sessions show plans --json | jq -r .messages[-1].content
  netclaw sessions rename plans \"old plans\"
  netclaw sessions delete \"old plans\" jsye4sekdp26namc
  netclaw sessions delete --unnamed --older-than 30d";

/// `netclaw sessions`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = SESSIONS_EXAMPLES)]
pub struct SessionsArgs {
    /// How they are listed.
    #[command(flatten)]
    pub list: ListSessionsArgs,
    /// What to do; nothing lists them.
    #[command(subcommand)]
    pub command: Option<SessionsCommand>,
}

/// What is done with sessions.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// List the sessions, the latest activity first
    List(ListSessionsArgs),
    /// Show what was said in a session
    Show(ShowSessionArgs),
    /// Give a session another name
    Rename(RenameSessionArgs),
    /// Delete sessions and what was said in them, for good
    Delete(DeleteSessionArgs),
}

/// `netclaw sessions list`.
#[derive(Debug, Args)]
pub struct ListSessionsArgs {
    /// Which daemon
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `netclaw sessions show`.
#[derive(Debug, Args)]
pub struct ShowSessionArgs {
    /// Its id or name
    #[arg(value_name = "ID|NAME")]
    pub key: String,
    /// How it is shown.
    #[command(flatten)]
    pub list: ListSessionsArgs,
}

/// `netclaw sessions rename`.
#[derive(Debug, Args)]
pub struct RenameSessionArgs {
    /// Its id or name
    #[arg(value_name = "ID|NAME")]
    pub key: String,
    /// Its new name
    pub new: String,
    /// Which daemon
    #[command(flatten)]
    pub target: TargetArgs,
}

const DELETE_EXAMPLES: &str = "\
Examples:
  netclaw sessions delete \"old plans\" jsye4sekdp26namc
  netclaw sessions delete --unnamed --older-than 30d
  netclaw sessions delete --unnamed --older-than 1d --yes    # for a cron job

Without ids or names, the sessions are shown, and a yes is asked for.";

/// `netclaw sessions delete`.
#[derive(Debug, Args)]
#[command(after_help = DELETE_EXAMPLES)]
pub struct DeleteSessionArgs {
    /// Their ids or names
    #[arg(value_name = "ID|NAME", required_unless_present_any = ["older_than", "unnamed"])]
    pub keys: Vec<String>,
    /// Those in which nothing was said for this long: 12h, 30d, 2w
    #[arg(long, value_name = "SPAN", value_parser = age, conflicts_with = "keys")]
    pub older_than: Option<Duration>,
    /// Those without a name, as scripts leave them
    #[arg(long, conflicts_with = "keys")]
    pub unnamed: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Which daemon
    #[command(flatten)]
    pub target: TargetArgs,
}

impl DeleteSessionArgs {
    /// Which sessions are to go, if they are not named.
    pub const fn clearing(&self) -> Clearing {
        Clearing { older_than: self.older_than, unnamed: self.unnamed }
    }
}

/// An age of nothing is a slip: every session is as old.
fn age(text: &str) -> Result<Duration, &'static str> {
    Some(span(text)?).filter(|age| !age.is_zero()).ok_or("it must be longer than nothing")
}

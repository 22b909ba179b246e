//! What can be typed after `netclaw forward`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::Args;

use super::TargetArgs;
use crate::adapters::platform;

const EXAMPLES: &str = "\
Examples:
  netclaw forward                         # paste the two lines into another shell
  netclaw forward --port 8080 --daemon my-server
  netclaw forward -- python agent.py      # with the variables set, for as long as it runs
  netclaw forward --socket ~/.netclaw/run/forward.sock
  curl --unix-socket ~/.netclaw/run/forward.sock http://localhost/v1/models

Tools show the key as their API key. In a browser it is the password, with any
user name. Another user of this machine who does not have it is refused, and so
is a web page of any other site.";

/// `netclaw forward`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ForwardArgs {
    /// Which daemon
    #[command(flatten)]
    pub target: TargetArgs,
    /// The port of 127.0.0.1 to listen on; a free one without it
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Listen on a Unix socket instead, which only you can open and which needs no key
    #[arg(long, value_name = "PATH", conflicts_with_all = ["port", "command"])]
    pub socket: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long, conflicts_with = "command")]
    pub json: bool,
    /// Run this with OPENAI_BASE_URL and OPENAI_API_KEY set, and end with it and its exit code
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

impl ForwardArgs {
    /// The same command with `place` instead of its port or socket, as a shell reads it.
    pub fn elsewhere(&self, place: Option<&str>) -> String {
        let quoted = |word: &OsStr| platform::quoted(Path::new(word));
        let mut line = "netclaw forward".to_owned();
        let mut add = |word: &str| line += &format!(" {word}");
        if let Some(daemon) = &self.target.daemon {
            add(&format!("--daemon {}", quoted(daemon.as_ref())));
        }
        place.into_iter().chain(self.json.then_some("--json")).for_each(&mut add);
        if !self.command.is_empty() {
            add("--");
            self.command.iter().for_each(|word| add(&quoted(word)));
        }
        line
    }
}

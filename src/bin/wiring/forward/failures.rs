//! Why a forwarder does not start, and what to run instead: the same command, with as little changed as can be.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use netclaw::adapters::control::socket::UnlockedError;
use netclaw::adapters::platform;
use netclaw::adapters::terminal::cli::forward::ForwardArgs;
use netclaw::adapters::terminal::failure::{Exit, Failure};

/// A path for a socket whose folder is made for its owner alone.
const PRIVATE_SOCKET: &str = "--socket ~/.netclaw/run/forward.sock";

/// In such a folder each user may have files of their own.
const STICKY: u32 = 0o1000;

/// Nothing comes in at the port.
pub(super) fn not_listening(args: &ForwardArgs, error: &io::Error) -> Failure {
    let failed = |what: String| Failure::new(Exit::Failed, what);
    let at_a_free_one = args.elsewhere(None);
    match (args.port, error.kind()) {
        (Some(port), io::ErrorKind::AddrInUse) => {
            failed(format!("port {port} of 127.0.0.1 is taken by another program"))
                .hint(format!("take a free one: {at_a_free_one}"))
                .hint(format!("or find out who has it: {}", platform::who_listens_command(port)))
        }
        (Some(port), io::ErrorKind::PermissionDenied) => {
            failed(format!("port {port} of 127.0.0.1 cannot be listened on: {error}"))
                .hint(format!("ports below 1024 are for root; take a free one: {at_a_free_one}"))
        }
        (_, _) => {
            let failure = failed(format!("cannot listen on 127.0.0.1: {error}"));
            // A command is not run with a socket.
            if args.command.is_empty() {
                failure.hint(format!("use a socket instead: {}", args.elsewhere(Some(PRIVATE_SOCKET))))
            } else {
                failure.hint(format!("try again: {at_a_free_one}"))
            }
        }
    }
}

/// There is no socket at the path.
pub(super) fn no_socket(args: &ForwardArgs, error: &UnlockedError) -> Failure {
    let failure = Failure::new(Exit::Failed, error.to_string());
    let in_home = args.elsewhere(Some(PRIVATE_SOCKET));
    match error {
        UnlockedError::InUse(_) => failure
            .hint("end the other forwarder")
            .hint(format!("or choose another path: {}", args.elsewhere(Some("--socket PATH")))),
        UnlockedError::NotPrivate { folder } => {
            let failure = if may_be_made_private(folder) {
                failure.hint(format!("make it private: chmod 700 {}", platform::quoted(folder)))
            } else {
                failure
            };
            failure.hint(format!("take one that is made for you alone: {in_home}"))
        }
        UnlockedError::Socket(_) => failure.hint(format!("choose another path: {in_home}")),
    }
}

/// Whether nobody else counts on a folder: it is one of the user's own, below their home.
fn may_be_made_private(folder: &Path) -> bool {
    let is_below_home = std::env::home_dir().is_some_and(|home| folder.starts_with(&home) && folder != home);
    let is_own = |found: &std::fs::Metadata| found.uid() == platform::user_id() && found.mode() & STICKY == 0;
    is_below_home && folder.metadata().is_ok_and(|found| is_own(&found))
}

/// The command does not run.
pub(super) fn not_started(args: &ForwardArgs, error: &io::Error) -> Failure {
    let program = args.command.first().map(|word| word.to_string_lossy()).unwrap_or_default();
    Failure::new(Exit::Usage, format!("{program} cannot be started: {error}"))
        .hint("the command stands behind two dashes: netclaw forward -- COMMAND ARGUMENTS")
}

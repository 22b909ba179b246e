//! The daemon of this host as its operator meets it.

use super::{Exit, Failure};
use crate::adapters::terminal::render::span;
use crate::domain::key_rotation::NotYet;
use crate::ports::control_channel::ControlError;
use crate::ports::daemon_process::StartError;

/// There is no daemon to ask.
pub fn not_running() -> Failure {
    Failure::new(Exit::Unreachable, "the daemon is not running").hint("start it with: netclaw daemon start")
}

/// The daemon did not do what the operator asked.
pub fn of_control(error: ControlError) -> Failure {
    match error {
        ControlError::NotRunning => not_running(),
        ControlError::Broken(what) => {
            Failure::new(Exit::Unreachable, format!("the daemon does not answer its operator: {what}"))
                .hint("look at its log: netclaw daemon logs")
                .hint("or start it anew: netclaw daemon restart")
        }
        error @ ControlError::NoSuchDevice(_) => {
            Failure::new(Exit::Failed, error.to_string()).hint("the names are shown by: netclaw daemon devices")
        }
        error @ ControlError::NameTaken(_) => Failure::new(Exit::Failed, error.to_string())
            .hint("choose another name; all are shown by: netclaw daemon devices"),
        ControlError::Failed(what) => Failure::new(Exit::Failed, what).hint("look at its log: netclaw daemon logs"),
    }
}

/// The daemon did not start. Its own words are passed on.
pub fn of_start(error: StartError) -> Failure {
    match error {
        StartError::Ended { error, hints, log: _ } => {
            let bare = error.strip_prefix("error: ").unwrap_or(&error);
            let failure = Failure::new(Exit::Failed, bare);
            hints.iter().fold(failure, |failure, hint| failure.hint(hint.strip_prefix("hint: ").unwrap_or(hint)))
        }
        error @ StartError::NotReady(_) => {
            Failure::new(Exit::Failed, error.to_string()).hint("look at its log: netclaw daemon logs")
        }
        StartError::Spawn(what) => Failure::new(Exit::Failed, format!("the daemon could not be started: {what}"))
            .hint("if the program was moved or replaced, run this command again from its new place")
            .hint("else look at the limits of this user with: ulimit -a"),
    }
}

/// The TLS key is not changed now.
pub fn not_yet(why: NotYet) -> Failure {
    match why {
        NotYet::TooSoon { remaining } => {
            Failure::new(Exit::Failed, format!("{why}: {} are left", span::in_words(remaining)))
                .hint("come back then, so that every device has time to learn of it")
                .hint("or switch now: netclaw daemon keys rotate --switch; who has not learned of it has to pair again")
        }
        NotYet::NothingAnnounced => {
            Failure::new(Exit::Failed, why.to_string()).hint("announce one with: netclaw daemon keys rotate")
        }
    }
}

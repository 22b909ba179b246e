//! The service manager as the operator meets it.

use super::{Exit, Failure};
use crate::adapters::platform;
use crate::ports::service_manager::{Scope, ServiceError};

/// The service manager did not do it. `as_root` is the command that root would run instead.
pub fn of_service(error: &ServiceError, scope: Scope, as_root: &str) -> Failure {
    let failure = Failure::new(Exit::Failed, error.to_string());
    let systemctl = systemctl(scope);
    match error {
        ServiceError::Unavailable => failure
            .hint("start the daemon in the background with: netclaw daemon start")
            .hint("or print the unit, for a machine with systemd: netclaw daemon install --dry-run"),
        ServiceError::NotRoot => failure.hint(format!("run it as root: {as_root}")),
        ServiceError::Foreign(file) => failure
            .hint(format!("to use it as it is: {systemctl} enable --now netclaw"))
            .hint(format!("or move it away, then try again: {}", platform::move_away_command(file, ".old"))),
        ServiceError::OtherHome(_) => failure
            .hint(format!("see which with: {systemctl} cat netclaw"))
            .hint("then remove it with: NETCLAW_HOME=/that/home netclaw daemon uninstall"),
        ServiceError::NoSuchUser(_) => {
            failure.hint("name a user that exists; to make one: useradd --system --shell /usr/sbin/nologin netclaw")
        }
        ServiceError::NotTheirHome { home, user, .. } => failure
            .hint(format!("name a home of theirs with NETCLAW_HOME, or leave out --run-as {user}"))
            .hint(format!("or give it to them: chown -R {user}: {}", platform::quoted(home))),
        ServiceError::UnusablePath(_) => failure.hint("move it to a path of plain characters"),
        ServiceError::File(_) => failure.hint("make it accessible for this user, then try again"),
        ServiceError::Refused(_) => match scope {
            Scope::User => failure
                .hint("the manager of a user's services is there in a login of that user, not in one made with su or sudo")
                .hint("if you are logged in, try again after: export XDG_RUNTIME_DIR=/run/user/$(id -u)"),
            Scope::System => failure.hint("see what is wrong with: systemctl status"),
        },
        ServiceError::NotStarted(_) => failure
            .hint(format!("look at its log: {}", journal(scope)))
            .hint(format!("mend the cause, then run: {systemctl} restart netclaw")),
    }
}

/// The command that shows the log of the service.
pub const fn journal(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "journalctl --user -u netclaw",
        Scope::System => "journalctl -u netclaw",
    }
}

const fn systemctl(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "systemctl --user",
        Scope::System => "systemctl",
    }
}

//! `netclaw daemon install`, `uninstall`

use std::path::Path;

use super::HostPorts;
use crate::adapters::platform;
use crate::adapters::terminal::ENDPOINT_VARIABLE;
use crate::adapters::terminal::cli::host::{InstallArgs, ScopeArgs, UninstallArgs};
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, journal, of_service};
use crate::domain::text::shown_safely;
use crate::ports::daemon_process::DaemonProcess;
use crate::ports::service_manager::{Change, Installed, Scope, ServiceManager, ServiceRequest};

/// Variables that a service does not need: its unit has the home, and the endpoint is a client's.
const NOT_MISSED: [&str; 2] = ["NETCLAW_HOME", ENDPOINT_VARIABLE];

/// The service of this home, and what of the caller's environment it would not see.
#[derive(Clone, Copy)]
pub struct ServicePorts<'a> {
    /// The service manager.
    pub manager: &'a dyn ServiceManager,
    /// The home.
    pub home: &'a Path,
    /// The names of all variables that are set.
    pub variables: &'a [String],
}

impl ServicePorts<'_> {
    /// Warns when a variable is set that a daemon started here would see, and the service does not. The names only: a value
    /// may be a secret.
    pub(super) fn warn_of_variables(&self, console: &mut Console<'_>) {
        let is_missed = |name: &&String| name.starts_with("NETCLAW_") && !NOT_MISSED.contains(&name.as_str());
        let missed: Vec<String> = self.variables.iter().filter(is_missed).map(|name| shown_safely(name)).collect();
        if !missed.is_empty() {
            console.warning(format_args!("the service does not see these variables: {}", missed.join(", ")));
            console.hint("put what they say into config/netclaw.json in the home, or into a drop-in of the unit");
        }
    }

    /// The line that runs a command of netclaw as root, for the same home. The shell finds the program: root's `PATH` is
    /// often a shorter one.
    fn as_root(&self, command: &str) -> String {
        format!("sudo env NETCLAW_HOME={} \"$(command -v netclaw)\" {command}", platform::quoted(self.home))
    }
}

pub(super) async fn install(args: InstallArgs, ports: HostPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let HostPorts { process, service, .. } = ports;
    let scope = scope(&args.scope, service.manager);
    if scope == Scope::User && args.run_as.is_some() {
        return Err(Failure::new(Exit::Usage, "a service of a user runs as that user")
            .hint("for one that runs as another user, add: --system"));
    }
    let request = ServiceRequest { scope, run_as: args.run_as };
    if args.dry_run {
        service.warn_of_variables(console);
        let definition = service.manager.definition(&request).await;
        let definition = definition.map_err(|error| of_service(&error, scope, &install_as_root(&request, service)))?;
        return console.result(definition.trim_end());
    }
    install_now(&request, process, service, console).await.map(drop)
}

/// The line that installs the service as root.
fn install_as_root(request: &ServiceRequest, service: ServicePorts<'_>) -> String {
    let run_as = request.run_as.as_ref().map_or(String::new(), |user| format!(" --run-as {}", shown_safely(user)));
    service.as_root(&format!("daemon install --system{run_as}"))
}

/// Installs the service and starts it, unless another daemon or service has the home.
pub(super) async fn install_now(
    request: &ServiceRequest,
    process: &dyn DaemonProcess,
    service: ServicePorts<'_>,
    console: &mut Console<'_>,
) -> Result<Installed, Failure> {
    let scope = request.scope;
    let as_root = install_as_root(request, service);
    let failed = |error| of_service(&error, scope, &as_root);
    service.warn_of_variables(console);
    check_other_service(scope, service.manager)?;
    if let Some(pid) = process.running() {
        let in_service = service.manager.running(scope).await.map_err(failed)?;
        check_other_daemon(pid, in_service, scope)?;
    }
    console.progress("Starting the service …");
    let installed = service.manager.install(request).await;
    console.end_progress();
    let installed = installed.map_err(failed)?;
    report(&installed, scope, console)?;
    Ok(installed)
}

/// A home has one service at most: two would fight for its lock at every boot.
pub(super) fn check_other_service(scope: Scope, manager: &dyn ServiceManager) -> Result<(), Failure> {
    match manager.installed().filter(|other| *other != scope) {
        None => Ok(()),
        Some(other) => Err(Failure::new(Exit::Failed, format!("this home has a service already, {}", owner(other)))
            .hint(format!("remove it first: netclaw daemon uninstall {}", flag(other)))),
    }
}

/// The daemon that runs has to be the service's own, which then keeps the lock.
fn check_other_daemon(pid: u32, in_service: Option<u32>, scope: Scope) -> Result<(), Failure> {
    if in_service == Some(pid) {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, format!("a daemon runs on this home already (pid {pid})"))
        .hint("stop it first: netclaw daemon stop")
        .hint(format!("then install the service: netclaw daemon install {}", flag(scope))))
}

fn report(installed: &Installed, scope: Scope, console: &mut Console<'_>) -> Result<(), Failure> {
    let file = installed.file.display();
    console.result(match (installed.change, installed.was_running) {
        (Change::Created, _) => format!("The service is installed and the daemon runs: {file}"),
        (Change::Replaced, true) => format!("The service is brought up to date: {file}"),
        (Change::Replaced, false) => format!("The service is brought up to date and the daemon runs: {file}"),
        (Change::Unchanged, true) => format!("The service is already installed and the daemon runs: {file}"),
        (Change::Unchanged, false) => format!("The service was already installed, and the daemon runs again: {file}"),
    })?;
    if installed.change == Change::Replaced && installed.was_running {
        console.hint("the daemon runs as before; to run it as the unit says now: netclaw daemon restart");
    }
    if installed.change == Change::Created {
        if scope == Scope::User {
            console.hint("it stops when you log out; to keep it and start it at boot: loginctl enable-linger");
        }
        console.hint(format_args!("its log: {}", journal(scope)));
        console.hint("a pairing code: netclaw daemon pair");
    }
    Ok(())
}

pub(super) async fn uninstall(
    args: UninstallArgs,
    ports: HostPorts<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let HostPorts { service, .. } = ports;
    let scope = scope(&args.scope, service.manager);
    console.progress("Stopping the service …");
    let removed = service.manager.uninstall(scope).await;
    console.end_progress();
    let as_root = service.as_root("daemon uninstall --system");
    let Some(file) = removed.map_err(|error| of_service(&error, scope, &as_root))? else {
        console.result("The service is not installed.")?;
        if let Some(other) = service.manager.installed() {
            console.hint(format_args!("there is one {}: netclaw daemon uninstall {}", owner(other), flag(other)));
        }
        return Ok(());
    };
    console.result(format_args!("The service is stopped and removed: {}", file.display()))?;
    console.result(format_args!("The home {} is as it was, with its paired devices.", service.home.display()))
}

fn scope(args: &ScopeArgs, manager: &dyn ServiceManager) -> Scope {
    match (args.system, args.user) {
        (true, _) => Scope::System,
        (_, true) => Scope::User,
        _ => manager.usual_scope(),
    }
}

const fn flag(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "--user",
        Scope::System => "--system",
    }
}

const fn owner(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "one of this user",
        Scope::System => "one of the machine",
    }
}

//! Why the daemon does not start, and what to do: every error of the adapters that are opened on the way.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use netclaw::adapters::control::socket::SocketError;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::http::gateway::GatewayError;
use netclaw::adapters::platform;
use netclaw::adapters::system::daemon_lock::LockError;
use netclaw::adapters::terminal::failure::{Exit, Failure, of_credentials, of_load_settings};
use netclaw::app::daemon::bootstrap::BootstrapError;
use netclaw::domain::exposure::ExposureMode;
use netclaw::ports::exposure::ExposureFault;
use netclaw::ports::settings_store::LoadSettingsError;

/// The log cannot be written.
pub fn log(path: &Path, error: &io::Error) -> Failure {
    let message = format!("the log {} cannot be written: {error}", path.display());
    Failure::new(Exit::Failed, message).hint("make room, or make the folder writable for this user")
}

/// Another daemon runs here, or the home cannot be written.
pub fn lock(home: &Home, error: &LockError) -> Failure {
    match error {
        LockError::Held { .. } => Failure::new(Exit::Failed, error.to_string())
            .hint("see what it does with: netclaw daemon status")
            .hint("for a second daemon, name another home and port: NETCLAW_HOME=… NETCLAW_Daemon__Port=…"),
        LockError::Io(error) => {
            let message = format!("the home {} cannot be used: {error}", home.root().display());
            Failure::new(Exit::Failed, message)
                .hint("make it a folder that this user can write to, or name another with NETCLAW_HOME")
        }
    }
}

/// Requests could not be passed on.
pub fn gateway(error: &GatewayError) -> Failure {
    let failure = Failure::new(Exit::Failed, error.to_string());
    match error {
        GatewayError::Settings(_) | GatewayError::Name(_) => {
            failure.hint("look through the configuration with: netclaw doctor")
        }
        GatewayError::Tls(_) => failure
            .hint("install the certificates of this system (the package is often called ca-certificates)")
            .hint("or use http:// in Agent.BaseUrl and Gateway.Routes, for servers of this machine"),
    }
}

/// The configuration does not allow a start.
pub fn settings(home: &Home, error: &LoadSettingsError) -> Failure {
    of_load_settings(error.clone()).hint(format!("the configuration is {}", home.settings_file().display()))
}

/// Nobody could use the daemon, or the host's own credential could not be made.
pub fn bootstrap(home: &Home, mode: ExposureMode, error: BootstrapError) -> Failure {
    match error {
        BootstrapError::NoWayIn(why) => {
            let config = home.root().join("config");
            Failure::new(Exit::Failed, format!("{why}, and exposure mode \"{mode}\" serves nobody without a credential"))
                .hint(format!("restore devices.json and secrets.json in {} from a backup", config.display()))
                .hint("or pair again: netclaw daemon start --recover gives this host a new credential, then netclaw daemon pair")
                .hint("or serve this machine only: netclaw init --exposure local")
        }
        BootstrapError::Credentials(error) => of_credentials(error),
        error @ (BootstrapError::Storage(_) | BootstrapError::Random(_) | BootstrapError::Name(_)) => {
            Failure::new(Exit::Failed, error.to_string()).hint("mend the cause, then start again")
        }
    }
}

/// Nobody gets through to the daemon in this exposure mode.
pub fn tunnel(fault: &ExposureFault) -> Failure {
    Failure::new(Exit::Failed, fault.to_string())
        .hint(fault.fix.clone())
        .hint("if the program runs in another container, set Daemon.SkipTunnelProcessCheck")
}

/// The port cannot be had.
pub fn bind(address: SocketAddr, error: &io::Error) -> Failure {
    let port = address.port();
    let failure = Failure::new(Exit::Failed, format!("the daemon cannot listen on {address}: {error}"));
    match error.kind() {
        io::ErrorKind::AddrInUse => failure
            .hint(format!("see what uses the port with: ss -ltnp 'sport = :{port}'"))
            .hint(format!("or use another port with: netclaw up --port {}", port.checked_add(1).unwrap_or(5200))),
        io::ErrorKind::PermissionDenied => {
            failure.hint("ports below 1024 need root; use another with: netclaw up --port 5199")
        }
        io::ErrorKind::AddrNotAvailable => failure.hint("Daemon.Host must be an address of this machine"),
        _ => failure.hint("mend the cause, then start again"),
    }
}

/// The control socket cannot be made.
pub fn socket(error: &SocketError) -> Failure {
    let failure = Failure::new(Exit::Failed, error.to_string());
    match error {
        SocketError::TooLong(_) => failure
            .hint("use a shorter NETCLAW_HOME, or set XDG_RUNTIME_DIR to a private folder such as /run/user/1000"),
        SocketError::Occupied(path) => {
            failure.hint(format!("move it away with: {}", platform::move_away_command(path, ".old")))
        }
        SocketError::Folder { folder, .. } => failure
            .hint(format!(
                "make it this user's alone, or move it away: {}",
                platform::move_away_command(folder, ".old")
            ))
            .hint("or set XDG_RUNTIME_DIR to a private folder such as /run/user/1000"),
        SocketError::Io { .. } => failure.hint("make its folder writable for this user"),
    }
}

/// The system refuses something that it always grants.
pub fn runtime(error: &dyn Display) -> Failure {
    Failure::new(Exit::Failed, format!("the system refused what a daemon needs: {error}"))
        .hint("look at the limits of this user with: ulimit -a")
}

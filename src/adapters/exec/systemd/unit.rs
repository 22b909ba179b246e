//! The text of the unit (systemd.unit(5), systemd.service(5), systemd.exec(5)).

use std::path::{Path, PathBuf};

use crate::domain::text::shown_safely;
use crate::ports::service_manager::{Scope, ServiceError};

/// The first words of every unit that netclaw writes; a unit without them is not ours to change.
const MARK: &str = "# Written by `netclaw daemon install`";

const HEADER: &str = "; `netclaw daemon uninstall` removes it.
# What is changed here is lost at the next install. A drop-in is kept:";

/// A tunnel or network that comes up late is waited for, five minutes: thirty starts, ten seconds apart. A mistake in the
/// configuration ends in a failed unit then, not in a loop, also when each start takes its 30 seconds: 30 × (30 + 10) are 1200.
const UNIT: &str = "\
[Unit]
Description=netclaw, the pairing daemon
StartLimitIntervalSec=1800
StartLimitBurst=30
";

/// A daemon behind a tunnel does not start without it. The order says nothing of units that do not exist.
const SYSTEM_ORDER: &str = "\
Wants=network-online.target
After=network-online.target tailscaled.service cloudflared.service
";

const SERVICE: &str = "
[Service]
Type=notify
NotifyAccess=main
";

/// The daemon drains for ten seconds at most when it stops.
const SUPERVISION: &str = "\
WatchdogSec=60
Restart=on-failure
RestartSec=10
TimeoutStartSec=30
TimeoutStopSec=30
";

/// What the manager of an ordinary user can take away too.
const SANDBOX: &str = "
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
";

const USER_REASONS: &str = "\
# Left out, because an ordinary user's manager has no privileges. Dropping
# capabilities may stop the start: CapabilityBoundingSet=, PrivateDevices=,
# ProtectClock=, ProtectKernelLogs=, ProtectKernelModules=. ProtectSystem=,
# PrivateTmp= and all that changes the view of the file system need a user
# namespace, in which root, who may operate the daemon too, is not recognised.
";

const SYSTEM_SANDBOX: &str = "\
CapabilityBoundingSet=
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RemoveIPC=yes
ProtectSystem=strict
";

const SYSTEM_REASONS: &str = "\
# Left out: PrivateUsers= hides who connects to the control socket. ProtectProc=
# and ProcSubset= hide the tunnel's process. ProtectHome= hides ~/.cloudflared.
# A port below 1024 needs a drop-in with CapabilityBoundingSet=CAP_NET_BIND_SERVICE
# and AmbientCapabilities=CAP_NET_BIND_SERVICE.
";

/// Folders of which `PrivateTmp=` gives the service empty ones.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

/// What differs between two units.
#[derive(Clone, Debug)]
pub struct Unit {
    /// For whom it is.
    pub scope: Scope,
    /// The daemon's program, absolute.
    pub program: PathBuf,
    /// Its arguments: fixed words.
    pub arguments: &'static str,
    /// The home, absolute.
    pub home: PathBuf,
    /// The user of a system unit.
    pub user: Option<String>,
}

impl Unit {
    /// The whole file.
    ///
    /// # Errors
    ///
    /// [`ServiceError::UnusablePath`] when a path cannot be written into a unit.
    pub fn text(&self) -> Result<String, ServiceError> {
        let command = format!("ExecStart={}{}\n", quoted_program(&self.program)?, self.arguments);
        let (edit, order, target) = match self.scope {
            Scope::User => ("systemctl --user edit netclaw", "", "default.target"),
            Scope::System => ("systemctl edit netclaw", SYSTEM_ORDER, "multi-user.target"),
        };
        let user = self.user.as_ref().map_or(String::new(), |user| format!("User={user}\n"));
        let (home, sandbox) = (home_line(&self.home)?, self.sandbox()?);
        Ok(format!(
            "{MARK}{HEADER} {edit}\n\n{UNIT}{order}{SERVICE}{command}{home}{user}{SUPERVISION}{sandbox}\n\
             [Install]\nWantedBy={target}\n"
        ))
    }

    fn sandbox(&self) -> Result<String, ServiceError> {
        if self.scope == Scope::User {
            return Ok(format!("{SANDBOX}{USER_REASONS}"));
        }
        let is_temporary = |path: &Path| TEMPORARY.iter().any(|folder| path.starts_with(folder));
        let is_hidden = is_temporary(&self.home) || is_temporary(&self.program);
        let private_tmp = if is_hidden { "" } else { "PrivateTmp=yes\n" };
        let writable = format!("ReadWritePaths={}\n", quoted(&self.home)?);
        Ok(format!("{SANDBOX}{SYSTEM_SANDBOX}{private_tmp}{writable}{SYSTEM_REASONS}"))
    }
}

/// Whether netclaw wrote this unit.
pub fn is_ours(text: &str) -> bool {
    text.starts_with(MARK)
}

/// Whether the unit is for the daemon of this home.
pub fn serves(text: &str, home: &Path) -> bool {
    home_line(home).is_ok_and(|line| text.lines().any(|found| found == line.trim_end()))
}

fn home_line(home: &Path) -> Result<String, ServiceError> {
    Ok(format!("Environment={}\n", quoted_text("NETCLAW_HOME=", home)?))
}

/// systemd takes no program with a quote or a backslash in its path, escaped or not.
fn quoted_program(path: &Path) -> Result<String, ServiceError> {
    match path.to_str().is_some_and(|text| text.contains(['"', '\'', '\\'])) {
        true => Err(unusable(path)),
        false => quoted(path),
    }
}

fn quoted(path: &Path) -> Result<String, ServiceError> {
    quoted_text("", path)
}

/// A path as one word of a unit (systemd.syntax(7)), with `prefix` before it: in quotes, in which the backslash escapes,
/// and with each `%` doubled, which would begin a specifier. A `$` is only special in arguments, where we put no path.
fn quoted_text(prefix: &str, path: &Path) -> Result<String, ServiceError> {
    let usable = path.to_str().filter(|text| !text.contains(char::is_control));
    let text = usable.ok_or_else(|| unusable(path))?;
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    Ok(format!("\"{prefix}{escaped}\""))
}

fn unusable(path: &Path) -> ServiceError {
    ServiceError::UnusablePath(shown_safely(&path.to_string_lossy()))
}

//! Asking systemd, through `systemctl`.

use std::path::PathBuf;
use std::time::Duration;

use crate::adapters::exec::command::{self, CommandError, Limits};
use crate::domain::text::shown_safely;
use crate::ports::service_manager::{Scope, ServiceError};

/// The unit's name.
pub const UNIT: &str = "netclaw.service";

/// A start or a stop may take as long as the unit allows it: 30 seconds, and then some.
const CHANGE: Limits = Limits { time: Duration::from_secs(60), output: 64 * 1024 };

/// The `systemctl` of one manager.
#[derive(Clone, Copy, Debug)]
pub struct Systemctl<'a> {
    /// The program: a name on the `PATH`, or a path.
    pub program: &'a str,
    /// Whose manager.
    pub scope: Scope,
}

/// What systemd knows of the unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The process of the daemon.
    pub pid: Option<u32>,
    /// Whether it runs. While systemd waits to start it once more, it does not.
    pub is_active: bool,
    /// Whether it is being started, or waits to be after a failure.
    pub is_activating: bool,
    /// Whether it is started at boot or login.
    pub is_enabled: bool,
    /// The file that systemd reads it from.
    pub file: Option<PathBuf>,
    /// The last thing that the daemon said of itself.
    pub status: String,
}

impl Systemctl<'_> {
    /// What systemd knows of the unit. One that does not exist is neither active nor enabled.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub async fn show(self) -> Result<Shown, ServiceError> {
        let properties = "--property=MainPID,ActiveState,UnitFileState,FragmentPath,StatusText";
        let output = self.run(&["show", properties, UNIT], Limits::QUERY).await.map_err(refused)?;
        Ok(Shown::read(&String::from_utf8_lossy(&output)))
    }

    /// Makes systemd read the units anew.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub async fn reload(self) -> Result<(), ServiceError> {
        self.run(&["daemon-reload"], CHANGE).await.map(drop).map_err(refused)
    }

    /// Starts the unit now, and from now on.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub async fn enable(self) -> Result<(), ServiceError> {
        self.forget_failures().await;
        let enabled = self.run(&["enable", "--now", UNIT], CHANGE).await;
        self.started(enabled).await
    }

    /// Starts the unit.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub async fn start(self) -> Result<(), ServiceError> {
        self.forget_failures().await;
        let started = self.run(&["start", UNIT], CHANGE).await;
        self.started(started).await
    }

    /// Stops the unit now, and from now on.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub async fn disable(self) -> Result<(), ServiceError> {
        self.run(&["disable", "--now", UNIT], CHANGE).await.map(drop).map_err(refused)
    }

    /// Stops the unit, which is started again at the next boot or login.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub async fn stop(self) -> Result<(), ServiceError> {
        self.run(&["stop", UNIT], CHANGE).await.map(drop).map_err(refused)
    }

    /// Lets a start that a person asks for not be refused because of the starts that failed before, in whose words it would
    /// be told, too. A unit that systemd has not loaded has none, which is an error to `systemctl` and none to us.
    async fn forget_failures(self) {
        let _ = self.run(&["reset-failed", UNIT], Limits::QUERY).await;
    }

    async fn run(self, arguments: &[&str], limits: Limits) -> Result<Vec<u8>, CommandError> {
        let mut all = vec!["--no-ask-password"];
        if self.scope == Scope::User {
            all.insert(0, "--user");
        }
        all.extend(arguments);
        command::run(self.program, &all, limits).await
    }

    /// What became of a start. The daemon has told systemd why it ended, if it could; `systemctl` knows only that it did.
    async fn started(self, started: Result<Vec<u8>, CommandError>) -> Result<(), ServiceError> {
        match started {
            Ok(_) => Ok(()),
            Err(CommandError::Failed { message, .. }) => {
                let status = self.show().await.map(|shown| shown.status).unwrap_or_default();
                // The last line of `systemctl` often only says where to look.
                let words = [status, message].into_iter().find(|words| !words.is_empty() && !words.starts_with("See "));
                Err(ServiceError::NotStarted(words.unwrap_or_else(|| "it ended without a word".to_owned())))
            }
            Err(error) => Err(refused(error)),
        }
    }
}

impl Shown {
    fn read(output: &str) -> Self {
        let mut shown = Self::default();
        for (key, value) in output.lines().filter_map(|line| line.split_once('=')) {
            match key {
                "MainPID" => shown.pid = value.parse().ok().filter(|pid| *pid != 0),
                "ActiveState" => {
                    shown.is_active = matches!(value, "active" | "reloading");
                    shown.is_activating = value == "activating";
                }
                "UnitFileState" => shown.is_enabled = value == "enabled",
                "FragmentPath" => shown.file = Some(value).filter(|path| !path.is_empty()).map(PathBuf::from),
                "StatusText" => shown.status = shown_safely(value),
                _ => {}
            }
        }
        shown
    }
}

fn refused(error: CommandError) -> ServiceError {
    match error {
        CommandError::Missing => ServiceError::Unavailable,
        error => ServiceError::Refused(format!("systemctl: {error}")),
    }
}

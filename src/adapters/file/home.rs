//! The home folder and what lies where in it.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// The variable that names the home folder.
pub const HOME_VARIABLE: &str = "NETCLAW_HOME";

/// The home folder: everything that netclaw keeps is below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

/// No home folder could be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("there is no home folder: neither NETCLAW_HOME nor the user's own is set")]
pub struct NoHome;

impl Home {
    /// The home at this absolute path.
    pub const fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// `NETCLAW_HOME` with a leading `~` expanded and made absolute, else `.netclaw` in the user's own home. Empty counts as
    /// unset.
    ///
    /// # Errors
    ///
    /// [`NoHome`] when neither is known.
    pub fn of_environment() -> Result<Self, NoHome> {
        let user_home = || std::env::home_dir().filter(|home| !home.as_os_str().is_empty()).ok_or(NoHome);
        let chosen = std::env::var_os(HOME_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let path = match chosen {
            None => user_home()?.join(".netclaw"),
            Some(path) => match path.strip_prefix("~") {
                Ok(rest) => user_home()?.join(rest),
                Err(_) => path,
            },
        };
        std::path::absolute(path).map(Self).map_err(|_| NoHome)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The host's configuration.
    pub fn settings_file(&self) -> PathBuf {
        self.0.join("config/netclaw.json")
    }

    /// The host's paired devices.
    pub fn devices_file(&self) -> PathBuf {
        self.0.join("config/devices.json")
    }

    /// The client's tokens.
    pub fn secrets_file(&self) -> PathBuf {
        self.0.join("config/secrets.json")
    }

    /// The client's pairings.
    pub fn client_file(&self) -> PathBuf {
        self.0.join("client/config.json")
    }

    /// The lock of whoever writes the client's two files.
    pub fn client_lock_file(&self) -> PathBuf {
        self.0.join("client/client.lock")
    }

    /// When devices were last used.
    pub fn activity_file(&self) -> PathBuf {
        self.0.join("state/activity.json")
    }

    /// What a person has entered in chats.
    pub fn chat_history_file(&self) -> PathBuf {
        self.0.join("state/chat_history")
    }

    /// The conversations with the agent, a file each.
    pub fn sessions_folder(&self) -> PathBuf {
        self.0.join("state/sessions")
    }

    /// Where an agent that is a program runs, unless the configuration names another folder.
    pub fn agent_folder(&self) -> PathBuf {
        self.0.join("agent")
    }

    /// The daemon's identity key.
    pub fn identity_file(&self) -> PathBuf {
        self.0.join("keys/identity.key")
    }

    /// The key of the daemon's own TLS.
    pub fn tls_key_file(&self) -> PathBuf {
        self.0.join("keys/tls.key")
    }

    /// The key that is announced to follow it.
    pub fn next_tls_key_file(&self) -> PathBuf {
        self.0.join("keys/tls-next.key")
    }

    /// The lock that the running daemon holds, with its pid.
    pub fn lock_file(&self) -> PathBuf {
        self.0.join("run/daemon.lock")
    }

    /// The operator's socket.
    pub fn control_socket(&self) -> PathBuf {
        self.0.join("run/control.sock")
    }

    /// The log of a daemon in the background.
    pub fn log_file(&self) -> PathBuf {
        self.0.join("logs/daemon.log")
    }
}

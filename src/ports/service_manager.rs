//! The program of the host that starts the daemon at boot or login, and again when it fails.

use std::path::PathBuf;

use async_trait::async_trait;
use thiserror::Error;

/// For whom a service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For the user who installs it, while that user is logged in or is allowed to linger.
    User,
    /// For the machine, from boot on.
    System,
}

/// A service that the operator wants for the daemon of this home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRequest {
    /// For whom it runs.
    pub scope: Scope,
    /// The user that a service of the machine acts as. `None` is the owner of the home.
    pub run_as: Option<String>,
}

/// What an installation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The file that defines the service.
    pub file: PathBuf,
    /// What became of the file.
    pub change: Change,
    /// Whether the service ran before. If it did, it goes on with its old definition until it is restarted.
    pub was_running: bool,
}

/// What became of the file that defines a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// There was none.
    Created,
    /// An older one of ours was replaced.
    Replaced,
    /// It says already what it should.
    Unchanged,
}

/// Why the service manager did not do it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ServiceError {
    /// There is none on this machine, or it does not run.
    #[error("no service manager runs here: systemd is not in charge of this machine")]
    Unavailable,
    /// Only root may change the services of the machine.
    #[error("only root can change a service of the machine")]
    NotRoot,
    /// A definition with the service's name is there, and netclaw did not write it.
    #[error("{} is there already, and netclaw did not write it", .0.display())]
    Foreign(PathBuf),
    /// The service exists for the daemon of another home.
    #[error("{} is the service of another home", .0.display())]
    OtherHome(PathBuf),
    /// There is no such user.
    #[error("no user is named \"{0}\"")]
    NoSuchUser(String),
    /// The user that the service would act as cannot use the home.
    #[error("the home {} belongs to {owner}, not to {user}", .home.display())]
    NotTheirHome {
        /// The home.
        home: PathBuf,
        /// Whose it is.
        owner: String,
        /// Who would use it.
        user: String,
    },
    /// A path that no definition can contain.
    #[error("a service cannot use the path {0}: it has characters that a definition cannot contain")]
    UnusablePath(String),
    /// A file cannot be read or written; the path and the system's words.
    #[error("{0}")]
    File(String),
    /// The service manager refused; its own words.
    #[error("{0}")]
    Refused(String),
    /// The service is defined, but the daemon did not start in it.
    #[error("the service did not start: {0}")]
    NotStarted(String),
}

/// The service manager of this machine, as far as it is about the daemon of this home.
///
/// # Contract
///
/// * Only a definition that this port wrote is ever replaced or removed.
/// * The home's content is never touched. A home that does not exist may be made, private and empty, for the service's user.
/// * No variable of the caller's environment reaches the service, apart from the place of the home.
/// * Every method ends, whatever the service manager does.
#[async_trait]
pub trait ServiceManager: Send + Sync {
    /// For whom a service is meant when this user asks for one.
    fn usual_scope(&self) -> Scope;

    /// For whom a service of this home is installed where a service manager runs; `None` when there is none.
    fn installed(&self) -> Option<Scope>;

    /// Whether this user may start and change services of this scope. Asked before something is ended that only they could
    /// start again.
    ///
    /// # Errors
    ///
    /// [`ServiceError::NotRoot`], or [`ServiceError::Unavailable`].
    fn check_permission(&self, scope: Scope) -> Result<(), ServiceError>;

    /// The definition that [`ServiceManager::install`] would write. Works without a service manager.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    async fn definition(&self, request: &ServiceRequest) -> Result<String, ServiceError>;

    /// The process that the service runs the daemon in, if it does.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    async fn running(&self, scope: Scope) -> Result<Option<u32>, ServiceError>;

    /// Defines the service, starts it now, and has it started from now on. Returns when the daemon is ready. Doing it again
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// [`ServiceError`]. With [`ServiceError::NotStarted`] the service is defined; otherwise it is as it was.
    async fn install(&self, request: &ServiceRequest) -> Result<Installed, ServiceError>;

    /// Stops the service and removes its definition, whose file is returned; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    async fn uninstall(&self, scope: Scope) -> Result<Option<PathBuf>, ServiceError>;

    /// Ends the attempts to start a service whose daemon does not run; `false` when there are none, or when the service manager
    /// does not say.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    async fn give_up(&self, scope: Scope) -> Result<bool, ServiceError>;

    /// Starts the installed service, and returns when the daemon is ready.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    async fn start(&self, scope: Scope) -> Result<(), ServiceError>;
}

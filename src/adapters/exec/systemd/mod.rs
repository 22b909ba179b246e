//! systemd as the service manager.

pub mod account;
mod systemctl;
mod unit;
mod unit_file;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use self::account::Account;
use self::systemctl::{Shown, Systemctl, UNIT};
use self::unit::Unit;
use self::unit_file::Found;
use crate::ports::service_manager::{Change, Installed, Scope, ServiceError, ServiceManager, ServiceRequest};

/// The daemon's own program, beside this one.
const DAEMON: &str = "netclawd";

/// What makes this program the daemon where there is no [`DAEMON`].
const DAEMON_ARGUMENTS: &str = " daemon run";

/// Where this machine has what is systemd's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// A folder that exists while systemd is in charge of the machine (sd_booted(3)).
    pub booted: PathBuf,
    /// The units of the machine.
    pub system_units: PathBuf,
    /// The units of this user.
    pub user_units: PathBuf,
    /// The program that asks systemd: a name on the `PATH`, or a path.
    pub systemctl: String,
}

impl Places {
    /// The places of a machine on which `config` is the value of `XDG_CONFIG_HOME` and `user_home` the user's own folder.
    pub fn usual(config: Option<OsString>, user_home: Option<PathBuf>) -> Self {
        let config = config.map(PathBuf::from).filter(|folder| folder.is_absolute());
        let config = config.unwrap_or_else(|| user_home.unwrap_or_default().join(".config"));
        Self {
            booted: "/run/systemd/system".into(),
            system_units: "/etc/systemd/system".into(),
            user_units: config.join("systemd/user"),
            systemctl: "systemctl".to_owned(),
        }
    }
}

/// systemd, for the daemon of one home.
#[derive(Clone, Debug)]
pub struct Systemd {
    places: Places,
    /// This program.
    program: PathBuf,
    home: PathBuf,
    user: u32,
}

impl Systemd {
    /// The services for the daemon of `home`, as seen by `program`, which `user` runs.
    pub const fn new(places: Places, program: PathBuf, home: PathBuf, user: u32) -> Self {
        Self { places, program, home, user }
    }

    fn file(&self, scope: Scope) -> PathBuf {
        match scope {
            Scope::User => self.places.user_units.join(UNIT),
            Scope::System => self.places.system_units.join(UNIT),
        }
    }

    /// The way to ask, if there is somebody.
    fn systemctl(&self, scope: Scope) -> Result<Systemctl<'_>, ServiceError> {
        let is_booted = self.places.booted.is_dir();
        is_booted.then_some(Systemctl { program: &self.places.systemctl, scope }).ok_or(ServiceError::Unavailable)
    }

    /// The same, for a change.
    fn changing(&self, scope: Scope) -> Result<Systemctl<'_>, ServiceError> {
        let systemctl = self.systemctl(scope)?;
        if scope == Scope::System && self.user != 0 { Err(ServiceError::NotRoot) } else { Ok(systemctl) }
    }

    /// The unit that is wanted, and the user of a system unit.
    async fn wanted(&self, request: &ServiceRequest) -> Result<(String, Option<Account>), ServiceError> {
        let account = match (request.scope, &request.run_as) {
            (Scope::User, _) => None,
            (Scope::System, Some(name)) => Some(Account::named(name).await?),
            (Scope::System, None) => Some(Account::owner_of(&self.home).await?),
        };
        let daemon = self.program.with_file_name(DAEMON);
        let (program, arguments) =
            if daemon.is_file() { (daemon, "") } else { (self.program.clone(), DAEMON_ARGUMENTS) };
        let user = account.as_ref().map(|account| account.name.clone());
        let unit = Unit { scope: request.scope, program, arguments, home: self.home.clone(), user };
        Ok((unit.text()?, account))
    }

    /// The text of our unit for this home, if there is one; an error when something else has its place.
    fn own_unit(&self, file: &Path) -> Result<Option<String>, ServiceError> {
        match unit_file::look(file)? {
            Found::Nothing => Ok(None),
            Found::Ours(text) if unit::serves(&text, &self.home) => Ok(Some(text)),
            Found::Ours(_) => Err(ServiceError::OtherHome(file.to_owned())),
            Found::Foreign => Err(ServiceError::Foreign(file.to_owned())),
        }
    }
}

/// Refuses to shadow a unit that systemd reads from elsewhere, such as one from a package.
fn check_shadow(shown: &Shown, ours: &Path) -> Result<(), ServiceError> {
    // Either path may lead through links, for example when the configuration folder is one.
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match &shown.file {
        Some(file) if real(file) != real(ours) => Err(ServiceError::Foreign(file.clone())),
        _ => Ok(()),
    }
}

#[async_trait]
impl ServiceManager for Systemd {
    fn usual_scope(&self) -> Scope {
        if self.user == 0 { Scope::System } else { Scope::User }
    }

    fn installed(&self) -> Option<Scope> {
        let is_installed =
            |scope: &Scope| self.systemctl(*scope).is_ok() && matches!(self.own_unit(&self.file(*scope)), Ok(Some(_)));
        [Scope::User, Scope::System].into_iter().find(is_installed)
    }

    fn check_permission(&self, scope: Scope) -> Result<(), ServiceError> {
        self.changing(scope).map(drop)
    }

    async fn definition(&self, request: &ServiceRequest) -> Result<String, ServiceError> {
        self.wanted(request).await.map(|(text, _)| text)
    }

    async fn running(&self, scope: Scope) -> Result<Option<u32>, ServiceError> {
        Ok(self.systemctl(scope)?.show().await?.pid)
    }

    async fn install(&self, request: &ServiceRequest) -> Result<Installed, ServiceError> {
        let systemctl = self.changing(request.scope)?;
        let (text, account) = self.wanted(request).await?;
        let file = self.file(request.scope);
        let old = self.own_unit(&file)?;
        let shown = systemctl.show().await?;
        check_shadow(&shown, &file)?;
        if let Some(account) = account {
            account.occupy(&self.home).await?;
        }
        let change = match old {
            None => Change::Created,
            Some(old) if old == text => Change::Unchanged,
            Some(_) => Change::Replaced,
        };
        let installed = Installed { file, change, was_running: shown.is_active };
        if change == Change::Unchanged && shown.is_active && shown.is_enabled {
            return Ok(installed);
        }
        if change != Change::Unchanged {
            unit_file::write(&installed.file, &text)?;
        }
        systemctl.reload().await?;
        systemctl.enable().await?;
        Ok(installed)
    }

    async fn uninstall(&self, scope: Scope) -> Result<Option<PathBuf>, ServiceError> {
        let systemctl = self.changing(scope)?;
        let file = self.file(scope);
        if self.own_unit(&file)?.is_none() {
            return Ok(None);
        }
        systemctl.disable().await?;
        unit_file::remove(&file)?;
        systemctl.reload().await?;
        Ok(Some(file))
    }

    async fn give_up(&self, scope: Scope) -> Result<bool, ServiceError> {
        if !self.systemctl(scope)?.show().await.is_ok_and(|shown| shown.is_activating) {
            return Ok(false);
        }
        self.changing(scope)?.stop().await.map(|()| true)
    }

    async fn start(&self, scope: Scope) -> Result<(), ServiceError> {
        self.changing(scope)?.start().await
    }
}

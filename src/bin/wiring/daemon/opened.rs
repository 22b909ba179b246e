//! What the home of a daemon holds.

use std::sync::Arc;

use netclaw::adapters::file::activity_file::FileActivityLog;
use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::file::device_file::FileDeviceStore;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::file::identity_file;
use netclaw::adapters::file::tls_key_files::TlsKeyFiles;
use netclaw::adapters::system::clock::SystemClock;
use netclaw::adapters::system::rng::SystemRng;
use netclaw::adapters::terminal::failure::Failure;
use netclaw::app::daemon::bootstrap::Bootstrap;
use netclaw::domain::acquaintance::Acquaintance;
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::link::Pins;
use netclaw::domain::settings::Settings;
use netclaw::ports::agent::ChatAgent;
use netclaw::ports::settings_store::SettingsStore;
use netclaw::ports::tls_keys::{TlsKeyStore, TlsKeys};

use super::super::{shared, start_failure as failure};
use super::agent;

/// What the home holds: everything that can stop the start, but for the listeners.
pub struct Opened {
    /// How the daemon is to run.
    pub settings: Settings,
    /// Who it is.
    pub identity: IdentityKey,
    /// What its port proves itself with.
    pub tls_keys: TlsKeyFiles,
    /// Its paired devices.
    pub devices: FileDeviceStore,
    /// When they were last used.
    pub activity: FileActivityLog,
    /// Whom they talk to, if there is anyone.
    pub agent: Option<Arc<dyn ChatAgent>>,
}

impl Opened {
    /// Reads the home's files; those that are made once are made now.
    pub fn of(home: &Home) -> Result<Self, Failure> {
        let settings = shared::settings(home).load();
        let settings = settings.map_err(|error| failure::settings(home, &error))?;
        let identity = identity_file::load_or_create(&home.identity_file(), &SystemRng::default());
        let identity = identity.map_err(shared::untrusted)?;
        let tls_keys = TlsKeyFiles::open(home, Box::new(SystemRng::default())).map_err(shared::untrusted)?;
        let devices = FileDeviceStore::open(home.devices_file()).map_err(shared::untrusted)?;
        let activity = FileActivityLog::open(home.activity_file(), |id| devices.knows(id));
        let agent = agent::of(home, &settings.agent)?;
        Ok(Self { settings, identity, tls_keys, devices, activity, agent })
    }

    /// Sees to the host's own credential.
    pub async fn bootstrap(&self, home: &Home, recover: bool) -> Result<(), Failure> {
        let bootstrap = Bootstrap {
            clock: Arc::new(SystemClock),
            rng: Arc::new(SystemRng::default()),
            devices: Arc::new(self.devices.clone()),
            credentials: Arc::new(FileCredentialStore::new(home.clone())),
            daemon_id: self.identity.id(),
            known: known(&self.identity, &self.tls_keys),
            host_name: shared::host_name(),
        };
        let seen_to = match recover && !self.settings.mode.profile().trusts_loopback {
            true => bootstrap.renew(&self.settings).await,
            false => bootstrap.ensure(&self.settings).await,
        };
        seen_to.map_err(|error| failure::bootstrap(home, self.settings.mode, error))
    }
}

/// What the devices of a daemon know it by.
pub fn known(identity: &IdentityKey, keys: &TlsKeyFiles) -> Acquaintance {
    let TlsKeys { current, next } = keys.keys();
    let pins = Pins { current: current.pin, next: next.map(|next| next.pin) };
    let name = DeviceName::nearest(&shared::host_name());
    Acquaintance { name, identity: Some(identity.public_key()), pins: Some(pins) }
}

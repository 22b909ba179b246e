//! `netclaw doctor`, put together.

use std::sync::Arc;

use async_trait::async_trait;
use netclaw::adapters::client::{HttpDaemonApi, Patience};
use netclaw::adapters::control::{SocketControlChannel, socket};
use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::file::device_file::FileDeviceStore;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::file::inspection::FileHomeInspection;
use netclaw::adapters::file::tls_key_files::TlsKeyFiles;
use netclaw::adapters::file::{folders, identity_file, repair};
use netclaw::adapters::system::clock::SystemClock;
use netclaw::adapters::system::daemon_lock::DaemonLock;
use netclaw::adapters::system::rng::SystemRng;
use netclaw::adapters::terminal::ENDPOINT_VARIABLE;
use netclaw::adapters::terminal::cli::doctor::DoctorArgs;
use netclaw::adapters::terminal::commands::doctor::{DoctorPorts, run_doctor};
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::Failure;
use netclaw::adapters::terminal::wizard::TerminalWizard;
use netclaw::app::daemon::bootstrap::Bootstrap;
use netclaw::app::doctor::Doctor;
use netclaw::ports::home_repair::{HomeRepair, Repair};
use netclaw::ports::settings_store::SettingsStore;
use netclaw::ports::storage::StorageError;

use super::{block_on, daemon, exposure, host, shared};

/// Looks at this environment's home, and at where it leads.
pub fn run(args: DoctorArgs, console: &mut Console<'_>) -> Result<(), Failure> {
    // What is wrong with the folders is for the doctor to say.
    let home = shared::home_that(|_| Ok(()))?;
    let socket = socket::path(home.control_socket(), std::env::var_os(socket::RUNTIME_VARIABLE)).ok();
    let settings = shared::settings(&home);
    let network = HttpDaemonApi::new(Patience::BRIEF);
    let doctor = Doctor {
        review: &settings,
        home: &FileHomeInspection::new(home.clone(), socket.clone()),
        process: &host::process(&home)?,
        control: &SocketControlChannel::new(
            socket.unwrap_or_else(|| home.control_socket()),
            folders::operated_user(&home),
        ),
        api: &network,
        network: &network,
        exposure: &exposure::of,
        agent: &|settings| {
            let agent = daemon::agent::of(&home, &settings.agent);
            agent.map_err(|failure| failure.message.unwrap_or_default())
        },
        clock: &SystemClock,
        environment_endpoint: std::env::var_os(ENDPOINT_VARIABLE).map(|value| value.to_string_lossy().into_owned()),
        version: env!("CARGO_PKG_VERSION"),
    };
    let ports =
        DoctorPorts { doctor, repair: &Repairs { home: home.clone() }, wizard: &mut TerminalWizard, root: home.root() };
    block_on(run_doctor(args, ports, console))
}

/// The repairs of one home.
struct Repairs {
    home: Home,
}

#[async_trait]
impl HomeRepair for Repairs {
    fn quiet(&self) -> Result<Box<dyn Send>, StorageError> {
        let lock = DaemonLock::take(&self.home.lock_file()).map_err(|error| StorageError(error.to_string()))?;
        Ok(Box::new(lock))
    }

    async fn repair(&self, repair: &Repair) -> Result<(), StorageError> {
        match repair {
            Repair::Protect { path, from, to } => repair::protect(path, *from, *to),
            Repair::RemoveLeftover { path, writer } => repair::remove_leftover(&self.home, path, *writer),
            Repair::RemoveSocket { path } => repair::remove_socket(path),
            Repair::DropToken { daemon } => repair::drop_token(&self.home, daemon),
            Repair::RenewHostCredential => self.renew_credential().await,
        }
    }
}

impl Repairs {
    async fn renew_credential(&self) -> Result<(), StorageError> {
        let failed = |error: &dyn std::fmt::Display| StorageError(error.to_string());
        let settings = shared::settings(&self.home).load().map_err(|error| failed(&error))?;
        let rng = SystemRng::default();
        let identity = identity_file::load_or_create(&self.home.identity_file(), &rng);
        let identity = identity.map_err(|error| failed(&error))?;
        let devices = FileDeviceStore::open(self.home.devices_file()).map_err(|error| failed(&error))?;
        let keys = TlsKeyFiles::open(&self.home, Box::new(SystemRng::default())).map_err(|error| failed(&error))?;
        let bootstrap = Bootstrap {
            clock: Arc::new(SystemClock),
            rng: Arc::new(rng),
            devices: Arc::new(devices),
            credentials: Arc::new(FileCredentialStore::new(self.home.clone())),
            daemon_id: identity.id(),
            known: daemon::opened::known(&identity, &keys),
            host_name: shared::host_name(),
        };
        bootstrap.renew(&settings).await.map_err(|error| failed(&error))
    }
}

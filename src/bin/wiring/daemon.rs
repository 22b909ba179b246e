//! The daemon, put together.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use netclaw::adapters::control::socket::{self, RUNTIME_VARIABLE};
use netclaw::adapters::file::activity_file::FileActivityLog;
use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::file::device_file::FileDeviceStore;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::file::identity_file;
use netclaw::adapters::file::tls_key_files::TlsKeyFiles;
use netclaw::adapters::http::certificate::Names;
use netclaw::adapters::http::connections::{ConnectionLimits, Handler, serve};
use netclaw::adapters::http::control_api::ControlApi;
use netclaw::adapters::http::listener::{Accept, OperatorListener};
use netclaw::adapters::http::public_api::PublicApi;
use netclaw::adapters::http::public_listener::PublicListener;
use netclaw::adapters::http::tls::OwnTls;
use netclaw::adapters::memory::{MemoryAttemptLog, MemoryPairingSlot};
use netclaw::adapters::platform;
use netclaw::adapters::system::clock::SystemClock;
use netclaw::adapters::system::daemon_lock::DaemonLock;
use netclaw::adapters::system::log::{self, Destination};
use netclaw::adapters::system::rng::SystemRng;
use netclaw::adapters::system::service_notifier::{Heartbeat, ServiceNotifier};
use netclaw::adapters::system::{background, signals};
use netclaw::adapters::terminal::failure::Failure;
use netclaw::app::daemon::DaemonPorts;
use netclaw::app::daemon::beacons::Beacons;
use netclaw::app::daemon::bootstrap::Bootstrap;
use netclaw::app::daemon::housekeeping::{HOUSEKEEPING_INTERVAL, Housekeeping};
use netclaw::app::daemon::open_pairing::OpenPairing;
use netclaw::app::daemon::pair_v2::{Introduction, PairV2};
use netclaw::app::daemon::pending_restart::PendingRestart;
use netclaw::app::daemon::start_up::check_tunnel;
use netclaw::app::daemon::status::{DaemonFacts, Status};
use netclaw::app::daemon::tls_rotation::TlsRotation;
use netclaw::domain::access::AccessPolicy;
use netclaw::domain::acquaintance::Acquaintance;
use netclaw::domain::daemon_id::DaemonId;
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::exposure::Reach;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::link::Pins;
use netclaw::domain::settings::Settings;
use netclaw::domain::transport::AllowPlaintext;
use netclaw::ports::exposure::Exposure;
use netclaw::ports::settings_store::SettingsStore;
use netclaw::ports::tls_keys::{TlsKey, TlsKeyStore, TlsKeys};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::{exposure, shared, start_failure as failure};

/// How the daemon is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// By a person, a service manager or a container: it logs to stderr.
    Foreground,
    /// By `netclaw daemon start`: it leaves the terminal and logs to its file.
    Background,
}

/// Runs the daemon of this environment's home until it is told to stop. With `recover`, the host gets a new credential of
/// its own first, whatever became of the old one.
pub fn run(ground: Ground, recover: bool) -> Result<(), Failure> {
    let manager = match ground {
        Ground::Foreground => ServiceNotifier::of_process(),
        Ground::Background => ServiceNotifier::silent(),
    };
    let ended = run_under(&manager, ground, recover);
    if let Err(Failure { message: Some(why), .. }) = &ended {
        manager.failed(why);
    }
    ended
}

fn run_under(manager: &ServiceNotifier, ground: Ground, recover: bool) -> Result<(), Failure> {
    let home = shared::home()?;
    let log_file = home.log_file();
    let destination = match ground {
        Ground::Foreground => Destination::Stderr,
        Ground::Background => {
            background::leave_terminal();
            Destination::File(&log_file)
        }
    };
    log::start(destination, SystemClock).map_err(|error| failure::log(&log_file, &error))?;
    let lock = DaemonLock::take(&home.lock_file()).map_err(|error| failure::lock(&home, &error))?;
    let opened = Opened::of(&home)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failure::runtime(&error))?;
    let ended = runtime.block_on(serve_home(&home, opened, recover, ground, manager));
    // The runtime ends after the writes that have begun. Until then no other daemon may read or write these files.
    drop(runtime);
    drop(lock);
    ended
}

/// What the home holds: everything that can stop the start, but for the listeners.
struct Opened {
    settings: Settings,
    identity: IdentityKey,
    tls_keys: TlsKeyFiles,
    devices: FileDeviceStore,
    activity: FileActivityLog,
}

impl Opened {
    fn of(home: &Home) -> Result<Self, Failure> {
        let settings = shared::settings(home).load();
        let settings = settings.map_err(|error| failure::settings(home, &error))?;
        let identity = identity_file::load_or_create(&home.identity_file(), &SystemRng::default());
        let identity = identity.map_err(shared::untrusted)?;
        let tls_keys = TlsKeyFiles::open(home, Box::new(SystemRng::default())).map_err(shared::untrusted)?;
        let devices = FileDeviceStore::open(home.devices_file()).map_err(shared::untrusted)?;
        let activity = FileActivityLog::open(home.activity_file(), |id| devices.knows(id));
        Ok(Self { settings, identity, tls_keys, devices, activity })
    }
}

/// What the devices of a daemon know it by.
pub fn known(identity: &IdentityKey, keys: &TlsKeyFiles) -> Acquaintance {
    let TlsKeys { current, next } = keys.keys();
    let pins = Pins { current: current.pin, next: next.map(|next| next.pin) };
    let name = DeviceName::nearest(&shared::host_name());
    Acquaintance { name, identity: Some(identity.public_key()), pins: Some(pins) }
}

/// Sees to the host's own credential.
async fn bootstrap(home: &Home, opened: &Opened, recover: bool) -> Result<(), Failure> {
    let bootstrap = Bootstrap {
        clock: Arc::new(SystemClock),
        rng: Arc::new(SystemRng::default()),
        devices: Arc::new(opened.devices.clone()),
        credentials: Arc::new(FileCredentialStore::new(home.clone())),
        daemon_id: opened.identity.id(),
        known: known(&opened.identity, &opened.tls_keys),
        host_name: shared::host_name(),
    };
    let seen_to = match recover && !opened.settings.mode.profile().trusts_loopback {
        true => bootstrap.renew(&opened.settings).await,
        false => bootstrap.ensure(&opened.settings).await,
    };
    seen_to.map_err(|error| failure::bootstrap(home, opened.settings.mode, error))
}

async fn serve_home(
    home: &Home,
    opened: Opened,
    recover: bool,
    ground: Ground,
    manager: &ServiceNotifier,
) -> Result<(), Failure> {
    let signal = signals::stop_requested().map_err(|error| failure::runtime(&error))?;
    // First of all: where the host's own credential is sent to must be ours before it is stored for there.
    let address = opened.settings.listen_address();
    let network = TcpListener::bind(address).await.map_err(|error| failure::bind(address, &error))?;
    bootstrap(home, &opened, recover).await?;
    let Opened { settings, identity, tls_keys, devices, activity } = opened;
    let exposure = exposure::of(&settings);
    let tunnel = check_tunnel(exposure.as_ref(), settings.mode).await;
    tunnel.map_err(|fault| failure::tunnel(&fault))?;
    let (id, identity) = (identity.id(), Arc::new(identity));
    let key = tls_keys.keys().current;
    let tls = Arc::new(own_tls(&settings, &id, &key)?);
    let Listeners { socket, network, listening, operator } = listen(home, network, Arc::clone(&tls))?;
    let ports = ports(devices, activity, exposure);
    if settings.allow_plaintext != AllowPlaintext::Never && settings.mode.profile().reach != Reach::Machine {
        warn!(from = %settings.allow_plaintext, "codes and tokens are accepted in the clear (Daemon.AllowPlaintext)");
    }
    info!(address = %settings.listen_address(), mode = %settings.mode, daemon = %id, version = env!("CARGO_PKG_VERSION"), "starting");
    info!(pin = %key.pin, "the port speaks plain HTTP, and TLS with the daemon's own key");
    let facts = DaemonFacts { id, pid: std::process::id(), listening, mode: settings.mode };
    let pending_restart = Arc::new(PendingRestart::new(Arc::new(shared::settings(home)), settings.clone()));
    let status = Arc::new(Status::new(ports.clone(), facts, Arc::clone(&pending_restart)));
    let (stop, stopped) = watch::channel(false);
    let ready = Arc::new(AtomicBool::new(true));
    let beacons = Arc::new(Beacons::new(ports.clone()));
    let policy = AccessPolicy::of(&settings, &shared::host_name());
    let (tls_keys, name) = (Arc::new(tls_keys), DeviceName::nearest(&shared::host_name()));
    let introduction = Introduction { identity: Arc::clone(&identity), name, keys: tls_keys.clone() };
    let pair = Arc::new(PairV2::new(ports.clone(), introduction, &settings));
    let rotation = Arc::new(TlsRotation::new(Arc::new(SystemClock), tls_keys.clone(), tls, identity));
    let public = PublicApi::new(
        &ports,
        policy,
        Arc::clone(&status),
        Arc::clone(&pair),
        Arc::clone(&rotation),
        Arc::clone(&beacons),
        Arc::clone(&ready),
    );
    let open_pairing = OpenPairing::new(ports.clone(), &settings, tls_keys.clone());
    let control = ControlApi::new(&ports, open_pairing, status, rotation, beacons, stop.clone());
    let doors = [open_door(network, public, &stopped), open_door(operator, control, &stopped)];
    info!("the daemon is ready");
    if ground == Ground::Background {
        background::announce_ready().map_err(|error| failure::runtime(&error))?;
    }
    manager.ready(&format!("Listening on {}, exposure mode {}", settings.listen_address(), settings.mode));
    let housekeeping = Housekeeping::new(ports, pair, pending_restart);
    until_stopped(&housekeeping, manager.heartbeat(), signal, stopped).await;
    manager.stopping();
    ready.store(false, Ordering::Release);
    stop.send_replace(true);
    for door in doors {
        // A door that panicked is closed too.
        let _ = door.await;
    }
    housekeeping.round().await;
    let _ = std::fs::remove_file(&socket);
    info!("the daemon has stopped");
    Ok(())
}

/// Everything outside that the use cases stand on.
fn ports(devices: FileDeviceStore, activity: FileActivityLog, exposure: Arc<dyn Exposure>) -> DaemonPorts {
    DaemonPorts {
        clock: Arc::new(SystemClock),
        rng: Arc::new(SystemRng::default()),
        devices: Arc::new(devices),
        activity: Arc::new(activity),
        slot: Arc::new(MemoryPairingSlot::default()),
        attempts: Arc::new(MemoryAttemptLog::default()),
        exposure,
    }
}

/// Where clients and the operator come in.
struct Listeners {
    socket: PathBuf,
    network: PublicListener,
    listening: Endpoint,
    operator: OperatorListener,
}

fn listen(home: &Home, network: TcpListener, tls: Arc<OwnTls>) -> Result<Listeners, Failure> {
    let socket = control_socket(home)?;
    let listening = Endpoint::of_listener(network.local_addr().map_err(|error| failure::runtime(&error))?);
    let operator = socket::bind(&socket).map_err(|error| failure::socket(&error))?;
    let operator = UnixListener::from_std(operator).map_err(|error| failure::runtime(&error))?;
    let operator = OperatorListener::new(operator, platform::user_id());
    Ok(Listeners { socket, network: PublicListener::new(network, tls), listening, operator })
}

fn own_tls(settings: &Settings, id: &DaemonId, key: &TlsKey) -> Result<OwnTls, Failure> {
    let names = Names { daemon_id: id.clone(), host_name: shared::host_name(), listening: settings.host };
    OwnTls::new(names, key, Arc::new(SystemRng::default())).map_err(|error| failure::runtime(&error))
}

fn open_door<A: Accept>(listener: A, handler: impl Handler, stopped: &watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(serve(listener, Arc::new(handler), ConnectionLimits::DAEMON, stopped.clone()))
}

/// Does the housekeeping, and gives signs of life, until a signal comes or the operator asks for a stop.
async fn until_stopped(
    housekeeping: &Housekeeping,
    mut heartbeat: Heartbeat<'_>,
    signal: impl Future<Output = &'static str>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut rounds = tokio::time::interval(HOUSEKEEPING_INTERVAL);
    let mut signal = std::pin::pin!(signal);
    loop {
        tokio::select! {
            name = &mut signal => {
                info!(signal = name, "a signal asked the daemon to stop");
                return;
            }
            _ = stopped.wait_for(|stopped| *stopped) => return,
            _ = rounds.tick() => housekeeping.round().await,
            () = heartbeat.beat() => {}
        }
    }
}

/// Where the control socket of this home is.
pub fn control_socket(home: &Home) -> Result<PathBuf, Failure> {
    let path = socket::path(home.control_socket(), std::env::var_os(RUNTIME_VARIABLE));
    path.map_err(|error| failure::socket(&error))
}

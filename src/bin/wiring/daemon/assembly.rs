//! Everything that answers, put together from what the home holds.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use netclaw::adapters::file::activity_file::FileActivityLog;
use netclaw::adapters::file::chat_sessions::FileChatSessions;
use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::file::device_file::FileDeviceStore;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::http::certificate::Names;
use netclaw::adapters::http::control_api::ControlApi;
use netclaw::adapters::http::gateway::Gateway;
use netclaw::adapters::http::public_api::PublicApi;
use netclaw::adapters::http::tls::OwnTls;
use netclaw::adapters::memory::{MemoryAttemptLog, MemoryPairingSlot};
use netclaw::adapters::metrics::PrometheusMeter;
use netclaw::adapters::system::clock::SystemClock;
use netclaw::adapters::system::rng::SystemRng;
use netclaw::adapters::terminal::failure::Failure;
use netclaw::app::daemon::DaemonPorts;
use netclaw::app::daemon::beacons::Beacons;
use netclaw::app::daemon::chat::{Chat, ChatLimits};
use netclaw::app::daemon::housekeeping::Housekeeping;
use netclaw::app::daemon::open_pairing::OpenPairing;
use netclaw::app::daemon::open_requests::OpenRequests;
use netclaw::app::daemon::own_pins::OwnPins;
use netclaw::app::daemon::pair_v2::{Introduction, PairV2};
use netclaw::app::daemon::pending_restart::PendingRestart;
use netclaw::app::daemon::start_up::check_tunnel;
use netclaw::app::daemon::status::{DaemonFacts, Status};
use netclaw::app::daemon::tls_rotation::TlsRotation;
use netclaw::domain::access::AccessPolicy;
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::exposure::Reach;
use netclaw::domain::settings::Settings;
use netclaw::domain::transport::AllowPlaintext;
use netclaw::ports::agent::ChatAgent;
use netclaw::ports::exposure::Exposure;
use netclaw::ports::tls_keys::TlsKeyStore;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::super::{exposure, shared, start_failure as failure};
use super::opened::Opened;
use super::provider_key;

/// What stands between the daemon and its clients: the tunnel, if any, and TLS with the daemon's own key; and between it and
/// the servers that it passes requests on to.
pub struct Front {
    exposure: Arc<dyn Exposure>,
    /// What the port speaks beside plain HTTP.
    pub tls: Arc<OwnTls>,
    gateway: Gateway,
}

impl Front {
    /// Checks the tunnel, makes the certificate, and reads the provider's key.
    pub async fn of(home: &Home, opened: &Opened) -> Result<Self, Failure> {
        let settings = &opened.settings;
        let exposure = exposure::of(settings);
        let tunnel = check_tunnel(exposure.as_ref(), settings.mode).await;
        tunnel.map_err(|fault| failure::tunnel(&fault))?;
        let host_name = shared::host_name();
        let names = Names { daemon_id: opened.identity.id(), host_name, listening: settings.host };
        let tls = OwnTls::new(names, &opened.tls_keys.keys().current, Arc::new(SystemRng::default()));
        let gateway = Gateway::new(settings, provider_key::of(home, &settings.agent)?);
        let gateway = gateway.map_err(|error| failure::gateway(&error))?;
        Ok(Self { exposure, tls: Arc::new(tls.map_err(|error| failure::runtime(&error))?), gateway })
    }
}

/// The wired services. What a new service needs is made in [`assemble`]; it answers through `public` or `control`, or it is
/// one more field here, which the daemon runs beside the doors.
pub struct Services {
    /// Answers the port.
    pub public: PublicApi,
    /// Answers the control socket.
    pub control: ControlApi,
    /// The conversations with the agent, some of which may go on.
    pub chat: Arc<Chat>,
    /// What is done once a minute, and once more at the end.
    pub housekeeping: Housekeeping,
    /// Whether new requests are welcome.
    pub ready: Arc<AtomicBool>,
    /// Turns true when the daemon is to stop.
    pub stop: watch::Sender<bool>,
}

/// Puts the daemon together. Nothing here can fail or waits: what can is in [`Opened`] and [`Front`].
pub fn assemble(home: &Home, opened: Opened, front: Front, listening: Endpoint) -> Services {
    announce(&opened);
    let Opened { settings, identity, tls_keys, devices, activity, agent } = opened;
    let (id, identity, tls_keys) = (identity.id(), Arc::new(identity), Arc::new(tls_keys));
    let ports = ports(&settings, devices, activity, front.exposure);
    let facts = DaemonFacts { id, pid: std::process::id(), listening, mode: settings.mode };
    let pending_restart = Arc::new(PendingRestart::new(Arc::new(shared::settings(home)), settings.clone()));
    let status = Arc::new(Status::new(ports.clone(), facts, Arc::clone(&pending_restart)));
    let (stop, _) = watch::channel(false);
    let ready = Arc::new(AtomicBool::new(true));
    let beacons = Arc::new(Beacons::new(ports.clone()));
    let name = DeviceName::nearest(&shared::host_name());
    let introduction = Introduction { identity: Arc::clone(&identity), name, keys: tls_keys.clone() };
    let pair = Arc::new(PairV2::new(ports.clone(), introduction, &settings));
    let own = OwnPins::new(Arc::new(FileCredentialStore::new(home.clone())), identity.id());
    let rotation = TlsRotation::new(Arc::new(SystemClock), tls_keys.clone(), front.tls, identity).followed_by(own);
    let rotation = Arc::new(rotation);
    let chat = chat(home, &ports, agent, &settings);
    let public = PublicApi::new(
        &ports,
        AccessPolicy::of(&settings, &shared::host_name()),
        Arc::clone(&status),
        Arc::clone(&pair),
        Arc::clone(&rotation),
        Arc::clone(&beacons),
        Arc::clone(&ready),
    )
    .with_chat(&chat)
    .with_gateway(front.gateway);
    let open_pairing = OpenPairing::new(ports.clone(), &settings, tls_keys.clone());
    let control = ControlApi::new(&ports, open_pairing, status, rotation, beacons, stop.clone());
    let housekeeping = Housekeeping::new(ports, pair, pending_restart);
    Services { public, control, chat, housekeeping, ready, stop }
}

/// The conversations, which are read in the background: nobody waits for them but whoever asks first.
fn chat(home: &Home, ports: &DaemonPorts, agent: Option<Arc<dyn ChatAgent>>, settings: &Settings) -> Arc<Chat> {
    let sessions = FileChatSessions::new(home.sessions_folder());
    let opening = sessions.clone();
    tokio::spawn(async move {
        if let Err(cause) = opening.open().await {
            error!(%cause, "the conversations with the agent cannot be read");
        }
    });
    let limits = ChatLimits::of(&settings.agent);
    Arc::new(Chat::new(ports.clone(), Arc::new(sessions), agent, limits))
}

/// Says in the log how the daemon is about to run.
fn announce(opened: &Opened) {
    let Opened { settings, identity, tls_keys, .. } = opened;
    if settings.allow_plaintext != AllowPlaintext::Never && settings.mode.profile().reach != Reach::Machine {
        warn!(from = %settings.allow_plaintext, "codes and tokens are accepted in the clear (Daemon.AllowPlaintext)");
    }
    let version = env!("CARGO_PKG_VERSION");
    info!(address = %settings.listen_address(), mode = %settings.mode, daemon = %identity.id(), version, "starting");
    info!(pin = %tls_keys.keys().current.pin, "the port speaks plain HTTP, and TLS with the daemon's own key");
}

/// Everything outside that the use cases stand on.
fn ports(
    settings: &Settings,
    devices: FileDeviceStore,
    activity: FileActivityLog,
    exposure: Arc<dyn Exposure>,
) -> DaemonPorts {
    DaemonPorts {
        clock: Arc::new(SystemClock),
        rng: Arc::new(SystemRng::default()),
        devices: Arc::new(devices),
        activity: Arc::new(activity),
        slot: Arc::new(MemoryPairingSlot::default()),
        attempts: Arc::new(MemoryAttemptLog::default()),
        exposure,
        meter: Arc::new(PrometheusMeter::new(env!("CARGO_PKG_VERSION"))),
        open: Arc::new(OpenRequests::new(settings.gateway.requests_per_device)),
    }
}

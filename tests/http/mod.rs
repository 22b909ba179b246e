//! The daemon's TCP port over real sockets, on a clock that the test moves: what takes minutes.

mod beacons;
mod chat;
mod early_answers;
mod elsewhere;
mod forward;
pub(crate) mod gateway;
mod limits;
mod metrics;
mod modes;
mod pair_v2;
mod panics;
mod rotation;
mod secret_rotation;
mod slow_bodies;
mod tls;
pub(crate) mod tls_client;
mod transport;

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use netclaw::adapters::exposure::ListenerExposure;
use netclaw::adapters::http::certificate::Names;
use netclaw::adapters::http::connections::{ConnectionLimits, serve};
use netclaw::adapters::http::gateway::Gateway;
use netclaw::adapters::http::public_api::PublicApi;
use netclaw::adapters::http::public_listener::PublicListener;
use netclaw::adapters::http::tls::OwnTls;
use netclaw::adapters::memory::{MemoryAttemptLog, MemoryPairingSlot};
use netclaw::adapters::metrics::PrometheusMeter;
use netclaw::adapters::relay::upstream::Waits;
use netclaw::app::daemon::DaemonPorts;
use netclaw::app::daemon::beacons::Beacons;
use netclaw::app::daemon::chat::{Chat, ChatLimits};
use netclaw::app::daemon::open_pairing::OpenPairing;
use netclaw::app::daemon::open_requests::OpenRequests;
use netclaw::app::daemon::pair_v2::{Introduction, PairV2};
use netclaw::app::daemon::pending_restart::PendingRestart;
use netclaw::app::daemon::status::{DaemonFacts, Status};
use netclaw::app::daemon::tls_rotation::TlsRotation;
use netclaw::domain::access::AccessPolicy;
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::pin::Pin;
use netclaw::domain::provider_key::ProviderKey;
use netclaw::domain::settings::Settings;
use netclaw::domain::terms::Terms;
use netclaw::ports::agent::ChatAgent;
use netclaw::ports::rng::Rng;
use netclaw::ports::tls_keys::TlsKeyStore;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use self::elsewhere::Elsewhere;

use crate::e2e::raw_http::{Answer, Request};
use crate::fakes::activity_log::FakeActivityLog;
use crate::fakes::chat_sessions::FakeChatSessions;
use crate::fakes::clock::FakeClock;
use crate::fakes::device_store::FakeDeviceStore;
use crate::fakes::rng::SeededRng;
use crate::fakes::settings_store::FakeSettingsStore;
use crate::fakes::tls_keys::FakeTlsKeyStore;

/// A daemon without a process: real sockets and use cases, a fake clock, devices in memory.
pub struct Port {
    address: SocketAddr,
    /// Of its TLS key.
    pin: Pin,
    clock: Arc<FakeClock>,
    devices: Arc<FakeDeviceStore>,
    activity: Arc<FakeActivityLog>,
    open_pairing: OpenPairing,
    rotation: Arc<TlsRotation>,
    beacons: Arc<Beacons>,
    open: Arc<OpenRequests>,
    ready: Arc<AtomicBool>,
    runtime: Runtime,
    /// Dropping it would end the daemon.
    stop: watch::Sender<bool>,
}

/// What a port is made of.
struct Plan {
    /// Apart from where it listens: on loopback, where tests may.
    settings: Settings,
    limits: ConnectionLimits,
    /// What codes and tokens are made from.
    rng: Arc<dyn Rng>,
    /// Where all connections seem to come from, if not from where they do.
    peer: Option<IpAddr>,
    /// Bytes that each client reads.
    read: usize,
    agent: Option<Arc<dyn ChatAgent>>,
    /// The agent's provider's.
    provider_key: Option<ProviderKey>,
    /// For the targets of routes.
    waits: Waits,
}

impl Default for Plan {
    /// In local mode.
    fn default() -> Self {
        let rng = Arc::new(SeededRng::new(7));
        let long = Duration::from_secs(600);
        let waits = Waits { connect: long, answer: long, silence: long, tunnel: long };
        let settings = Settings::default();
        let (limits, read) = (ConnectionLimits::DAEMON, usize::MAX);
        Self { settings, limits, rng, peer: None, read, provider_key: None, agent: None, waits }
    }
}

impl Default for Port {
    /// In local mode.
    fn default() -> Self {
        Self::of(Plan::default())
    }
}

impl Port {
    fn with(settings: Settings) -> Self {
        Self::of(Plan { settings, ..Plan::default() })
    }

    fn of(plan: Plan) -> Self {
        Self::behind(TcpListener::bind("127.0.0.1:0").unwrap(), plan)
    }

    /// A port that listens here.
    pub fn listening(listener: TcpListener, settings: Settings) -> Self {
        Self::behind(listener, Plan { settings, ..Plan::default() })
    }

    fn behind(listener: TcpListener, plan: Plan) -> Self {
        let Plan { settings, limits, rng, peer, read, provider_key, agent, waits } = plan;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let address = listener.local_addr().unwrap();
        let (clock, devices) = (Arc::new(FakeClock::default()), Arc::new(FakeDeviceStore::default()));
        let activity = Arc::new(FakeActivityLog::default());
        let ports = DaemonPorts {
            clock: clock.clone(),
            rng: Arc::clone(&rng),
            devices: devices.clone(),
            activity: activity.clone(),
            slot: Arc::new(MemoryPairingSlot::default()),
            attempts: Arc::new(MemoryAttemptLog::default()),
            exposure: Arc::new(ListenerExposure::new(address)),
            meter: Arc::new(PrometheusMeter::new("1.2.3")),
            open: Arc::new(OpenRequests::new(settings.gateway.requests_per_device)),
        };
        let identity = Arc::new(IdentityKey::from_seed(&[7; 32]).unwrap());
        let (id, listening) = (identity.id(), Endpoint::of_listener(address));
        let keys = Arc::new(FakeTlsKeyStore::default());
        let key = keys.keys().current;
        let names = Names { daemon_id: id.clone(), host_name: "my-server".to_owned(), listening: address.ip() };
        let tls = Arc::new(OwnTls::new(names, &key, rng).unwrap());
        let facts = DaemonFacts { id, pid: 1, listening, mode: settings.mode };
        let stored = Arc::new(FakeSettingsStore::with(settings.clone()));
        let pending_restart = Arc::new(PendingRestart::new(stored, settings.clone()));
        let status = Arc::new(Status::new(ports.clone(), facts, pending_restart));
        let (beacons, ready) = (Arc::new(Beacons::new(ports.clone())), Arc::new(AtomicBool::new(true)));
        let policy = AccessPolicy::of(&settings, "my-server");
        let name = DeviceName::nearest("my-server");
        let introduction = Introduction { identity: Arc::clone(&identity), name, keys: keys.clone() };
        let pair = Arc::new(PairV2::new(ports.clone(), introduction, &settings));
        let rotation = Arc::new(TlsRotation::new(clock.clone(), keys.clone(), Arc::<OwnTls>::clone(&tls), identity));
        let sessions = Arc::new(FakeChatSessions::default());
        let chat = Arc::new(Chat::new(ports.clone(), sessions, agent, ChatLimits::of(&settings.agent)));
        let gateway = Gateway::with_waits(&settings, provider_key, waits).unwrap();
        let open = Arc::clone(&ports.open);
        let (rotating, known) = (Arc::clone(&rotation), Arc::clone(&beacons));
        let api = PublicApi::new(&ports, policy, status, pair, rotating, known, Arc::clone(&ready))
            .with_gateway(gateway)
            .with_chat(&chat);
        let (stop, stopped) = watch::channel(false);
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let listener = Elsewhere { listener: PublicListener::new(listener, tls), peer, read };
            serve(listener, Arc::new(api), limits, stopped).await;
        });
        let open_pairing = OpenPairing::new(ports, &settings, keys);
        let pin = key.pin;
        Self { address, pin, clock, devices, activity, open_pairing, rotation, beacons, open, ready, runtime, stop }
    }

    /// A fresh code.
    pub fn code(&self) -> String {
        self.runtime.block_on(self.open_pairing.open(Terms::default())).unwrap().code.reveal()
    }

    fn exchange(&self, code: &str) -> Answer {
        Request::exchange(self.address, code, "laptop").send()
    }

    pub fn minutes_pass(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(60 * minutes));
    }

    /// Ends the daemon.
    fn stop(&self) {
        self.ready.store(false, Ordering::Release);
        self.stop.send_replace(true);
    }
}

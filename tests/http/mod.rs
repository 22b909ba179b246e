//! The daemon's TCP port over real sockets, on a clock that the test moves: what takes minutes.

mod beacons;
mod early_answers;
mod limits;
mod modes;
mod pair_v2;
mod panics;
mod rotation;
mod slow_bodies;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use netclaw::adapters::exposure::ListenerExposure;
use netclaw::adapters::http::connections::{ConnectionLimits, serve};
use netclaw::adapters::http::public_api::PublicApi;
use netclaw::adapters::memory::{MemoryAttemptLog, MemoryPairingSlot};
use netclaw::app::daemon::DaemonPorts;
use netclaw::app::daemon::beacons::Beacons;
use netclaw::app::daemon::open_pairing::OpenPairing;
use netclaw::app::daemon::pair_v2::{Introduction, PairV2};
use netclaw::app::daemon::pending_restart::PendingRestart;
use netclaw::app::daemon::status::{DaemonFacts, Status};
use netclaw::domain::access::AccessPolicy;
use netclaw::domain::binding::Pin;
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::settings::Settings;
use netclaw::domain::terms::Terms;
use netclaw::ports::rng::Rng;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::e2e::raw_http::{Answer, Request};
use crate::fakes::activity_log::FakeActivityLog;
use crate::fakes::clock::FakeClock;
use crate::fakes::device_store::FakeDeviceStore;
use crate::fakes::rng::SeededRng;
use crate::fakes::settings_store::FakeSettingsStore;

/// The daemon's own TLS key.
const PIN: Pin = Pin::from_bytes([5; 32]);

/// A daemon without a process: real sockets and use cases, a fake clock, devices in memory.
pub struct Port {
    address: SocketAddr,
    clock: Arc<FakeClock>,
    devices: Arc<FakeDeviceStore>,
    open_pairing: OpenPairing,
    beacons: Arc<Beacons>,
    runtime: Runtime,
    /// Dropping it would end the daemon.
    _stop: watch::Sender<bool>,
}

impl Default for Port {
    /// In local mode.
    fn default() -> Self {
        Self::with(Settings::default())
    }
}

impl Port {
    /// With these settings, apart from where it listens: on loopback, where tests may.
    fn with(settings: Settings) -> Self {
        Self::of(settings, ConnectionLimits::DAEMON, Arc::new(SeededRng::new(7)))
    }

    /// A port that bears this much and makes its codes and tokens from this source.
    fn of(settings: Settings, limits: ConnectionLimits, rng: Arc<dyn Rng>) -> Self {
        Self::behind(TcpListener::bind("127.0.0.1:0").unwrap(), settings, limits, rng)
    }

    /// A port that listens here.
    pub fn listening(listener: TcpListener, settings: Settings) -> Self {
        Self::behind(listener, settings, ConnectionLimits::DAEMON, Arc::new(SeededRng::new(7)))
    }

    fn behind(listener: TcpListener, settings: Settings, limits: ConnectionLimits, rng: Arc<dyn Rng>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let address = listener.local_addr().unwrap();
        let (clock, devices) = (Arc::new(FakeClock::default()), Arc::new(FakeDeviceStore::default()));
        let ports = DaemonPorts {
            clock: clock.clone(),
            rng,
            devices: devices.clone(),
            activity: Arc::new(FakeActivityLog::default()),
            slot: Arc::new(MemoryPairingSlot::default()),
            attempts: Arc::new(MemoryAttemptLog::default()),
            exposure: Arc::new(ListenerExposure::new(address)),
        };
        let identity = IdentityKey::from_seed(&[1; 32]).unwrap();
        let (id, listening) = (identity.id(), Endpoint::of_listener(address));
        let facts = DaemonFacts { id, pid: 1, listening, mode: settings.mode };
        let stored = Arc::new(FakeSettingsStore::with(settings.clone()));
        let pending_restart = Arc::new(PendingRestart::new(stored, settings.clone()));
        let status = Arc::new(Status::new(ports.clone(), facts, pending_restart));
        let (beacons, ready) = (Arc::new(Beacons::new(ports.clone())), Arc::new(AtomicBool::new(true)));
        let policy = AccessPolicy::of(&settings, "my-server");
        let introduction = Introduction { identity, name: DeviceName::nearest("my-server"), pins: vec![PIN] };
        let pair = Arc::new(PairV2::new(ports.clone(), introduction, &settings));
        let api = PublicApi::new(&ports, policy, status, pair, Arc::clone(&beacons), ready);
        let (stop, stopped) = watch::channel(false);
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            serve(listener, Arc::new(api), limits, stopped).await;
        });
        let open_pairing = OpenPairing::new(ports, &settings);
        Self { address, clock, devices, open_pairing, beacons, runtime, _stop: stop }
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
}

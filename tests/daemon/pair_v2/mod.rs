//! Pairing by handshakes, over fakes and the memory adapters.

mod confirm;
mod limits;
mod links;
mod metered;
mod names;
mod races;
mod steps;
mod terms;

use std::sync::Arc;

use netclaw::adapters::memory::{MemoryAttemptLog, MemoryPairingSlot};
use netclaw::app::daemon::DaemonPorts;
use netclaw::app::daemon::exchange::{Exchange, ExchangeError, ExchangeRequest};
use netclaw::app::daemon::open_pairing::OpenPairing;
use netclaw::app::daemon::open_requests::OpenRequests;
use netclaw::app::daemon::pair_v2::{Introduction, PairError, PairV2};
use netclaw::domain::binding::{Binding, Origin};
use netclaw::domain::client_address::ClientAddress;
use netclaw::domain::code::PairingCode;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::pairing_link::PairingLink;
use netclaw::domain::pairing_secret::Shared;
use netclaw::domain::pake::{
    ClientConfirm, ClientFinish, ClientHello, ClientStart, FinishAnswer, FinishRequest, Outcome, ReceivedHello,
};
use netclaw::domain::pin::Pin;
use netclaw::domain::session::Generation;
use netclaw::domain::settings::Settings;
use netclaw::domain::terms::Terms;
use netclaw::ports::device_store::DeviceStore;
use netclaw::ports::tls_keys::TlsKeyStore;

use crate::fakes::activity_log::FakeActivityLog;
use crate::fakes::clock::FakeClock;
use crate::fakes::device_store::FakeDeviceStore;
use crate::fakes::exposure::FakeExposure;
use crate::fakes::meter::FakeMeter;
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{address, name};
use crate::fakes::tls_keys::FakeTlsKeyStore;

const NO_CODE: PairError = PairError::Exchange(ExchangeError::NoPairingCode);

const WRONG_CODE: PairError = PairError::Exchange(ExchangeError::WrongCode);

/// A daemon's use cases of pairing, and a client's random bytes.
struct World {
    ports: DaemonPorts,
    clock: Arc<FakeClock>,
    devices: Arc<FakeDeviceStore>,
    open: OpenPairing,
    pair: Arc<PairV2>,
    exchange: Exchange,
    /// Of the daemon's TLS key.
    pin: Pin,
    random: SeededRng,
}

impl Default for World {
    fn default() -> Self {
        let (clock, devices) = (Arc::new(FakeClock::default()), Arc::new(FakeDeviceStore::default()));
        let ports = DaemonPorts {
            clock: clock.clone(),
            rng: Arc::new(SeededRng::new(7)),
            devices: devices.clone(),
            activity: Arc::new(FakeActivityLog::default()),
            slot: Arc::new(MemoryPairingSlot::default()),
            attempts: Arc::new(MemoryAttemptLog::default()),
            exposure: Arc::new(FakeExposure::default()),
            meter: Arc::new(FakeMeter::default()),
            open: Arc::new(OpenRequests::new(1)),
        };
        Self::over(ports, clock, devices)
    }
}

impl World {
    fn over(ports: DaemonPorts, clock: Arc<FakeClock>, devices: Arc<FakeDeviceStore>) -> Self {
        let external_url = Some(Endpoint::parse("https://agent.example.org").unwrap());
        let settings = Settings { external_url, log_pairing_code: false, ..Settings::default() };
        let keys = Arc::new(FakeTlsKeyStore::default());
        let pin = keys.keys().current.pin;
        let identity = Arc::new(IdentityKey::from_seed(&[9; 32]).unwrap());
        let introduction = Introduction { identity, name: Some(name("my-server")), keys: keys.clone() };
        Self {
            open: OpenPairing::new(ports.clone(), &settings, keys.clone()),
            pair: Arc::new(PairV2::new(ports.clone(), introduction, &settings)),
            exchange: Exchange::new(ports.clone()),
            pin,
            random: SeededRng::new(11),
            ports,
            clock,
            devices,
        }
    }

    /// A fresh code.
    async fn code(&self) -> PairingCode {
        self.open.open(Terms::default()).await.unwrap().code
    }

    /// A fresh code for a device that the operator is asked about.
    async fn asking_code(&self) -> (PairingCode, Generation) {
        let opened = self.open.open(Terms { confirm: true, ..Terms::default() }).await.unwrap();
        (opened.code, opened.generation)
    }

    /// A fresh link.
    async fn link(&self) -> PairingLink {
        self.open.open_link(Terms::default()).await.unwrap().code
    }

    /// A handshake up to the client's proof, from the `from`th address.
    async fn start(&self, code: impl Into<Shared<'_>>, from: u32) -> Result<ClientConfirm, PairError> {
        self.start_over(Binding::Spki(self.pin), code, from).await
    }

    async fn start_over(
        &self,
        binding: Binding,
        code: impl Into<Shared<'_>>,
        from: u32,
    ) -> Result<ClientConfirm, PairError> {
        let (client, hello) = ClientStart::begin(code, binding, &self.random.bytes()).unwrap();
        let reply = self.pair.start(client_at(from), received(&hello)).await?;
        Ok(client.receive(&reply).unwrap())
    }

    /// A handshake up to a request for a name.
    async fn ask(&self, code: impl Into<Shared<'_>>, wanted: &str, from: u32) -> (ClientFinish, FinishRequest) {
        self.start(code, from).await.unwrap().ask(wanted).unwrap()
    }

    async fn finish(&self, request: &FinishRequest, from: u32) -> Result<FinishAnswer, PairError> {
        self.pair.finish(client_at(from), request.clone()).await
    }

    /// A whole handshake, and its outcome.
    async fn pair(&self, code: impl Into<Shared<'_>>, wanted: &str, from: u32) -> Result<Outcome, PairError> {
        let (client, request) = self.start(code, from).await?.ask(wanted).unwrap();
        Ok(client.receive(&self.finish(&request, from).await?).unwrap())
    }

    /// An exchange of the first protocol.
    async fn exchange(&self, code: &PairingCode, wanted: &str, from: u32) -> Result<(), ExchangeError> {
        let request = ExchangeRequest::read(Some(&code.reveal()), Some(wanted.to_owned())).unwrap();
        self.exchange.run(client_at(from), request).await.map(drop)
    }

    async fn names(&self) -> Vec<String> {
        self.devices.list().await.unwrap().iter().map(|device| device.name().to_string()).collect()
    }
}

fn client_at(number: u32) -> ClientAddress {
    let [_, a, b, c] = number.to_be_bytes();
    address(&format!("10.{a}.{b}.{c}"))
}

fn received(hello: &ClientHello) -> ReceivedHello {
    let ClientHello { suite, link, binding, nonce, message } = hello.clone();
    ReceivedHello { suite, link, binding, nonce, message: *message.as_bytes() }
}

fn origin(text: &str) -> Binding {
    Binding::Origin(Origin::parse(text).unwrap())
}

#[tokio::test]
async fn whoever_has_the_code_is_paired_and_told_where_the_daemon_is() {
    let world = World::default();
    let code = world.code().await;
    let outcome = world.pair(&code, " Laptop ", 1).await.unwrap();
    let Outcome::Paired(enrolment) = outcome else { panic!("{outcome:?}") };
    let grant = enrolment.grant;
    assert_eq!((grant.device_name.as_str(), grant.daemon_name.unwrap().as_str()), ("Laptop", "my-server"));
    assert_eq!((grant.pin_now, grant.pin_next), (Some(world.pin), None));
    assert_eq!(grant.endpoints, [Endpoint::parse("https://agent.example.org").unwrap()]);
    assert_eq!(enrolment.identity.id(), IdentityKey::from_seed(&[9; 32]).unwrap().id());
    let device = world.devices.find(grant.device).await.unwrap().unwrap();
    assert!(netclaw::domain::device::is_authentic(&grant.token, Some(&device), world.ports.clock.now().wall));
    assert_eq!(world.pair(&code, "phone", 2).await.unwrap_err(), NO_CODE);
}

#[tokio::test]
async fn every_link_that_the_daemon_knows_is_one_to_pair_over() {
    let direct = |world: &World| Binding::Spki(world.pin);
    let proxied = |_: &World| origin("https://agent.example.org");
    let on_this_machine = |_: &World| origin("http://localhost:8000");
    for binding in [direct, proxied, on_this_machine] {
        let world = World::default();
        let binding = binding(&world);
        let code = world.code().await;
        let (client, request) = world.start_over(binding, &code, 1).await.unwrap().ask("laptop").unwrap();
        let outcome = client.receive(&world.finish(&request, 1).await.unwrap()).unwrap();
        assert!(matches!(outcome, Outcome::Paired(_)), "{outcome:?}");
    }
}

#[tokio::test]
async fn b19_someone_in_between_is_reported_to_the_client_and_the_code_stays_valid() {
    use netclaw::domain::pake::answer::NotPaired;
    let world = World::default();
    let code = world.code().await;
    for binding in [Binding::Spki(Pin::from_bytes([6; 32])), origin("https://agent.example.com")] {
        let (client, request) = world.start_over(binding, &code, 1).await.unwrap().ask("laptop").unwrap();
        let answer = world.finish(&request, 1).await.unwrap();
        assert!(matches!(client.receive(&answer).unwrap(), Outcome::Ended(NotPaired::UnknownLink)));
        let again = world.finish(&request, 1).await.unwrap();
        assert_eq!(again.sealed, answer.sealed);
    }
    assert!(world.names().await.is_empty());
    assert!(matches!(world.pair(&code, "laptop", 1).await.unwrap(), Outcome::Paired(_)));
}

#[tokio::test]
async fn a15_without_random_bytes_there_is_no_handshake() {
    let world = World::default();
    let code = world.code().await;
    let ports = DaemonPorts { rng: Arc::new(crate::fakes::rng::FailingRng), ..world.ports.clone() };
    let world = World::over(ports, world.clock, world.devices);
    let refused = world.start(&code, 1).await.unwrap_err();
    assert_eq!(refused, PairError::Exchange(ExchangeError::StorageUnavailable));
}

#[tokio::test]
async fn without_a_code_there_is_no_handshake() {
    let world = World::default();
    let code = PairingCode::parse("2345-6789").unwrap();
    assert_eq!(world.start(&code, 1).await.unwrap_err(), NO_CODE);
    assert!(world.ports.slot.current(world.ports.clock.now().monotonic).await.is_none());
}

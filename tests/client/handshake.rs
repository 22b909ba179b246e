//! Pairing by handshakes with the daemon's own use case, and with someone in between.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use netclaw::adapters::memory::{MemoryAttemptLog, MemoryPairingSlot};
use netclaw::adapters::terminal::failure::of_enrol;
use netclaw::app::client::enrol::{Enrol, EnrolError, EnrolRequest, Enrolled, Invitation, Suspicion};
use netclaw::app::client::target::{Choice, Rule};
use netclaw::app::daemon::DaemonPorts;
use netclaw::app::daemon::exchange::ExchangeError;
use netclaw::app::daemon::open_pairing::OpenPairing;
use netclaw::app::daemon::open_requests::OpenRequests;
use netclaw::app::daemon::pair_v2::{Introduction, PairError, PairV2};
use netclaw::domain::beacon::{Beacon, Sighting};
use netclaw::domain::binding::Binding;
use netclaw::domain::client_address::ClientAddress;
use netclaw::domain::code::PairingCode;
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::identity::{IdentityKey, IdentityPublicKey};
use netclaw::domain::link::{Link, Meeting, Pins, Unprotected};
use netclaw::domain::pairing_link::PairingLink;
use netclaw::domain::pake::answer::NotPaired;
use netclaw::domain::pake::{
    AnswerError, ClientHello, Confirmation, DaemonHello, FinishAnswer, FinishRequest, Nonce, PakeError, ReceivedHello,
};
use netclaw::domain::pin::Pin;
use netclaw::domain::session::Generation;
use netclaw::domain::settings::Settings;
use netclaw::domain::terms::Terms;
use netclaw::domain::token::BearerToken;
use netclaw::ports::control_channel::PairingOutcome;
use netclaw::ports::daemon_api::{ApiError, DaemonApi, DeviceIdentity, Grant, Rejection, StatusReport};
use netclaw::ports::device_store::DeviceStore;
use netclaw::ports::tls_keys::TlsKeyStore;

use crate::fakes::activity_log::FakeActivityLog;
use crate::fakes::clock::FakeClock;
use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::device_store::FakeDeviceStore;
use crate::fakes::exposure::FakeExposure;
use crate::fakes::meter::FakeMeter;
use crate::fakes::prompter::FakePrompter;
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{daemon_report, device, endpoint, name, other_than, pairing, rejected, token, unreachable};
use crate::fakes::tls_keys::FakeTlsKeyStore;

const PLACE: &str = "http://my-server:5199";

/// A daemon, and whoever sits in between.
struct Daemon {
    pair: PairV2,
    open: OpenPairing,
    devices: Arc<FakeDeviceStore>,
    identity: IdentityPublicKey,
    pin: Pin,
    meeting: Meeting,
    hello: fn(&mut ClientHello),
    reply: fn(&ClientHello, &mut DaemonHello),
    answer: fn(&mut FinishAnswer),
    /// What goes wrong on the way back, after the daemon has answered.
    losses: Mutex<VecDeque<ApiError>>,
    start_error: Option<ApiError>,
    calls: Mutex<Vec<&'static str>>,
    exchanges: AtomicU32,
    /// Which session the operator is asked about, and the answer.
    operator: Mutex<Option<(Generation, bool)>>,
    /// The words that the operator saw.
    words: Mutex<String>,
}

impl Default for Daemon {
    fn default() -> Self {
        let devices = Arc::new(FakeDeviceStore::default());
        let ports = DaemonPorts {
            clock: Arc::new(FakeClock::default()),
            rng: Arc::new(SeededRng::new(7)),
            devices: devices.clone(),
            activity: Arc::new(FakeActivityLog::default()),
            slot: Arc::new(MemoryPairingSlot::default()),
            attempts: Arc::new(MemoryAttemptLog::default()),
            exposure: Arc::new(FakeExposure::default()),
            meter: Arc::new(FakeMeter::default()),
            open: Arc::new(OpenRequests::new(1)),
        };
        let settings = Settings {
            external_url: Some(endpoint("https://agent.example.org")),
            log_pairing_code: false,
            ..Settings::default()
        };
        let (key, keys) = (IdentityKey::from_seed(&[9; 32]).unwrap(), Arc::new(FakeTlsKeyStore::default()));
        let (identity, pin) = (key.public_key(), keys.keys().current.pin);
        let introduction = Introduction { identity: Arc::new(key), name: Some(name("my-server")), keys: keys.clone() };
        Self {
            open: OpenPairing::new(ports.clone(), &settings, keys.clone()),
            pair: PairV2::new(ports, introduction, &settings),
            devices,
            identity,
            pin,
            meeting: Meeting::Key(pin),
            hello: |_| {},
            reply: |_, _| {},
            answer: |_| {},
            losses: Mutex::default(),
            start_error: None,
            calls: Mutex::default(),
            exchanges: AtomicU32::new(0),
            operator: Mutex::default(),
            words: Mutex::default(),
        }
    }
}

impl Daemon {
    async fn code(&self) -> PairingCode {
        self.open.open(Terms::default()).await.unwrap().code
    }

    async fn names(&self) -> Vec<String> {
        self.devices.list().await.unwrap().iter().map(|device| device.name().to_string()).collect()
    }

    fn finishes(&self) -> usize {
        self.calls.lock().unwrap().iter().filter(|call| **call == "finish").count()
    }
}

fn refused(error: PairError) -> ApiError {
    rejected(match error {
        PairError::Exchange(ExchangeError::WrongCode) => Rejection::WrongCode,
        PairError::Exchange(ExchangeError::NoPairingCode) => Rejection::NoPairingCode,
        PairError::NoHandshake => Rejection::NoHandshake,
        PairError::OperatorIsAsked => Rejection::ConfirmationPending,
        other => panic!("{other}"),
    })
}

fn client() -> ClientAddress {
    ClientAddress::of([10, 0, 0, 11].into())
}

#[async_trait]
impl DaemonApi for Daemon {
    async fn probe(&self, _: &Link) -> Result<(), ApiError> {
        Ok(())
    }

    async fn sight(&self, _: &Link, _: &Beacon) -> Result<Sighting, ApiError> {
        Err(unreachable())
    }

    async fn meet(&self, _: &Endpoint) -> Result<Meeting, ApiError> {
        Ok(self.meeting)
    }

    async fn start_pairing(&self, _: &Link, hello: &ClientHello) -> Result<DaemonHello, ApiError> {
        self.calls.lock().unwrap().push("start");
        if let Some(error) = &self.start_error {
            return Err(error.clone());
        }
        let mut passed_on = hello.clone();
        (self.hello)(&mut passed_on);
        let ClientHello { suite, link, binding, nonce, message } = passed_on;
        let received = ReceivedHello { suite, link, binding, nonce, message: *message.as_bytes() };
        let mut reply = self.pair.start(client(), received).await.map_err(refused)?;
        (self.reply)(hello, &mut reply);
        Ok(reply)
    }

    async fn finish_pairing(&self, _: &Link, request: &FinishRequest) -> Result<FinishAnswer, ApiError> {
        self.calls.lock().unwrap().push("finish");
        let operator = *self.operator.lock().unwrap();
        if let Some((generation, agrees)) = operator {
            // The operator looks up every time, and answers at the third.
            let outcome = self.open.outcome(generation).await;
            if let (PairingOutcome::Asking { applicant, .. }, 3) = (outcome, self.finishes()) {
                *self.words.lock().unwrap() = applicant.words.to_string();
                self.open.decide(generation, agrees).await.unwrap();
            }
        }
        let answered = self.pair.finish(client(), request.clone()).await.map_err(refused);
        if let Some(loss) = self.losses.lock().unwrap().pop_front() {
            return Err(loss);
        }
        let mut answer = answered?;
        (self.answer)(&mut answer);
        Ok(answer)
    }

    async fn exchange(&self, link: &Link, _: &PairingCode, name: &DeviceName) -> Result<Grant, ApiError> {
        link.check()?;
        self.exchanges.fetch_add(1, Ordering::SeqCst);
        let (token, daemon_id) = (token(9), self.identity.id());
        Ok(Grant { device: DeviceIdentity { id: token.device(), name: name.clone() }, token, daemon_id })
    }

    async fn status<'a>(&self, link: &Link, token: Option<&'a BearerToken>) -> Result<StatusReport, ApiError> {
        link.check()?;
        self.calls.lock().unwrap().push("status");
        let device = token.map(|token| DeviceIdentity { id: token.device(), name: name("laptop") });
        let mut daemon = daemon_report(9);
        daemon.id = self.identity.id();
        Ok(StatusReport { daemon, device, expires_at: None, transport: None })
    }

    async fn rotate(&self, _: &Link, token: &BearerToken) -> Result<BearerToken, ApiError> {
        Ok(token.clone())
    }

    async fn confirm_rotation(&self, _: &Link, _: &BearerToken) -> Result<(), ApiError> {
        Ok(())
    }

    async fn revoke_self(&self, _: &Link, _: &BearerToken) -> Result<(), ApiError> {
        Ok(())
    }
}

async fn enrol(
    daemon: &Daemon,
    place: &str,
    credentials: &FakeCredentialStore,
    prompter: &mut FakePrompter,
) -> Result<Enrolled, EnrolError> {
    let request = EnrolRequest {
        invitation: Invitation::Address(endpoint(place)),
        name: None,
        host_name: "my-laptop".to_owned(),
    };
    Enrol { api: daemon, credentials, prompter, clock: &FakeClock::default(), rng: &SeededRng::new(3) }
        .run(request)
        .await
}

/// Pairs with the right code, and with what is stored then.
async fn pair(daemon: &Daemon, place: &str) -> (Result<Enrolled, EnrolError>, FakeCredentialStore) {
    let (credentials, code) = (FakeCredentialStore::default(), daemon.code().await.reveal());
    let mut person = FakePrompter::person(&[&code, ""]);
    (enrol(daemon, place, &credentials, &mut person).await, credentials)
}

#[tokio::test]
async fn a_direct_link_is_paired_by_its_key_which_is_stored() {
    let daemon = Daemon::default();
    let (enrolled, credentials) = pair(&daemon, PLACE).await;
    assert_eq!(enrolled.unwrap().daemon_id, daemon.identity.id());
    let known = credentials.pairings().remove(0).known;
    assert_eq!(known.pins, Some(Pins { current: daemon.pin, next: None }));
    assert_eq!((known.identity, known.name), (Some(daemon.identity), Some(name("my-server"))));
    assert_eq!(*daemon.calls.lock().unwrap(), ["start", "finish", "status"]);
}

#[tokio::test]
async fn b29_behind_a_publicly_valid_certificate_no_key_is_stored() {
    let daemon = Daemon { meeting: Meeting::PublicCertificate, ..Daemon::default() };
    let (enrolled, credentials) = pair(&daemon, "https://agent.example.org").await;
    enrolled.unwrap();
    let known = credentials.pairings().remove(0).known;
    assert_eq!((known.pins, known.identity), (None, Some(daemon.identity)));
}

#[tokio::test]
async fn two_daemons_of_one_name_are_told_apart() {
    let daemon = Daemon::default();
    let mut other = pairing(5, "http://other:5199");
    other.known.name = Some(name("My-Server"));
    let credentials = FakeCredentialStore::with(vec![(other, token(1))]);
    let mut person = FakePrompter::person(&[&daemon.code().await.reveal(), ""]);
    enrol(&daemon, PLACE, &credentials, &mut person).await.unwrap();
    assert_eq!(credentials.pairings().pop().unwrap().known.name, Some(name("my-server-2")));
}

#[tokio::test]
async fn b19_a_relay_with_its_own_key_or_origin_is_noticed_and_nothing_is_stored() {
    for (meeting, place) in
        [(Meeting::Key(Pin::from_bytes([66; 32])), PLACE), (Meeting::PublicCertificate, "https://evil.example")]
    {
        let daemon = Daemon { meeting, ..Daemon::default() };
        let (enrolled, credentials) = pair(&daemon, place).await;
        assert_eq!(enrolled.unwrap_err(), EnrolError::InBetween(Suspicion::UnknownLink));
        assert!(credentials.pairings().is_empty() && daemon.names().await.is_empty());
    }
}

#[tokio::test]
async fn b18_a_changed_message_never_pairs() {
    let own = |hello: &mut ClientHello| hello.nonce = Nonce([66; 32]);
    let rebound = |hello: &mut ClientHello| hello.binding = Binding::Spki(Pin::from_bytes([66; 32]));
    let other_nonce: fn(&ClientHello, &mut DaemonHello) =
        |_, reply| reply.identity = IdentityPublicKey::from_bytes([66; 32]);
    let wrong = [
        Daemon { hello: own, ..Daemon::default() },
        Daemon { hello: rebound, ..Daemon::default() },
        Daemon { reply: other_nonce, ..Daemon::default() },
    ];
    for daemon in wrong {
        let (enrolled, credentials) = pair(&daemon, PLACE).await;
        // The person is asked again, and has nothing more to say.
        assert!(matches!(enrolled, Err(EnrolError::Prompt(_) | EnrolError::NoCode)), "{enrolled:?}");
        assert!(credentials.pairings().is_empty() && daemon.names().await.is_empty());
    }
}

#[tokio::test]
async fn b20_our_own_message_coming_back_stops_it() {
    let message: fn(&ClientHello, &mut DaemonHello) = |sent, reply| reply.message = sent.message;
    let nonce: fn(&ClientHello, &mut DaemonHello) = |sent, reply| reply.nonce = sent.nonce;
    for reply in [message, nonce] {
        let daemon = Daemon { reply, ..Daemon::default() };
        let (enrolled, credentials) = pair(&daemon, PLACE).await;
        assert_eq!(enrolled.unwrap_err(), EnrolError::InBetween(Suspicion::Message(PakeError::Reflected)));
        assert!(credentials.pairings().is_empty() && daemon.finishes() == 0);
    }
}

#[tokio::test]
async fn b18_an_answer_that_proves_nothing_stops_it_at_once() {
    let no_proof: fn(&mut FinishAnswer) = |answer| answer.confirmation = Confirmation::from_bytes([0; 32]);
    let changed: fn(&mut FinishAnswer) = |answer| answer.sealed[7] ^= 1;
    for (answer, why) in [(no_proof, AnswerError::NoProof), (changed, AnswerError::Unreadable)] {
        let daemon = Daemon { answer, ..Daemon::default() };
        let (enrolled, credentials) = pair(&daemon, PLACE).await;
        assert_eq!(enrolled.unwrap_err(), EnrolError::InBetween(Suspicion::Answer(why)));
        assert!(credentials.pairings().is_empty() && daemon.finishes() == 1);
    }
}

#[tokio::test]
async fn b22_without_handshakes_the_code_goes_nowhere_but_over_protected_links() {
    let missing = Some(rejected(Rejection::NotFound));
    let table = [
        (Meeting::Key(Pin::from_bytes([5; 32])), PLACE, Err(EnrolError::NoHandshakes)),
        (Meeting::Key(Pin::from_bytes([5; 32])), "http://127.0.0.1:5199", Err(EnrolError::NoHandshakes)),
        (Meeting::Key(Pin::from_bytes([5; 32])), "https://my-server", Err(EnrolError::NoHandshakes)),
        (Meeting::Plain, PLACE, Err(EnrolError::Unprotected(Unprotected))),
        (Meeting::Plain, "http://127.0.0.1:5199", Ok(1)),
        (Meeting::PublicCertificate, "https://agent.example.org", Ok(1)),
    ];
    for (meeting, place, expected) in table {
        let daemon = Daemon { meeting, start_error: missing.clone(), ..Daemon::default() };
        let (enrolled, _) = pair(&daemon, place).await;
        let exchanges = daemon.exchanges.load(Ordering::SeqCst);
        assert_eq!(enrolled.map(|_| exchanges), expected, "{meeting:?} {place}");
        assert_eq!(exchanges, u32::from(expected.is_ok()));
    }
}

async fn pair_by(daemon: &Daemon, link: PairingLink) -> Result<Enrolled, EnrolError> {
    let (credentials, mut person) = (FakeCredentialStore::default(), FakePrompter::person(&["", "x"]));
    let invitation = Invitation::Link(link);
    let request = EnrolRequest { invitation, name: None, host_name: "my-laptop".to_owned() };
    let enrol = Enrol {
        api: daemon,
        credentials: &credentials,
        prompter: &mut person,
        clock: &FakeClock::default(),
        rng: &SeededRng::new(5),
    };
    let enrolled = enrol.run(request).await;
    assert_eq!(credentials.pairings().len(), usize::from(enrolled.is_ok()));
    enrolled
}

/// A link to this daemon at a place that is pinned.
async fn pinned_link(daemon: &Daemon) -> PairingLink {
    let link = daemon.open.open_link(Terms::default()).await.unwrap().code;
    PairingLink::new(endpoint(PLACE), daemon.pin, link.secret().clone())
}

#[tokio::test]
async fn a_link_pairs_without_asking_for_a_code() {
    let daemon = Daemon::default();
    let link = pinned_link(&daemon).await;
    assert_eq!(pair_by(&daemon, link.clone()).await.unwrap().device.name, name("my-laptop"));
    assert_eq!(pair_by(&daemon, link).await.unwrap_err(), EnrolError::LinkOver);
}

#[tokio::test]
async fn b22_a_link_is_proved_to_the_pinned_key_or_to_nobody() {
    let other = Pin::from_bytes([5; 32]);
    for meeting in [Meeting::Key(other), Meeting::Plain, Meeting::PublicCertificate] {
        let daemon = Daemon { meeting, ..Daemon::default() };
        let refused = pair_by(&daemon, pinned_link(&daemon).await).await.unwrap_err();
        let expected = match meeting {
            Meeting::Key(found) => EnrolError::NotTheLinksKey { expected: daemon.pin, found },
            Meeting::Plain | Meeting::PublicCertificate => EnrolError::Unprotected(Unprotected),
        };
        assert_eq!((refused, daemon.calls.lock().unwrap().len()), (expected, 0));
    }
    let older = Daemon { start_error: Some(rejected(Rejection::NotFound)), ..Daemon::default() };
    assert_eq!(pair_by(&older, pinned_link(&older).await).await.unwrap_err(), EnrolError::NoHandshakes);
    assert_eq!(older.exchanges.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn b19_a_refused_proof_of_a_link_is_not_typed_again() {
    let daemon = Daemon { hello: |hello| hello.nonce = Nonce([1; 32]), ..Daemon::default() };
    let refused = pair_by(&daemon, pinned_link(&daemon).await).await.unwrap_err();
    assert_eq!((refused, daemon.finishes()), (EnrolError::LinkRefused, 1));
}

#[tokio::test(start_paused = true)]
async fn while_the_operator_is_asked_the_same_words_are_shown_and_the_same_request_is_sent() {
    for agrees in [true, false] {
        let daemon = Daemon::default();
        let opened = daemon.open.open(Terms { confirm: true, ..Terms::default() }).await.unwrap();
        *daemon.operator.lock().unwrap() = Some((opened.generation, agrees));
        let mut script = FakePrompter::script(&[&opened.code.reveal(), ""]);
        let enrolled = enrol(&daemon, PLACE, &FakeCredentialStore::default(), &mut script).await;
        match agrees {
            true => assert_eq!(enrolled.unwrap().device.name, name("my-laptop")),
            false => assert_eq!(enrolled.unwrap_err(), EnrolError::NotConfirmed(NotPaired::Refused)),
        }
        assert_eq!(daemon.finishes(), 3);
        let words = daemon.words.lock().unwrap().clone();
        assert!(script.explained.len() == 1 && script.explained[0].ends_with(&words), "{:?}", script.explained);
        assert_eq!(words.split(' ').count(), 4);
    }
}

#[tokio::test(start_paused = true)]
async fn someone_in_between_who_only_says_wait_is_not_waited_for_for_ever() {
    let daemon = Daemon::default();
    let code = daemon.code().await;
    let wait = || rejected(Rejection::ConfirmationPending);
    daemon.losses.lock().unwrap().extend(std::iter::repeat_with(wait).take(1_000));
    let mut script = FakePrompter::script(&[&code.reveal(), ""]);
    let enrolled = enrol(&daemon, PLACE, &FakeCredentialStore::default(), &mut script).await;
    assert_eq!(enrolled.unwrap_err(), EnrolError::NotConfirmed(NotPaired::Unanswered));
}

#[tokio::test]
async fn b22_no_other_failure_makes_the_client_show_the_code() {
    let failures = [
        rejected(Rejection::NotUnderstood),
        rejected(Rejection::Failed),
        rejected(Rejection::NoHandshake),
        rejected(Rejection::Unauthorized),
        ApiError::NotADaemon { what: "it redirects".to_owned() },
        unreachable(),
    ];
    for error in failures {
        let daemon = Daemon { meeting: Meeting::Plain, start_error: Some(error.clone()), ..Daemon::default() };
        let (enrolled, _) = pair(&daemon, "http://127.0.0.1:5199").await;
        assert_eq!(enrolled.unwrap_err(), EnrolError::Api(error));
        assert_eq!(daemon.exchanges.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn a_wrong_code_is_asked_again_and_costs_a_handshake() {
    let daemon = Daemon::default();
    let code = daemon.code().await;
    let mut person = FakePrompter::person(&[&other_than(&code).reveal(), "", &code.reveal()]);
    enrol(&daemon, PLACE, &FakeCredentialStore::default(), &mut person).await.unwrap();
    assert!(person.explained[0].contains("someone in between"), "{:?}", person.explained);
    assert_eq!(*daemon.calls.lock().unwrap(), ["start", "finish", "start", "finish", "status"]);
}

#[tokio::test]
async fn a_taken_name_is_asked_again_in_the_same_handshake() {
    let daemon = Daemon::default();
    daemon.devices.insert(device("my-laptop", 99)).await.unwrap();
    let mut person = FakePrompter::person(&[&daemon.code().await.reveal(), "", ""]);
    let enrolled = enrol(&daemon, PLACE, &FakeCredentialStore::default(), &mut person).await.unwrap();
    assert_eq!(enrolled.device.name, name("my-laptop-2"));
    assert_eq!(*daemon.calls.lock().unwrap(), ["start", "finish", "finish", "status"]);
}

#[tokio::test]
async fn a_sixth_name_begins_another_handshake() {
    let daemon = Daemon::default();
    for (seed, taken) in ["my-laptop", "a", "b", "c", "d"].into_iter().enumerate() {
        daemon.devices.insert(device(taken, 90 + seed as u64)).await.unwrap();
    }
    let mut person = FakePrompter::person(&[&daemon.code().await.reveal(), "", "a", "b", "c", "d", "e"]);
    let enrolled = enrol(&daemon, PLACE, &FakeCredentialStore::default(), &mut person).await.unwrap();
    assert_eq!((enrolled.device.name, daemon.finishes()), (name("e"), 6));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again_and_makes_one_device() {
    let daemon = Daemon { losses: Mutex::new([unreachable(), unreachable()].into()), ..Daemon::default() };
    let (enrolled, credentials) = pair(&daemon, PLACE).await;
    enrolled.unwrap();
    assert_eq!((credentials.pairings().len(), daemon.finishes()), (1, 3));
    assert_eq!(daemon.names().await, ["my-laptop"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_stays_lost_is_reported_as_such() {
    let losses = || Mutex::new(VecDeque::from(vec![unreachable(); 3]));
    let forgotten = Mutex::new([unreachable(), rejected(Rejection::NoHandshake)].into());
    for losses in [losses(), forgotten] {
        let daemon = Daemon { losses, ..Daemon::default() };
        let (enrolled, credentials) = pair(&daemon, PLACE).await;
        assert!(matches!(enrolled, Err(EnrolError::AnswerLost { .. })), "{enrolled:?}");
        assert!(credentials.pairings().is_empty());
    }
}

#[tokio::test]
async fn a_handshake_that_was_pushed_out_is_begun_again_but_not_for_ever() {
    let once = Daemon { losses: Mutex::new([rejected(Rejection::NoHandshake)].into()), ..Daemon::default() };
    let code = once.code().await.reveal();
    let refused = enrol(&once, PLACE, &FakeCredentialStore::default(), &mut FakePrompter::person(&[&code, ""])).await;
    // This daemon had made the device before its answer was exchanged for another one.
    assert!(matches!(refused, Err(EnrolError::Api(ApiError::Rejected { why: Rejection::NoPairingCode, .. }))));
    let losses = Mutex::new(VecDeque::from(vec![rejected(Rejection::WrongCode); 9]));
    let never = Daemon { losses, ..Daemon::default() };
    let code = never.code().await.reveal();
    let mut person = FakePrompter::person(&[&code, "", &code, &code, &code, &code, &code]);
    let refused = enrol(&never, PLACE, &FakeCredentialStore::default(), &mut person).await;
    assert!(refused.is_err() && never.finishes() <= 5, "{refused:?}");
}

#[tokio::test]
async fn a_name_that_the_host_has_decided_on_and_that_is_taken_asks_for_no_other() {
    let daemon = Daemon::default();
    let terms = Terms { name: Some(name("ci-runner")), ..Terms::default() };
    let code = daemon.open.open(terms).await.unwrap().code.reveal();
    daemon.devices.insert(device("ci-runner", 99)).await.unwrap();
    let (credentials, mut person) =
        (FakeCredentialStore::default(), FakePrompter::person(&[&code, "laptop", "another"]));
    let refused = enrol(&daemon, PLACE, &credentials, &mut person).await.unwrap_err();
    assert_eq!(refused, EnrolError::HostNameTaken);
    assert_eq!((person.defaults.len(), daemon.finishes()), (1, 1), "asked once");
    let choice = Choice { endpoint: endpoint(PLACE), rule: Rule::Argument };
    let hints = of_enrol(refused, &choice, &Invitation::Address(endpoint(PLACE))).hints.join("\n");
    for command in ["netclaw daemon devices", "netclaw daemon pair --name"] {
        assert!(hints.contains(command), "{hints}");
    }
}

//! The way of forwarded requests: which credential goes where, while both change.

use std::sync::Arc;
use std::time::Duration;

use netclaw::app::client::ask_status::AskStatusError;
use netclaw::app::client::forward::{Closed, Forwarding, GOOD_FOR, Notice, OpenError, REFUSED_FOR};
use netclaw::app::client::target::{Choice, Rule, Target};
use netclaw::domain::link::{Link, Pins};
use netclaw::domain::pin::Pin;
use netclaw::domain::token::BearerToken;
use netclaw::ports::credential_store::{CredentialStore, Pairing};
use netclaw::ports::daemon_api::{ApiError, DeviceIdentity, Rejection, StatusReport};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::fakes::clock::FakeClock;
use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::daemon_api::{Request, ScriptedDaemonApi};
use crate::fakes::samples::{daemon_id, daemon_report, device_id, name, pairing, rejected, token, unreachable};

const AT: &str = "http://127.0.0.1:1";

struct World {
    api: Arc<ScriptedDaemonApi>,
    store: Arc<FakeCredentialStore>,
    clock: Arc<FakeClock>,
    forwarding: Forwarding,
    notices: UnboundedReceiver<Notice>,
}

fn status() -> StatusReport {
    let device = Some(DeviceIdentity { id: device_id(1), name: name("laptop") });
    StatusReport { daemon: daemon_report(1), device, expires_at: None, transport: None }
}

fn target_at(pairing: &Pairing, store: &FakeCredentialStore) -> Target {
    let endpoint = pairing.endpoint.clone();
    let credential = store.paired_at(&endpoint).unwrap();
    let link = Link::of_pairing(&endpoint, pairing.known.pins);
    Target { link, choice: Choice { endpoint, rule: Rule::Pairing(daemon_id(1)) }, credential }
}

impl World {
    async fn open(statuses: impl IntoIterator<Item = Result<StatusReport, ApiError>>) -> Self {
        Self::try_open(&pairing(1, AT), statuses).await.unwrap_or_else(|error| panic!("{error}"))
    }

    async fn try_open(
        pairing: &Pairing,
        statuses: impl IntoIterator<Item = Result<StatusReport, ApiError>>,
    ) -> Result<Self, OpenError> {
        let (api, store) = (Arc::new(ScriptedDaemonApi::default()), Arc::new(FakeCredentialStore::default()));
        store.save(pairing, &token(1)).unwrap();
        api.statuses.lock().unwrap().extend(statuses);
        let (tell, notices) = unbounded_channel();
        let (target, clock) = (target_at(pairing, &store), Arc::new(FakeClock::default()));
        let (forwarding, _) = Forwarding::open(api.clone(), store.clone(), clock.clone(), target, tell).await?;
        Ok(Self { api, store, clock, forwarding, notices })
    }

    /// The token of the next request.
    fn shown(&self) -> Result<String, Closed> {
        self.forwarding.passage().map(|passage| passage.token.reveal().to_owned())
    }

    fn notice(&mut self) -> Option<Notice> {
        self.notices.try_recv().ok()
    }

    fn asked(&self) -> usize {
        let is_status = |request: &&Request| matches!(request, Request::Status { .. });
        self.api.requests.lock().unwrap().iter().filter(is_status).count()
    }
}

fn text(token: &BearerToken) -> String {
    token.reveal().to_owned()
}

fn unauthorized() -> ApiError {
    rejected(Rejection::Unauthorized)
}

#[tokio::test]
async fn the_way_opens_after_the_daemon_has_answered_with_the_credential() {
    let world = World::open([Ok(status())]).await;
    assert_eq!(world.shown(), Ok(text(&token(1))));
    let Some(Request::Status { token: sent, .. }) = world.api.requests.lock().unwrap().first().cloned() else {
        panic!()
    };
    assert_eq!(sent, Some(text(&token(1))));
}

#[tokio::test]
async fn it_does_not_open_without_a_daemon_that_accepts_the_credential() {
    let refused = |error| AskStatusError::Api(error);
    for (answer, expected) in [
        (unreachable(), refused(unreachable())),
        (rejected(Rejection::TlsRequired), refused(rejected(Rejection::TlsRequired))),
        (unauthorized(), AskStatusError::Unauthorized { had_credential: true }),
    ] {
        let opened = World::try_open(&pairing(1, AT), [Err(answer)]).await;
        assert_eq!(opened.err(), Some(OpenError::Status(expected)));
    }
}

#[tokio::test]
async fn nothing_is_sent_over_an_unprotected_link_or_without_a_pairing() {
    let opened = World::try_open(&pairing(1, "http://a:1"), [Ok(status())]).await;
    assert!(matches!(opened.err(), Some(OpenError::Status(AskStatusError::Api(ApiError::Unprotected(_))))));
    let (api, store) = (Arc::new(ScriptedDaemonApi::default()), Arc::new(FakeCredentialStore::default()));
    let target = target_at(&pairing(1, AT), &store);
    let clock = Arc::new(FakeClock::default());
    let opened = Forwarding::open(api.clone(), store, clock, target, unbounded_channel().0).await;
    assert_eq!(opened.err(), Some(OpenError::NotPaired));
    assert_eq!(api.requests.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_rotated_credential_is_used_from_the_next_request_on() {
    let world = World::open([Ok(status())]).await;
    let new = BearerToken::issue(device_id(1), &[9; 32]);
    world.store.stage(&daemon_id(1), &new).unwrap();
    assert_eq!(world.shown(), Ok(text(&token(1))));
    world.store.adopt(&daemon_id(1), &new).unwrap();
    assert_eq!(world.shown(), Ok(text(&new)));
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_refused_credential_is_asked_about_once_and_said_once() {
    let mut world = World::open([Ok(status()), Err(unauthorized())]).await;
    let used = world.forwarding.passage().unwrap();
    tokio::join!(world.forwarding.doubt(&used), world.forwarding.doubt(&used), world.forwarding.doubt(&used));
    assert_eq!((world.shown(), world.asked()), (Err(Closed::Refused), 2));
    assert_eq!((world.notice(), world.notice()), (Some(Notice::Refused), None));
    // Pairing again opens the way again.
    world.store.save(&pairing(1, AT), &token(2)).unwrap();
    assert_eq!(world.shown(), Ok(text(&token(2))));
}

#[tokio::test]
async fn a_service_that_says_the_same_as_the_daemon_closes_nothing() {
    let mut world = World::open([Ok(status()), Ok(status())]).await;
    world.forwarding.doubt(&world.forwarding.passage().unwrap()).await;
    assert_eq!((world.shown(), world.notice(), world.asked()), (Ok(text(&token(1))), None, 2));
    // Nor does a daemon that cannot be asked.
    world.clock.advance(GOOD_FOR);
    world.forwarding.doubt(&world.forwarding.passage().unwrap()).await;
    assert_eq!((world.shown(), world.notice()), (Ok(text(&token(1))), None));
}

#[tokio::test]
async fn a_service_that_refuses_everything_does_not_make_the_daemon_answer_for_each_request() {
    let world = World::open((0..10).map(|_| Ok(status()))).await;
    let used = world.forwarding.passage().unwrap();
    for _ in 0..3 {
        world.forwarding.doubt(&used).await;
        world.clock.advance(GOOD_FOR / 4);
    }
    assert_eq!(world.asked(), 2);
    world.clock.advance(GOOD_FOR / 4);
    world.forwarding.doubt(&used).await;
    assert_eq!(world.asked(), 3);
    // A rotation that has not come to its end is a reason to ask.
    let new = BearerToken::issue(device_id(1), &[9; 32]);
    world.store.stage(&daemon_id(1), &new).unwrap();
    world.api.confirmations.lock().unwrap().push_back(Ok(()));
    world.forwarding.doubt(&used).await;
    assert_eq!((world.asked(), world.shown()), (4, Ok(text(&new))));
}

#[tokio::test]
async fn a_credential_that_the_daemon_accepts_again_is_used_again() {
    let answers = [Ok(status()), Err(unauthorized()), Err(unreachable()), Ok(status()), Err(unauthorized())];
    let mut world = World::open(answers).await;
    let by_now = async |world: &World| world.forwarding.passage_by_now().await.map(|passage| text(&passage.token));
    world.forwarding.doubt(&world.forwarding.passage().unwrap()).await;
    assert_eq!(world.notice(), Some(Notice::Refused));
    // It is not asked for each request.
    world.clock.advance(REFUSED_FOR - Duration::from_millis(1));
    assert_eq!((by_now(&world).await, world.asked()), (Err(Closed::Refused), 2));
    // That it cannot be asked changes nothing.
    world.clock.advance(Duration::from_millis(1));
    assert_eq!((by_now(&world).await, world.asked()), (Err(Closed::Refused), 3));
    assert_eq!((by_now(&world).await, world.asked()), (Err(Closed::Refused), 3));
    world.clock.advance(REFUSED_FOR);
    assert_eq!((by_now(&world).await, world.asked()), (Ok(text(&token(1))), 4));
    assert_eq!((world.shown(), world.notice()), (Ok(text(&token(1))), None));
    // Refused once more, that is news.
    world.clock.advance(GOOD_FOR);
    world.forwarding.doubt(&world.forwarding.passage().unwrap()).await;
    assert_eq!((world.shown(), world.notice()), (Err(Closed::Refused), Some(Notice::Refused)));
}

#[tokio::test]
async fn a_credential_that_was_replaced_meanwhile_is_not_doubted() {
    let world = World::open([Ok(status()), Err(unauthorized())]).await;
    let used = world.forwarding.passage().unwrap();
    world.store.save(&pairing(1, AT), &token(2)).unwrap();
    world.forwarding.doubt(&used).await;
    assert_eq!((world.shown(), world.asked()), (Ok(text(&token(2))), 1));
}

#[tokio::test]
async fn a_rotation_that_was_interrupted_is_settled_when_the_old_credential_is_refused() {
    let mut world = World::open([Ok(status()), Ok(status())]).await;
    let new = BearerToken::issue(device_id(1), &[9; 32]);
    world.store.stage(&daemon_id(1), &new).unwrap();
    world.api.confirmations.lock().unwrap().push_back(Ok(()));
    world.forwarding.doubt(&world.forwarding.passage().unwrap()).await;
    assert_eq!((world.shown(), world.notice()), (Ok(text(&new)), None));
}

#[tokio::test]
async fn a_token_never_goes_to_another_daemon_at_the_same_place() {
    let world = World::open([Ok(status())]).await;
    world.store.save(&pairing(2, AT), &token(2)).unwrap();
    assert_eq!(world.shown(), Err(Closed::NotPaired));
    world.store.forget(&daemon_id(2)).unwrap();
    assert_eq!(world.shown(), Err(Closed::NotPaired));
}

#[tokio::test]
async fn another_key_than_the_stored_one_is_told() {
    let foreign = ApiError::WrongKey { expected: Pins { current: pin(1), next: None }, found: pin(2) };
    let mut world = World::open([Ok(status()), Err(foreign.clone())]).await;
    world.forwarding.look().await;
    assert_eq!(world.notice(), Some(Notice::Foreign(foreign)));
}

#[tokio::test]
async fn that_someone_else_answers_is_told_once_until_the_daemon_does() {
    let foreign = |found| ApiError::WrongKey { expected: Pins { current: pin(1), next: None }, found: pin(found) };
    let answers = [2, 3, 2].map(|found| Err(foreign(found)));
    let answers = answers.into_iter().chain([Err(unreachable()), Err(foreign(2)), Ok(status()), Err(foreign(2))]);
    let mut world = World::open([Ok(status())].into_iter().chain(answers)).await;
    for _ in 0..5 {
        world.forwarding.look().await;
    }
    assert_eq!((world.notice(), world.notice()), (Some(Notice::Foreign(foreign(2))), None));
    world.forwarding.look().await;
    world.forwarding.look().await;
    assert_eq!((world.notice(), world.notice()), (Some(Notice::Foreign(foreign(2))), None));
}

#[tokio::test]
async fn the_link_follows_the_keys_of_the_pairing() {
    let pinned = |current: u8, next: Option<u8>| {
        let mut pairing = pairing(1, "http://a:1");
        pairing.known.pins = Some(Pins { current: pin(current), next: next.map(pin) });
        pairing
    };
    let world = World::try_open(&pinned(1, None), [Ok(status())]).await.unwrap_or_else(|error| panic!("{error}"));
    let before = world.forwarding.passage().unwrap().link;
    world.store.remember(&daemon_id(1), &pinned(1, Some(2)).known).unwrap();
    let after = world.forwarding.passage().unwrap().link;
    assert_ne!(before, after);
    assert_eq!(after.place().to_string(), "https://a:1");
    // A pairing that was made anew without a key is not used.
    world.store.save(&pairing(1, "http://a:1"), &token(1)).unwrap();
    assert_eq!(world.shown(), Err(Closed::Unprotected));
}

fn pin(number: u8) -> Pin {
    Pin::of_spki(&[number])
}

//! `netclaw rotate`, and what the next command makes of a rotation that was interrupted.

use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::file::home::Home;
use netclaw::app::client::rotate::{RotateError, rotate, settle};
use netclaw::app::client::target::{Choice, Rule, Target};
use netclaw::domain::link::Link;
use netclaw::domain::token::BearerToken;
use netclaw::ports::credential_store::CredentialStore;
use netclaw::ports::daemon_api::{ApiError, Rejection};

use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::daemon_api::{Request, ScriptedDaemonApi};
use crate::fakes::samples::{daemon_id, device_id, pairing, rejected, token, unreachable};

const AT: &str = "http://a:1";

fn new_token() -> BearerToken {
    BearerToken::issue(device_id(1), &[99; 32])
}

fn store() -> FakeCredentialStore {
    let store = FakeCredentialStore::default();
    store.save(&pairing(1, AT), &token(1)).unwrap();
    store
}

fn target(store: &FakeCredentialStore) -> Target {
    let endpoint = pairing(1, AT).endpoint;
    let credential = store.paired_at(&endpoint).unwrap();
    let link = Link::of_pairing(&endpoint, None);
    Target { link, choice: Choice { endpoint, rule: Rule::Pairing(daemon_id(1)) }, credential }
}

fn daemon(confirmation: Result<(), ApiError>) -> ScriptedDaemonApi {
    let api = ScriptedDaemonApi::default();
    api.rotations.lock().unwrap().push_back(Ok(new_token()));
    api.confirmations.lock().unwrap().push_back(confirmation);
    api
}

/// The token in use, and whether another is staged.
fn stored(store: &FakeCredentialStore) -> (String, bool) {
    let (_, token) = store.credential_of(&daemon_id(1)).unwrap().unwrap();
    (token.reveal().to_owned(), store.staged(&daemon_id(1)).unwrap().is_some())
}

fn old() -> String {
    token(1).reveal().to_owned()
}

fn new() -> String {
    new_token().reveal().to_owned()
}

#[tokio::test]
async fn a_new_token_is_asked_for_with_the_old_one_and_confirmed_with_itself() {
    let (api, store) = (daemon(Ok(())), store());
    rotate(&api, &store, target(&store)).await.unwrap();
    assert_eq!(stored(&store), (new(), false));
    let endpoint = pairing(1, AT).endpoint;
    let expected = [
        Request::Rotate { endpoint: endpoint.clone(), token: old() },
        Request::ConfirmRotation { endpoint, token: new() },
    ];
    assert_eq!(*api.requests.lock().unwrap(), expected);
}

#[tokio::test]
async fn when_the_answer_to_the_confirmation_is_lost_both_are_kept() {
    let (api, store) = (daemon(Err(unreachable())), store());
    assert_eq!(rotate(&api, &store, target(&store)).await, Err(RotateError::NotConfirmed(unreachable())));
    assert_eq!(stored(&store), (old(), true));
}

#[tokio::test]
async fn a_refused_confirmation_leaves_the_old_token() {
    let (api, store) = (daemon(Err(rejected(Rejection::Unauthorized))), store());
    assert_eq!(rotate(&api, &store, target(&store)).await, Err(RotateError::Overtaken));
    assert_eq!(stored(&store), (old(), false));
}

#[tokio::test]
async fn a_full_disk_is_found_before_the_daemon_is_asked() {
    let (api, store) = (daemon(Ok(())), store());
    let target = target(&store);
    store.faults.set(true);
    assert!(matches!(rotate(&api, &store, target).await, Err(RotateError::Credentials(_))));
    assert!(api.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_another_process_has_staged_is_not_overwritten() {
    let (api, store) = (daemon(Ok(())), store());
    let other = BearerToken::issue(device_id(1), &[98; 32]);
    assert!(store.stage(&daemon_id(1), &other).unwrap());
    assert_eq!(rotate(&api, &store, target(&store)).await, Err(RotateError::Overtaken));
    assert!(store.staged(&daemon_id(1)).unwrap().is_some_and(|staged| staged.is_same(&other)));
}

#[tokio::test]
async fn an_interrupted_rotation_is_settled_by_asking_the_daemon() {
    for (confirmation, expected) in [
        (Ok(()), (new(), false)),
        (Err(rejected(Rejection::Unauthorized)), (old(), false)),
        (Err(rejected(Rejection::StorageUnavailable)), (old(), true)),
        (Err(unreachable()), (old(), true)),
    ] {
        let (api, store) = (daemon(confirmation), store());
        store.stage(&daemon_id(1), &new_token()).unwrap();
        let settled = settle(&api, &store, target(&store)).await.unwrap();
        assert_eq!(stored(&store), expected);
        assert_eq!(settled.credential.unwrap().1.reveal(), expected.0);
    }
}

#[tokio::test]
async fn nobody_is_asked_when_there_is_nothing_to_settle() {
    let (api, store) = (ScriptedDaemonApi::default(), store());
    settle(&api, &store, target(&store)).await.unwrap();
    let unpaired = Target { credential: None, ..target(&store) };
    assert_eq!(rotate(&api, &store, unpaired).await, Err(RotateError::NotPaired));
    assert!(api.requests.lock().unwrap().is_empty());
}

#[test]
fn the_file_keeps_a_staged_token_beside_the_old_one_until_it_is_adopted_or_discarded() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home"));
    let store = FileCredentialStore::new(home.clone());
    let (daemon, other) = (daemon_id(1), BearerToken::issue(device_id(1), &[98; 32]));
    let token_of = |daemon| store.credential_of(daemon).unwrap().map(|(_, token)| token.reveal().to_owned());
    assert!(!store.stage(&daemon, &new_token()).unwrap(), "there is no pairing");
    store.save(&pairing(1, AT), &token(1)).unwrap();
    store.save(&pairing(2, "http://b:1"), &token(2)).unwrap();
    let before = std::fs::read_to_string(home.secrets_file()).unwrap();
    assert!(store.stage(&daemon, &new_token()).unwrap());
    assert!(!store.stage(&daemon, &other).unwrap(), "one at a time");
    store.adopt(&daemon, &other).unwrap();
    store.discard(&daemon, &other).unwrap();
    assert_eq!(token_of(&daemon), Some(old()), "only what is staged is adopted or discarded");
    assert!(store.staged(&daemon).unwrap().is_some_and(|staged| staged.is_same(&new_token())));
    store.discard(&daemon, &new_token()).unwrap();
    assert_eq!(std::fs::read_to_string(home.secrets_file()).unwrap(), before);
    store.stage(&daemon, &new_token()).unwrap();
    store.adopt(&daemon, &new_token()).unwrap();
    assert_eq!((token_of(&daemon), token_of(&daemon_id(2))), (Some(new()), Some(token(2).reveal().to_owned())));
    assert!(store.staged(&daemon).unwrap().is_none());
    store.stage(&daemon, &other).unwrap();
    store.save(&pairing(1, AT), &token(1)).unwrap();
    assert!(store.staged(&daemon).unwrap().is_none(), "a new pairing ends it");
    store.stage(&daemon, &other).unwrap();
    store.forget(&daemon).unwrap();
    assert!(!std::fs::read_to_string(home.secrets_file()).unwrap().contains(other.reveal()));
}

#[tokio::test]
async fn a_token_that_was_replaced_after_it_was_read_is_read_again() {
    let (api, store) = (ScriptedDaemonApi::default(), store());
    let read_before = target(&store);
    assert!(store.stage(&daemon_id(1), &new_token()).unwrap());
    store.adopt(&daemon_id(1), &new_token()).unwrap();
    let (_, token) = settle(&api, &store, read_before).await.unwrap().credential.unwrap();
    assert_eq!(token.reveal(), new());
    assert!(api.requests.lock().unwrap().is_empty());
}

//! Ending a pairing.

use netclaw::app::client::target::resolve;
use netclaw::app::client::unpair::{Ending, UnpairError, forget_only, unpair};
use netclaw::domain::token::BearerToken;
use netclaw::ports::credential_store::CredentialStore;
use netclaw::ports::daemon_api::Rejection;

use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::daemon_api::{Request, ScriptedDaemonApi};
use crate::fakes::granting_api::FakeApi;
use crate::fakes::samples::{daemon_id, device_id, pairing, rejected, token, unreachable};
use crate::fakes::settings_store::FakeSettingsStore;

fn paired() -> FakeCredentialStore {
    FakeCredentialStore::with(vec![(pairing(1, "http://a:1"), token(1))])
}

#[tokio::test]
async fn the_daemon_revokes_before_anything_is_forgotten() {
    let (api, credentials) = (FakeApi::default(), paired());
    let target = resolve(None, &credentials, &FakeSettingsStore::default()).unwrap();
    let unpaired = unpair(&api, &credentials, target).await.unwrap();
    assert_eq!(unpaired.ending, Ending::Revoked);
    assert_eq!(api.calls(), [format!("revoke http://a:1 {}", device_id(1))]);
    assert!(credentials.pairings().is_empty());
}

#[tokio::test]
async fn a_device_that_was_revoked_before_is_forgotten() {
    let api = FakeApi { revoke_error: Some(rejected(Rejection::Unauthorized)), ..FakeApi::default() };
    let credentials = paired();
    let target = resolve(None, &credentials, &FakeSettingsStore::default()).unwrap();
    assert_eq!(unpair(&api, &credentials, target).await.unwrap().ending, Ending::WasRevoked);
    assert!(credentials.pairings().is_empty());
}

#[tokio::test]
async fn nothing_is_forgotten_when_the_daemon_cannot_be_asked() {
    for error in [unreachable(), rejected(Rejection::Failed)] {
        let api = FakeApi { revoke_error: Some(error.clone()), ..FakeApi::default() };
        let credentials = paired();
        let target = resolve(None, &credentials, &FakeSettingsStore::default()).unwrap();
        assert_eq!(unpair(&api, &credentials, target).await.unwrap_err(), UnpairError::Api(error));
        assert_eq!(credentials.pairings().len(), 1);
        let target = resolve(None, &credentials, &FakeSettingsStore::default()).unwrap();
        assert_eq!(forget_only(&credentials, target).unwrap().ending, Ending::NotAsked);
        assert!(credentials.pairings().is_empty());
    }
}

#[tokio::test]
async fn without_a_pairing_the_daemon_is_not_asked() {
    let (api, credentials) = (FakeApi::default(), FakeCredentialStore::default());
    let target = resolve(None, &credentials, &FakeSettingsStore::default()).unwrap();
    assert_eq!(unpair(&api, &credentials, target).await.unwrap_err(), UnpairError::NotPaired);
    assert!(api.calls().is_empty());
}

/// A pairing whose credential another command has renewed after it was read: the new token waits for its confirmation, or is
/// in place already.
async fn renewed_meanwhile(is_adopted: bool) {
    let store = FakeCredentialStore::default();
    store.save(&pairing(1, "http://a:1"), &token(1)).unwrap();
    let target = resolve(None, &store, &FakeSettingsStore::default()).unwrap();
    let new = BearerToken::issue(device_id(1), &[99; 32]);
    assert!(store.stage(&daemon_id(1), &new).unwrap());
    let api = ScriptedDaemonApi::default();
    if is_adopted {
        store.adopt(&daemon_id(1), &new).unwrap();
    } else {
        api.confirmations.lock().unwrap().push_back(Ok(()));
    }
    // The old token is dead.
    api.revocations.lock().unwrap().push_back(Err(rejected(Rejection::Unauthorized)));
    let unpaired = unpair(&api, &store, target).await.unwrap();
    assert_eq!(unpaired.ending, Ending::Revoked);
    let revoked = |request: &Request| match request {
        Request::RevokeSelf { token, .. } => Some(token.clone()),
        _ => None,
    };
    let revoked: Vec<String> = api.requests.lock().unwrap().iter().filter_map(revoked).collect();
    assert_eq!(revoked, [token(1).reveal(), new.reveal()]);
    assert!(store.all().unwrap().is_empty());
}

#[tokio::test]
async fn a_live_credential_is_not_forgotten_because_the_one_before_it_is_dead() {
    renewed_meanwhile(true).await;
    renewed_meanwhile(false).await;
}

#[tokio::test]
async fn an_unpairing_that_is_overtaken_again_and_again_forgets_nothing() {
    let store = FakeCredentialStore::default();
    store.save(&pairing(1, "http://a:1"), &token(1)).unwrap();
    let target = resolve(None, &store, &FakeSettingsStore::default()).unwrap();
    store.stage(&daemon_id(1), &token(2)).unwrap();
    let api = ScriptedDaemonApi::default();
    // Nobody can say whether the new one is good: the daemon refuses the old one and does not answer about the other.
    let refusals = [(); 3].map(|()| Err(rejected(Rejection::Unauthorized)));
    api.revocations.lock().unwrap().extend(refusals);
    assert_eq!(unpair(&api, &store, target).await, Err(UnpairError::Overtaken));
    assert_eq!(store.all().unwrap().len(), 1);
}

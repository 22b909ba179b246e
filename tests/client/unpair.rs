//! Ending a pairing.

use netclaw::app::client::target::resolve;
use netclaw::app::client::unpair::{Ending, UnpairError, forget_only, unpair};
use netclaw::ports::daemon_api::Rejection;

use super::fakes::{FakeApi, FakeCredentials, FakeSettings, device_id, pairing, rejected, token, unreachable};

fn paired() -> FakeCredentials {
    FakeCredentials::with(vec![(pairing(1, "http://a:1"), token(1))])
}

#[tokio::test]
async fn the_daemon_revokes_before_anything_is_forgotten() {
    let (api, credentials) = (FakeApi::default(), paired());
    let target = resolve(None, &credentials, &FakeSettings::default()).unwrap();
    let unpaired = unpair(&api, &credentials, target).await.unwrap();
    assert_eq!(unpaired.ending, Ending::Revoked);
    assert_eq!(api.calls(), [format!("revoke http://a:1 {}", device_id(1))]);
    assert!(credentials.pairings().is_empty());
}

#[tokio::test]
async fn a_device_that_was_revoked_before_is_forgotten() {
    let api = FakeApi { revoke_error: Some(rejected(Rejection::Unauthorized)), ..FakeApi::default() };
    let credentials = paired();
    let target = resolve(None, &credentials, &FakeSettings::default()).unwrap();
    assert_eq!(unpair(&api, &credentials, target).await.unwrap().ending, Ending::WasRevoked);
    assert!(credentials.pairings().is_empty());
}

#[tokio::test]
async fn nothing_is_forgotten_when_the_daemon_cannot_be_asked() {
    for error in [unreachable(), rejected(Rejection::Failed)] {
        let api = FakeApi { revoke_error: Some(error.clone()), ..FakeApi::default() };
        let credentials = paired();
        let target = resolve(None, &credentials, &FakeSettings::default()).unwrap();
        assert_eq!(unpair(&api, &credentials, target).await.unwrap_err(), UnpairError::Api(error));
        assert_eq!(credentials.pairings().len(), 1);
        let target = resolve(None, &credentials, &FakeSettings::default()).unwrap();
        assert_eq!(forget_only(&credentials, target).unwrap().ending, Ending::NotAsked);
        assert!(credentials.pairings().is_empty());
    }
}

#[tokio::test]
async fn without_a_pairing_the_daemon_is_not_asked() {
    let (api, credentials) = (FakeApi::default(), FakeCredentials::default());
    let target = resolve(None, &credentials, &FakeSettings::default()).unwrap();
    assert_eq!(unpair(&api, &credentials, target).await.unwrap_err(), UnpairError::NotPaired);
    assert!(api.calls().is_empty());
}

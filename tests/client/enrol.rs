//! Pairing with scripted answers on both sides.

use std::time::Duration;

use netclaw::app::client::enrol::{Enrol, EnrolError, EnrolRequest, Enrolled, Invitation, Replaced};
use netclaw::domain::code::CodeError;
use netclaw::ports::credential_store::CredentialStoreError;
use netclaw::ports::daemon_api::Rejection;
use netclaw::ports::storage::StorageError;

use crate::fakes::clock::FakeClock;
use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::granting_api::FakeApi;
use crate::fakes::prompter::FakePrompter;
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{GRANTED, daemon_id, device_id, endpoint, name, pairing, rejected, token, unreachable};

const PLACE: &str = "https://host:5199";

async fn enrol(
    api: &FakeApi,
    credentials: &FakeCredentialStore,
    prompter: &mut FakePrompter,
    name: Option<&str>,
) -> Result<Enrolled, EnrolError> {
    let request = EnrolRequest {
        invitation: Invitation::Address(endpoint(PLACE)),
        name: name.map(str::to_owned),
        host_name: "my-laptop".to_owned(),
    };
    Enrol { api, credentials, prompter, clock: &FakeClock::default(), rng: &SeededRng::new(3) }.run(request).await
}

fn full_disk() -> CredentialStoreError {
    CredentialStoreError::Storage(StorageError("no space left".to_owned()))
}

#[tokio::test]
async fn a_pairing_is_stored_and_tried_before_it_is_reported() {
    let (api, credentials) = (FakeApi::default(), FakeCredentialStore::default());
    let mut person = FakePrompter::person(&["abcd ef23", ""]);
    let enrolled = enrol(&api, &credentials, &mut person, None).await.unwrap();
    assert_eq!((enrolled.daemon_id, enrolled.device.name), (daemon_id(GRANTED), name("my-laptop")));
    let calls = [
        format!("probe {PLACE}"),
        format!("exchange {PLACE} ABCD-EF23 my-laptop"),
        format!("status {PLACE} {}", device_id(GRANTED)),
    ];
    assert_eq!(api.calls(), calls);
    assert_eq!(credentials.pairings()[0].endpoint, endpoint(PLACE));
}

#[tokio::test]
async fn a_full_disk_is_noticed_before_anything_is_asked() {
    let credentials = FakeCredentialStore { prepare_error: Some(full_disk()), ..FakeCredentialStore::default() };
    let (api, mut person) = (FakeApi::default(), FakePrompter::person(&["ABCDEF23"]));
    let error = enrol(&api, &credentials, &mut person, None).await.unwrap_err();
    assert_eq!(error, EnrolError::Credentials(full_disk()));
    assert!(api.calls().is_empty() && person.answers.len() == 1);
}

#[tokio::test]
async fn nobody_types_a_code_for_a_dead_address() {
    let api = FakeApi { probe_error: Some(unreachable()), ..FakeApi::default() };
    let mut person = FakePrompter::person(&["ABCDEF23"]);
    let error = enrol(&api, &FakeCredentialStore::default(), &mut person, None).await.unwrap_err();
    assert_eq!(error, EnrolError::Api(unreachable()));
    assert_eq!(person.answers.len(), 1);
}

#[tokio::test]
async fn an_unreadable_code_spends_no_attempt() {
    let api = FakeApi::default();
    let mut person = FakePrompter::person(&["", "ABC", "0BCDEF23", "ABCD-EF23", ""]);
    enrol(&api, &FakeCredentialStore::default(), &mut person, None).await.unwrap();
    assert_eq!((api.calls().len(), person.explained.len()), (3, 3));

    let api = FakeApi::default();
    let error =
        enrol(&api, &FakeCredentialStore::default(), &mut FakePrompter::script(&["ABC", "ABCDEF23"]), None).await;
    assert_eq!(error.unwrap_err(), EnrolError::Code(CodeError::WrongLength));
    let error = enrol(&api, &FakeCredentialStore::default(), &mut FakePrompter::script(&[]), None).await;
    assert_eq!(error.unwrap_err(), EnrolError::NoCode);
    assert!(api.calls().iter().all(|call| call.starts_with("probe")));
}

#[tokio::test]
async fn a_person_may_correct_a_wrong_code_three_times() {
    let wrong = || rejected(Rejection::WrongCode);
    let codes = ["AAAAAAAA", "BBBBBBBB", "CCCCCCCC", "DDDDDDDD", "EEEEEEEE"];
    let api = FakeApi::rejecting([wrong(), wrong(), wrong()]);
    let mut person = FakePrompter::person(&codes);
    enrol(&api, &FakeCredentialStore::default(), &mut person, Some("x")).await.unwrap();
    assert_eq!(person.answers, ["EEEEEEEE"]);

    let api = FakeApi::rejecting([wrong(), wrong(), wrong(), wrong()]);
    let mut person = FakePrompter::person(&codes);
    let error = enrol(&api, &FakeCredentialStore::default(), &mut person, Some("x")).await.unwrap_err();
    assert_eq!(error, EnrolError::WrongCode);

    let api = FakeApi::rejecting([wrong()]);
    let error = enrol(&api, &FakeCredentialStore::default(), &mut FakePrompter::script(&codes), Some("x")).await;
    assert_eq!(error.unwrap_err(), EnrolError::WrongCode);
}

#[tokio::test]
async fn a_taken_name_is_asked_again_with_the_same_code() {
    let api = FakeApi::rejecting([rejected(Rejection::NameTaken), rejected(Rejection::NameTaken)]);
    let mut person = FakePrompter::person(&["ABCDEF23", "", "", ""]);
    let enrolled = enrol(&api, &FakeCredentialStore::default(), &mut person, None).await.unwrap();
    assert_eq!(enrolled.device.name, name("my-laptop-3"));
    assert_eq!(person.defaults, ["my-laptop", "my-laptop-2", "my-laptop-3"]);
    assert!(api.calls().iter().filter(|call| call.starts_with("exchange")).all(|call| call.contains("ABCD-EF23")));
}

#[tokio::test]
async fn a_script_gives_another_name_on_the_next_line_or_fails() {
    let taken = || FakeApi::rejecting([rejected(Rejection::NameTaken)]);
    let credentials = FakeCredentialStore::default();
    for given in [Some("ci"), None] {
        let lines: &[&str] = if given.is_some() { &["ABCDEF23", "other"] } else { &["ABCDEF23", "ci", "other"] };
        let enrolled = enrol(&taken(), &credentials, &mut FakePrompter::script(lines), given).await.unwrap();
        assert_eq!(enrolled.device.name, name("other"));
        let mut short = FakePrompter::script(lines.split_last().unwrap().1);
        let error = enrol(&taken(), &credentials, &mut short, given).await.unwrap_err();
        assert_eq!(error, EnrolError::NameTaken(name("ci")));
    }
}

#[tokio::test]
async fn a_name_that_the_daemon_does_not_allow_is_asked_again() {
    let refusing = || FakeApi::rejecting([rejected(Rejection::InvalidDeviceName)]);
    let credentials = FakeCredentialStore::default();
    let mut person = FakePrompter::person(&["ABCDEF23", "", "other"]);
    assert!(enrol(&refusing(), &credentials, &mut person, None).await.is_ok());
    let error = enrol(&refusing(), &credentials, &mut FakePrompter::script(&["ABCDEF23"]), Some("x")).await;
    assert!(matches!(error.unwrap_err(), EnrolError::NameRefused { .. }));
}

#[tokio::test]
async fn an_invalid_name_is_asked_again_only_of_a_person() {
    let credentials = FakeCredentialStore::default();
    let mut person = FakePrompter::person(&["ABCDEF23", "a/b", "good"]);
    let enrolled = enrol(&FakeApi::default(), &credentials, &mut person, Some("../x")).await.unwrap();
    assert_eq!((enrolled.device.name, person.explained.len()), (name("good"), 2));
    let api = FakeApi::default();
    let error = enrol(&api, &credentials, &mut FakePrompter::script(&["ABCDEF23", "good"]), Some("../x")).await;
    assert!(matches!(error.unwrap_err(), EnrolError::Name(_)));
    assert_eq!(api.calls().len(), 1);
}

#[tokio::test]
async fn limits_and_other_refusals_end_it() {
    let wait = Duration::from_secs(30);
    for why in [
        Rejection::RateLimited { retry_after: wait },
        Rejection::LockedOut { retry_after: wait },
        Rejection::NoPairingCode,
        Rejection::StorageUnavailable,
        Rejection::ForbiddenOrigin,
    ] {
        let api = FakeApi::rejecting([rejected(why)]);
        let mut person = FakePrompter::person(&["ABCDEF23", "", "ABCDEF23", "", ""]);
        let error = enrol(&api, &FakeCredentialStore::default(), &mut person, None).await.unwrap_err();
        assert_eq!(error, EnrolError::Api(rejected(why)));
    }
}

#[tokio::test]
async fn a_lost_answer_is_told_apart_from_a_dead_address() {
    let api = FakeApi::rejecting([unreachable()]);
    let mut person = FakePrompter::person(&["ABCDEF23", ""]);
    let error = enrol(&api, &FakeCredentialStore::default(), &mut person, None).await.unwrap_err();
    assert!(matches!(error, EnrolError::AnswerLost { .. }));
}

#[tokio::test]
async fn what_cannot_be_stored_is_revoked_again() {
    for (revoke_error, expected) in [(None, true), (Some(unreachable()), false)] {
        let credentials = FakeCredentialStore {
            save_error: Some(full_disk()),
            ..FakeCredentialStore::with(vec![(pairing(GRANTED, PLACE), token(1))])
        };
        let api = FakeApi { revoke_error, ..FakeApi::default() };
        let mut person = FakePrompter::person(&["ABCDEF23", ""]);
        let error = enrol(&api, &credentials, &mut person, None).await.unwrap_err();
        assert_eq!(error, EnrolError::NotSaved { error: full_disk(), device: name("my-laptop"), revoked: expected });
        assert_eq!(api.calls().last().unwrap(), &format!("revoke {PLACE} {}", device_id(GRANTED)));
        assert_eq!(credentials.pairings(), [pairing(GRANTED, PLACE)]);
    }
}

#[tokio::test]
async fn the_old_credential_of_the_same_place_is_revoked_after_success() {
    let credentials = FakeCredentialStore::with(vec![(pairing(GRANTED, PLACE), token(1))]);
    let (api, mut person) = (FakeApi::default(), FakePrompter::person(&["ABCDEF23", ""]));
    let enrolled = enrol(&api, &credentials, &mut person, None).await.unwrap();
    assert_eq!(enrolled.replaced, [Replaced::Revoked(name("laptop"))]);
    assert_eq!(api.calls().last().unwrap(), &format!("revoke {PLACE} {}", device_id(1)));
}

#[tokio::test]
async fn an_old_credential_whose_rotation_was_interrupted_is_not_called_revoked_before_both_tokens_are_refused() {
    for (staged, expected) in
        [(Some(token(2)), Replaced::NotRevoked(name("laptop"))), (None, Replaced::Revoked(name("laptop")))]
    {
        let all = vec![(pairing(GRANTED, PLACE), token(1))];
        let credentials = FakeCredentialStore::with(all);
        let credentials = match staged {
            Some(new) => credentials.and_staged(daemon_id(GRANTED), new),
            None => credentials,
        };
        let api = FakeApi { revoke_error: Some(rejected(Rejection::Unauthorized)), ..FakeApi::default() };
        let mut person = FakePrompter::person(&["ABCDEF23", ""]);
        let enrolled = enrol(&api, &credentials, &mut person, None).await.unwrap();
        assert_eq!(enrolled.replaced, [expected]);
    }
}

#[tokio::test]
async fn an_old_credential_goes_to_no_other_daemon_and_no_other_place() {
    let (other_daemon, elsewhere) = (pairing(5, PLACE), pairing(GRANTED, "http://elsewhere:5199"));
    let credentials = FakeCredentialStore::with(vec![(other_daemon.clone(), token(1)), (elsewhere.clone(), token(2))]);
    let (api, mut person) = (FakeApi::default(), FakePrompter::person(&["ABCDEF23", ""]));
    let enrolled = enrol(&api, &credentials, &mut person, None).await.unwrap();
    assert_eq!(enrolled.replaced, [Replaced::Elsewhere(elsewhere), Replaced::OtherDaemon(other_daemon)]);
    assert!(!api.calls().iter().any(|call| call.starts_with("revoke")), "{:?}", api.calls());
}

#[tokio::test]
async fn success_is_not_reported_when_the_daemon_refuses_the_new_credential() {
    let refusal = rejected(Rejection::Unauthorized);
    let api = FakeApi { status_error: Some(refusal.clone()), ..FakeApi::default() };
    let mut person = FakePrompter::person(&["ABCDEF23", ""]);
    let error = enrol(&api, &FakeCredentialStore::default(), &mut person, None).await.unwrap_err();
    assert_eq!(error, EnrolError::NotVerified(refusal));
}

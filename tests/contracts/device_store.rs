//! The contract of [`DeviceStore`].

use std::sync::Arc;

use netclaw::adapters::file::device_file::FileDeviceStore;
use netclaw::domain::device::{DEVICE_RANDOM_BYTES, Device, DeviceId, is_authentic};
use netclaw::domain::device_name::NameKey;
use netclaw::domain::rotation::{PendingSecret, Standing, standing};
use netclaw::domain::time::WallTime;
use netclaw::domain::token::{BearerToken, Salt};
use netclaw::ports::device_store::{DeviceStore, StoreNameError};

use super::{Subject, breaking, in_parallel};
use crate::fakes::device_store::FakeDeviceStore;
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{WALL, device, device_and_token, name};

type Store = Subject<dyn DeviceStore>;

/// All that is stored, comparable.
async fn content(store: &dyn DeviceStore) -> Vec<(DeviceId, String, Salt, [u8; 32], WallTime, Option<WallTime>)> {
    let devices = store.list().await.unwrap();
    let records = devices.iter().map(|device| device.record());
    records.map(|r| (r.id, r.name.to_string(), r.salt, r.token_hash.0, r.created_at, r.expires_at)).collect()
}

async fn names(store: &dyn DeviceStore) -> Vec<String> {
    content(store).await.into_iter().map(|record| record.1).collect()
}

/// The id of the device that a name finds.
async fn named(store: &dyn DeviceStore, text: &str) -> Option<DeviceId> {
    store.find_named(&NameKey::of_typed(text)).await.unwrap().map(|device| device.id())
}

async fn a_device_is_found_by_its_id_and_by_its_name_in_any_case(subject: Store) {
    let store = &*subject.port;
    let laptop = device("Laptop", 1);
    let id = laptop.id();
    store.insert(laptop.clone()).await.unwrap();
    store.insert(device("Phone", 2)).await.unwrap();
    assert_eq!(store.find(id).await.unwrap().unwrap().name(), laptop.name());
    for text in ["Laptop", "lapTOP", " laptop "] {
        assert_eq!(named(store, text).await, Some(id), "{text}");
    }
}

async fn what_was_never_inserted_is_not_found(subject: Store) {
    let store = &*subject.port;
    assert!(store.list().await.unwrap().is_empty());
    store.insert(device("Laptop", 1)).await.unwrap();
    assert!(store.find(device("Phone", 2).id()).await.unwrap().is_none());
    assert_eq!(named(store, "Phone").await, None);
}

async fn a_taken_name_is_refused_in_any_case(subject: Store) {
    let store = &*subject.port;
    store.insert(device("Laptop", 1)).await.unwrap();
    let before = content(store).await;
    let second = device("LAPTOP", 2);
    assert_eq!(store.insert(second.clone()).await, Err(StoreNameError::NameTaken));
    assert_eq!(content(store).await, before);
    assert!(store.find(second.id()).await.unwrap().is_none());
}

async fn of_many_parallel_inserts_with_one_name_one_succeeds(subject: Store) {
    let insert = |number| {
        let store = Arc::clone(&subject.port);
        async move { store.insert(device("Laptop", number)).await }
    };
    let results = in_parallel(50, insert).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(StoreNameError::NameTaken))));
    assert_eq!(names(&*subject.port).await, ["Laptop"]);
}

async fn parallel_changes_do_not_lose_each_other(subject: Store) {
    let insert = |number| {
        let store = Arc::clone(&subject.port);
        async move {
            let device = device(&format!("device {number}"), number);
            store.insert(device.clone()).await.unwrap();
            if number % 2 == 0 {
                store.remove(device.id()).await.unwrap().unwrap();
            }
        }
    };
    in_parallel(40, insert).await;
    let mut left = names(&*subject.port).await;
    left.sort();
    let mut expected: Vec<String> =
        (0..40).filter(|number| number % 2 == 1).map(|number| format!("device {number}")).collect();
    expected.sort();
    assert_eq!(left, expected);
}

async fn devices_are_listed_in_the_order_they_were_paired(subject: Store) {
    let store = &*subject.port;
    for (text, seed) in [("d", 4), ("a", 1), ("c", 3), ("b", 2)] {
        store.insert(device(text, seed)).await.unwrap();
    }
    store.rename(device("a", 1).id(), name("z")).await.unwrap();
    store.replace_secret(device("d", 4).id(), Salt([1; 16]), device("d", 9).record().token_hash).await.unwrap();
    store.remove(device("c", 3).id()).await.unwrap();
    store.insert(device("c", 3)).await.unwrap();
    assert_eq!(names(store).await, ["d", "z", "b", "c"]);
}

async fn a_removed_device_is_gone_and_its_name_is_free(subject: Store) {
    let store = &*subject.port;
    let laptop = device("Laptop", 1);
    store.insert(laptop.clone()).await.unwrap();
    let removed = store.remove(laptop.id()).await.unwrap().unwrap();
    assert_eq!(removed.name(), laptop.name());
    assert!(store.find(laptop.id()).await.unwrap().is_none());
    assert_eq!(named(store, "Laptop").await, None);
    assert!(store.remove(laptop.id()).await.unwrap().is_none(), "there is none any more");
    store.insert(device("laptop", 2)).await.unwrap();
}

async fn a_renamed_device_is_found_by_its_new_name_only(subject: Store) {
    let store = &*subject.port;
    let (laptop, token) = device_and_token("Laptop", 1);
    store.insert(laptop.clone()).await.unwrap();
    store.rename(laptop.id(), name("Notebook")).await.unwrap();
    assert_eq!((named(store, "notebook").await, named(store, "Laptop").await), (Some(laptop.id()), None));
    let renamed = store.find(laptop.id()).await.unwrap().unwrap();
    assert_eq!(renamed.name(), &name("Notebook"));
    assert!(is_authentic(&token, Some(&renamed), WALL));
    store.insert(device("Laptop", 2)).await.unwrap();
}

async fn a_rename_to_a_taken_name_or_of_no_device_is_refused(subject: Store) {
    let store = &*subject.port;
    let laptop = device("Laptop", 1);
    store.insert(laptop.clone()).await.unwrap();
    store.insert(device("Phone", 2)).await.unwrap();
    let before = content(store).await;
    assert_eq!(store.rename(laptop.id(), name("PHONE")).await, Err(StoreNameError::NameTaken));
    assert_eq!(store.rename(device("x", 3).id(), name("new")).await, Err(StoreNameError::NoSuchDevice));
    assert_eq!(content(store).await, before);
    assert_eq!(named(store, "Laptop").await, Some(laptop.id()));
}

async fn a_change_of_case_only_is_allowed(subject: Store) {
    let store = &*subject.port;
    let laptop = device("laptop", 1);
    store.insert(laptop.clone()).await.unwrap();
    store.rename(laptop.id(), name("LAPTOP")).await.unwrap();
    store.rename(laptop.id(), name("LAPTOP")).await.unwrap();
    assert_eq!((names(store).await, named(store, "laptop").await), (vec!["LAPTOP".to_owned()], Some(laptop.id())));
}

async fn d39_a_replaced_secret_refuses_the_old_token(subject: Store) {
    let store = &*subject.port;
    let (laptop, old_token) = device_and_token("Laptop", 1);
    store.insert(laptop.clone()).await.unwrap();
    let new_token = BearerToken::issue(laptop.id(), &[9; 32]);
    let salt = Salt([5; 16]);
    assert_eq!(store.replace_secret(laptop.id(), salt, new_token.hash(&salt)).await, Ok(true));
    let found = store.find(laptop.id()).await.unwrap();
    assert!(is_authentic(&new_token, found.as_deref(), WALL) && !is_authentic(&old_token, found.as_deref(), WALL));
    assert_eq!(named(store, "Laptop").await, Some(laptop.id()));
    let unknown = device("Phone", 2);
    assert_eq!(store.replace_secret(unknown.id(), salt, new_token.hash(&salt)).await, Ok(false));
}

/// Makes a new secret for the device, and stages it unless it has another than the one in `shown`.
async fn stage(store: &dyn DeviceStore, shown: &Device, seed: u64) -> (bool, BearerToken) {
    let random: [u8; DEVICE_RANDOM_BYTES] = SeededRng::new(seed).bytes();
    let (pending, token) = shown.next_secret(&random, WALL);
    (store.stage_secret(shown.id(), shown.record().token_hash, pending).await.unwrap(), token)
}

/// Confirms the secret of this token, if it is the pending one.
async fn confirm(store: &dyn DeviceStore, token: &BearerToken) -> bool {
    let found = store.find(token.device()).await.unwrap();
    match standing(token, found.as_deref(), WALL) {
        Some(Standing::Pending(hash)) => store.confirm_secret(token.device(), hash).await.unwrap(),
        Some(Standing::Current) | None => false,
    }
}

async fn d39_a_staged_secret_replaces_the_old_one_when_it_is_confirmed(subject: Store) {
    let store = &*subject.port;
    let (laptop, old) = device_and_token("Laptop", 1);
    store.insert(laptop.clone()).await.unwrap();
    let (is_staged, new) = stage(store, &laptop, 5).await;
    let found = store.find(laptop.id()).await.unwrap();
    assert!(is_staged && is_authentic(&old, found.as_deref(), WALL) && !is_authentic(&new, found.as_deref(), WALL));
    let reopened = subject.reopen.as_ref().map_or_else(|| Arc::clone(&subject.port), |reopen| reopen());
    assert!(confirm(&*reopened, &new).await, "a staged secret survives a restart");
    assert!(!confirm(&*reopened, &new).await, "there is nothing left to confirm");
    let found = reopened.find(laptop.id()).await.unwrap();
    assert!(is_authentic(&new, found.as_deref(), WALL) && !is_authentic(&old, found.as_deref(), WALL));
    let (is_staged, _) = stage(&*reopened, &laptop, 6).await;
    assert!(!is_staged, "the secret that was shown is not the current one any more");
    if let Some(reopen) = subject.reopen {
        let found = reopen().find(laptop.id()).await.unwrap();
        assert!(is_authentic(&new, found.as_deref(), WALL) && !is_authentic(&old, found.as_deref(), WALL));
    }
}

async fn only_what_is_pending_is_confirmed(subject: Store) {
    let store = &*subject.port;
    let laptop = device("Laptop", 1);
    let (phone, phone_token) = device_and_token("Phone", 2);
    store.insert(laptop.clone()).await.unwrap();
    let hash = phone_token.hash(&phone.record().salt);
    assert_eq!(store.confirm_secret(laptop.id(), hash).await, Ok(false), "nothing is");
    let (_, first) = stage(store, &laptop, 5).await;
    let (_, second) = stage(store, &laptop, 6).await;
    assert_eq!(store.confirm_secret(laptop.id(), hash).await, Ok(false), "something else is");
    assert!(!confirm(store, &first).await && confirm(store, &second).await);
    assert_eq!(store.confirm_secret(phone.id(), hash).await, Ok(false), "no such device");
    assert!(!stage(store, &phone, 7).await.0, "no such device");
}

async fn of_parallel_rotations_with_one_secret_one_is_confirmed(subject: Store) {
    let (laptop, old) = device_and_token("Laptop", 1);
    subject.port.insert(laptop.clone()).await.unwrap();
    let rotate = |number| {
        let (store, laptop) = (Arc::clone(&subject.port), laptop.clone());
        async move {
            let (_, token) = stage(&*store, &laptop, 10 + number).await;
            (confirm(&*store, &token).await, token)
        }
    };
    let results = in_parallel(20, rotate).await;
    let found = subject.port.find(laptop.id()).await.unwrap();
    let good = results.iter().filter(|(_, token)| is_authentic(token, found.as_deref(), WALL)).count();
    let confirmed = results.iter().filter(|(is_confirmed, _)| *is_confirmed).count();
    let old_is_good = is_authentic(&old, found.as_deref(), WALL);
    assert_eq!((good, confirmed), if old_is_good { (0, 0) } else { (1, 1) });
}

async fn a_secret_from_the_host_drops_a_staged_one_and_a_rename_keeps_it(subject: Store) {
    let store = &*subject.port;
    let laptop = device("Laptop", 1);
    store.insert(laptop.clone()).await.unwrap();
    let (_, new) = stage(store, &laptop, 5).await;
    store.rename(laptop.id(), name("Notebook")).await.unwrap();
    let found = store.find(laptop.id()).await.unwrap();
    assert!(matches!(standing(&new, found.as_deref(), WALL), Some(Standing::Pending(_))));
    store.replace_secret(laptop.id(), Salt([5; 16]), new.hash(&Salt([6; 16]))).await.unwrap();
    assert!(!confirm(store, &new).await);
}

async fn a_change_that_was_answered_survives_a_restart(subject: Store) {
    let (store, Some(reopen)) = (&*subject.port, subject.reopen) else { return };
    for (text, seed) in [("a", 1), ("b", 2), ("Größe", 3)] {
        store.insert(device(text, seed)).await.unwrap();
        assert_eq!(content(&*reopen()).await, content(store).await);
    }
    store.rename(device("a", 1).id(), name("z")).await.unwrap();
    assert_eq!(content(&*reopen()).await, content(store).await);
    let token = BearerToken::issue(device("b", 2).id(), &[9; 32]);
    store.replace_secret(token.device(), Salt([5; 16]), token.hash(&Salt([5; 16]))).await.unwrap();
    assert_eq!(content(&*reopen()).await, content(store).await);
    store.remove(device("a", 1).id()).await.unwrap();
    let reopened = reopen();
    assert_eq!(content(&*reopened).await, content(store).await);
    assert_eq!((named(&*reopened, "a").await, named(&*reopened, "B").await), (None, Some(token.device())));
}

async fn d42_after_an_error_nothing_has_changed_and_no_restart_brings_it_about(subject: Store) {
    let (store, Some(set_broken)) = (&*subject.port, subject.set_broken) else { return };
    let laptop = device("Laptop", 1);
    let id = laptop.id();
    store.insert(laptop.clone()).await.unwrap();
    let before = content(store).await;
    set_broken(true);
    assert!(matches!(store.insert(device("Phone", 2)).await, Err(StoreNameError::Storage(_))));
    assert!(matches!(store.rename(id, name("Phone")).await, Err(StoreNameError::Storage(_))));
    assert!(store.replace_secret(id, Salt([5; 16]), device("x", 3).record().token_hash).await.is_err());
    assert!(store.remove(id).await.is_err());
    let pending = PendingSecret { salt: Salt([5; 16]), token_hash: laptop.record().token_hash, confirm_before: WALL };
    assert!(store.stage_secret(id, laptop.record().token_hash, pending).await.is_err());
    let while_broken = (content(store).await, named(store, "Phone").await, store.find(id).await.unwrap().is_some());
    set_broken(false);
    assert_eq!(while_broken, (before.clone(), None, true));
    if let Some(reopen) = subject.reopen {
        assert_eq!(content(&*reopen()).await, before);
    }
    store.insert(device("Phone", 2)).await.unwrap();
    assert_eq!(names(store).await, ["Laptop", "Phone"], "the storage is as good as before");
}

macro_rules! holds_for {
    ($implementation:ident) => {
        promises! { $implementation:
            a_device_is_found_by_its_id_and_by_its_name_in_any_case,
            what_was_never_inserted_is_not_found,
            a_taken_name_is_refused_in_any_case,
            of_many_parallel_inserts_with_one_name_one_succeeds,
            parallel_changes_do_not_lose_each_other,
            devices_are_listed_in_the_order_they_were_paired,
            a_removed_device_is_gone_and_its_name_is_free,
            a_renamed_device_is_found_by_its_new_name_only,
            a_rename_to_a_taken_name_or_of_no_device_is_refused,
            a_change_of_case_only_is_allowed,
            d39_a_replaced_secret_refuses_the_old_token,
            d39_a_staged_secret_replaces_the_old_one_when_it_is_confirmed,
            only_what_is_pending_is_confirmed,
            of_parallel_rotations_with_one_secret_one_is_confirmed,
            a_secret_from_the_host_drops_a_staged_one_and_a_rename_keeps_it,
            a_change_that_was_answered_survives_a_restart,
            d42_after_an_error_nothing_has_changed_and_no_restart_brings_it_about,
        }
    };
}

fn fake() -> Store {
    let store = Arc::new(FakeDeviceStore::default());
    let faults = Arc::clone(&store);
    Subject { port: store, reopen: None, set_broken: Some(Box::new(move |broken| faults.faults.set(broken))) }
}

holds_for!(fake);

fn file() -> Store {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let path = folder.path().join("config/devices.json");
    std::fs::create_dir(folder.path().join("config")).unwrap();
    let set_broken = breaking(folder.path().join("config"));
    // The folder lives as long as the way to open it again.
    let open = move || -> Arc<dyn DeviceStore> {
        let _alive = &folder;
        Arc::new(FileDeviceStore::open(path.clone()).unwrap())
    };
    Subject { port: open(), reopen: Some(Box::new(open)), set_broken: Some(set_broken) }
}

holds_for!(file);

//! The contract of [`TlsKeyStore`].

use std::sync::Arc;

use netclaw::adapters::file::home::Home;
use netclaw::adapters::file::tls_key_files::TlsKeyFiles;
use netclaw::adapters::system::rng::SystemRng;
use netclaw::domain::pin::Pin;
use netclaw::ports::rng::RandomUnavailable;
use netclaw::ports::tls_keys::{TlsKeyMaker, TlsKeyStore, TlsKeys};
use zeroize::Zeroizing;

use super::{Subject, breaking, in_parallel};
use crate::fakes::tls_keys::FakeTlsKeyStore;

type Store = Subject<dyn TlsKeyStore>;

fn pins(keys: &TlsKeys) -> (Pin, Option<Pin>) {
    (keys.current.pin, keys.next.as_ref().map(|next| next.pin))
}

async fn there_is_one_key_at_first_and_it_stays_the_same(store: Store) {
    let first = pins(&store.port.keys());
    assert_eq!(first, pins(&store.port.keys()));
    assert_eq!(first.1, None);
}

async fn a_next_key_is_another_one_and_is_made_once(store: Store) {
    let first = pins(&store.port.keys());
    let prepared = pins(&store.port.prepare_next().unwrap());
    assert_eq!(prepared.0, first.0);
    assert!(prepared.1.is_some_and(|next| next != first.0));
    assert_eq!(pins(&store.port.prepare_next().unwrap()), prepared);
    assert_eq!(pins(&store.port.keys()), prepared);
}

async fn a_switch_puts_the_next_key_in_place_and_without_one_does_nothing(store: Store) {
    let first = pins(&store.port.keys());
    assert_eq!(pins(&store.port.switch().unwrap()), first);
    let next = pins(&store.port.prepare_next().unwrap()).1.unwrap();
    assert_eq!(pins(&store.port.switch().unwrap()), (next, None));
    assert_eq!(pins(&store.port.keys()), (next, None));
    assert_ne!(pins(&store.port.prepare_next().unwrap()).1, Some(first.0));
}

async fn parallel_calls_prepare_one_key(store: Store) {
    let made = in_parallel(20, |_| {
        let port = Arc::clone(&store.port);
        async move { pins(&port.prepare_next().unwrap()) }
    });
    let made = made.await;
    assert!(made.iter().all(|keys| *keys == made[0]));
}

async fn what_was_answered_survives_a_restart_with_its_age(store: Store) {
    let Some(reopen) = store.reopen else { return };
    let ages = |keys: &TlsKeys| (keys.current.created_at, keys.next.as_ref().map(|next| next.created_at));
    let first = store.port.keys();
    assert_eq!(pins(&reopen().keys()), pins(&first));
    let prepared = store.port.prepare_next().unwrap();
    assert_eq!((pins(&reopen().keys()), ages(&reopen().keys())), (pins(&prepared), ages(&prepared)));
    let switched = store.port.switch().unwrap();
    assert_eq!((pins(&reopen().keys()), ages(&reopen().keys())), (pins(&switched), ages(&switched)));
    assert_eq!(switched.current.created_at, prepared.next.unwrap().created_at);
}

async fn a_failure_changes_nothing(store: Store) {
    let Some(set_broken) = store.set_broken else { return };
    let first = pins(&store.port.keys());
    set_broken(true);
    store.port.prepare_next().unwrap_err();
    assert_eq!(pins(&store.port.keys()), first);
    set_broken(false);
    let prepared = pins(&store.port.prepare_next().unwrap());
    set_broken(true);
    store.port.switch().unwrap_err();
    assert_eq!(pins(&store.port.keys()), prepared);
    set_broken(false);
    assert_eq!(pins(&store.port.switch().unwrap()), (prepared.1.unwrap(), None));
}

macro_rules! holds_for {
    ($implementation:ident) => {
        promises! { $implementation:
            there_is_one_key_at_first_and_it_stays_the_same,
            a_next_key_is_another_one_and_is_made_once,
            a_switch_puts_the_next_key_in_place_and_without_one_does_nothing,
            parallel_calls_prepare_one_key,
            what_was_answered_survives_a_restart_with_its_age,
            a_failure_changes_nothing,
        }
    };
}

fn fake() -> Store {
    let fake = Arc::new(FakeTlsKeyStore::default());
    let faults = Arc::clone(&fake);
    Subject { port: fake, reopen: None, set_broken: Some(Box::new(move |broken| faults.faults.set(broken))) }
}

fn files() -> Store {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let home = Home::at(folder.path().to_owned());
    let set_broken = breaking(folder.path().join("keys"));
    // The folder lives as long as the way to open it again.
    let open = move || -> Arc<dyn TlsKeyStore> {
        let _alive = &folder;
        Arc::new(TlsKeyFiles::open(&home, Box::new(SystemRng::default())).unwrap())
    };
    Subject { port: open(), reopen: Some(Box::new(open)), set_broken: Some(set_broken) }
}

holds_for!(fake);
holds_for!(files);

/// A random source that never works.
struct NoKeys;

impl TlsKeyMaker for NoKeys {
    fn make(&self) -> Result<Zeroizing<Vec<u8>>, RandomUnavailable> {
        Err(RandomUnavailable)
    }
}

#[test]
fn a15_without_randomness_there_is_no_key_and_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().to_owned());
    let error = TlsKeyFiles::open(&home, Box::new(NoKeys)).err().unwrap();
    assert!(error.to_string().contains("random source failed"), "{error}");
    assert!(!home.tls_key_file().exists());
}

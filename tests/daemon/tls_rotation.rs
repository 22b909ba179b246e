//! Rotating the TLS key, over fakes.

use std::sync::Arc;
use std::time::Duration;

use netclaw::app::daemon::own_pins::OwnPins;
use netclaw::app::daemon::tls_rotation::TlsRotation;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::key_rotation::{Announcement, NOTICE, NotYet, Urgency};
use netclaw::domain::link::Pins;
use netclaw::domain::pin::Pin;
use netclaw::ports::control_channel::RotationOutcome;
use netclaw::ports::credential_store::{CredentialStore, Pairing};
use netclaw::ports::storage::StorageError;
use netclaw::ports::tls_keys::TlsKeyStore;

use crate::fakes::clock::FakeClock;
use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::samples::{pairing, token};
use crate::fakes::tls_keys::{FakeTlsKeyStore, FakeTlsTerminator};

struct Scene {
    clock: Arc<FakeClock>,
    store: Arc<FakeTlsKeyStore>,
    terminator: Arc<FakeTlsTerminator>,
    rotation: TlsRotation,
}

impl Default for Scene {
    fn default() -> Self {
        let (clock, store) = (Arc::new(FakeClock::default()), Arc::new(FakeTlsKeyStore::default()));
        let terminator = Arc::new(FakeTlsTerminator::default());
        let rotation = TlsRotation::new(clock.clone(), store.clone(), terminator.clone(), Arc::new(identity()));
        Self { clock, store, terminator, rotation }
    }
}

fn identity() -> IdentityKey {
    IdentityKey::from_seed(&[7; 32]).unwrap()
}

impl Scene {
    fn current(&self) -> Pin {
        self.store.keys().current.pin
    }

    fn next(&self) -> Option<Pin> {
        self.store.keys().next.map(|next| next.pin)
    }

    fn presented(&self) -> Option<Pin> {
        *self.terminator.presented.lock().unwrap()
    }

    /// What clients are told: the pin in use, and the next one if it is rightly signed.
    fn told(&self) -> (Pin, Option<Pin>) {
        let report = self.rotation.report();
        let next = report.next.map(|next| {
            let announcement = Announcement { daemon: identity().id(), current: report.pin, next: next.pin };
            announcement.verify(&report.identity_key, &next.signature).unwrap();
            next.pin
        });
        (report.pin, next)
    }
}

#[test]
fn a_rotation_announces_waits_a_week_and_switches() {
    let scene = Scene::default();
    let first = scene.current();
    assert_eq!(scene.told(), (first, None));

    let announced = scene.rotation.rotate(Urgency::InTime).unwrap();
    let next = scene.next().unwrap();
    assert!(matches!(announced, RotationOutcome::Announced(key) if key.pin == next));
    assert_eq!((scene.current(), scene.presented(), scene.told()), (first, None, (first, Some(next))));

    scene.clock.advance(NOTICE - Duration::from_millis(1));
    let remaining = Duration::from_millis(1);
    let too_soon = RotationOutcome::NotYet(NotYet::TooSoon { remaining });
    assert_eq!(scene.rotation.rotate(Urgency::InTime), Ok(too_soon));
    assert_eq!((scene.next(), scene.presented()), (Some(next), None));

    scene.clock.advance(remaining);
    let switched = scene.rotation.rotate(Urgency::InTime).unwrap();
    assert!(matches!(switched, RotationOutcome::Switched(key) if key.pin == next && key.age == NOTICE));
    assert_eq!((scene.current(), scene.presented(), scene.told()), (next, Some(next), (next, None)));

    // And all over again.
    assert!(matches!(scene.rotation.rotate(Urgency::InTime), Ok(RotationOutcome::Announced(_))));
}

#[test]
fn a_hurried_switch_needs_an_announcement_and_no_week() {
    let scene = Scene::default();
    let nothing = RotationOutcome::NotYet(NotYet::NothingAnnounced);
    assert_eq!(scene.rotation.rotate(Urgency::Now), Ok(nothing));
    assert_eq!(scene.next(), None);
    scene.rotation.rotate(Urgency::InTime).unwrap();
    let next = scene.next();
    scene.rotation.rotate(Urgency::Now).unwrap();
    assert_eq!((Some(scene.current()), scene.presented()), (next, next));
}

#[test]
fn what_cannot_be_stored_is_neither_told_nor_used() {
    let scene = Scene::default();
    let (first, full) = (scene.current(), StorageError("the disk is full".to_owned()));
    scene.store.faults.set(true);
    assert_eq!(scene.rotation.rotate(Urgency::InTime), Err(full.clone()));
    assert_eq!((scene.told(), scene.presented()), ((first, None), None));
    scene.store.faults.set(false);
    scene.rotation.rotate(Urgency::InTime).unwrap();
    scene.store.faults.set(true);
    assert_eq!(scene.rotation.rotate(Urgency::Now), Err(full));
    // The first key is in use again.
    assert_eq!((scene.told(), scene.presented()), ((first, scene.next()), Some(first)));
}

#[test]
fn the_operator_sees_both_keys_and_their_ages() {
    let scene = Scene::default();
    scene.rotation.rotate(Urgency::InTime).unwrap();
    scene.clock.advance(Duration::from_secs(60));
    let keys = scene.rotation.keys();
    assert_eq!((keys.current.pin, keys.next.as_ref().map(|next| next.pin)), (scene.current(), scene.next()));
    assert_eq!((keys.current.age, keys.next.unwrap().age), (Duration::from_secs(60), Duration::from_secs(60)));
}

#[test]
fn the_hosts_own_pairing_follows_its_keys_at_once() {
    let credentials = Arc::new(FakeCredentialStore::default());
    let id = identity().id();
    let Scene { store, terminator, clock, .. } = Scene::default();
    let rotation = TlsRotation::new(clock, store.clone(), terminator, Arc::new(identity()));
    let rotation = rotation.followed_by(OwnPins::new(credentials.clone(), id.clone()));
    let first = Pins { current: store.keys().current.pin, next: None };
    let mut own = Pairing { daemon_id: id.clone(), ..pairing(1, "http://192.0.2.1:5199") };
    let stored = || credentials.paired_with(&id).unwrap().unwrap().known.pins;
    for pins in [None, Some(first)] {
        own.known.pins = pins;
        credentials.save(&own, &token(1)).unwrap();
        rotation.rotate(Urgency::InTime).ok();
        if pins.is_none() {
            assert_eq!(stored(), None, "over loopback no key is needed");
            rotation.rotate(Urgency::Now).unwrap();
        }
    }
    let next = store.keys().next.unwrap().pin;
    assert_eq!(stored().unwrap().next, Some(next));
    rotation.rotate(Urgency::Now).unwrap();
    assert_eq!(stored(), Some(Pins { current: next, next: None }));
    credentials.faults.set(true);
    rotation.rotate(Urgency::InTime).unwrap();
}

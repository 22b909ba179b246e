//! Several daemons on one device.

use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::samples::{daemon_id, name, pairing, token};
use crate::fakes::settings_store::FakeSettingsStore;
use netclaw::app::client::daemons::{ChooseError, UseError, choose, make_current};
use netclaw::app::client::target::{Rule, TargetError, resolve, resolve_named};
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::link::{Guard, Pins};
use netclaw::domain::pin::Pin;
use netclaw::ports::credential_store::{CredentialStore, Pairing};

const PINS: Pins = Pins { current: Pin::from_bytes([1; 32]), next: None };

fn called(daemon: u8, its_name: &str) -> Pairing {
    let mut pairing = pairing(daemon, &format!("http://10.0.0.{daemon}:5199"));
    (pairing.known.name, pairing.known.pins) = (Some(name(its_name)), Some(PINS));
    pairing
}

fn three() -> FakeCredentialStore {
    let nameless = pairing(3, "https://nameless.example");
    FakeCredentialStore::with(vec![
        (called(1, "build"), token(1)),
        (called(2, "build-2"), token(2)),
        (nameless, token(3)),
    ])
}

#[test]
fn a_daemon_is_chosen_by_its_name_or_the_beginning_of_its_id() {
    let all = three().pairings();
    let third = daemon_id(3);
    for (typed, expected) in [
        ("build", daemon_id(1)),
        (" BUILD ", daemon_id(1)),
        ("build-2", daemon_id(2)),
        (&third.as_str()[..8], third.clone()),
        (third.as_str(), third.clone()),
    ] {
        assert_eq!(choose(&all, typed).unwrap().daemon_id, expected, "{typed}");
    }
    for unknown in ["", " ", "buil", "nameless.example", "\u{1b}[2J"] {
        assert!(matches!(choose(&all, unknown), Err(ChooseError::Unknown(_))), "{unknown:?}");
    }
}

#[test]
fn what_could_be_several_daemons_is_none() {
    let id = |number: u8| daemon_id(number).as_str()[..1].to_owned();
    let (one, other) =
        (0..=255).flat_map(|one| (0..one).map(move |other| (one, other))).find(|(a, b)| id(*a) == id(*b)).unwrap();
    let all = [pairing(one, "http://a:1"), pairing(other, "http://b:1")];
    let Err(ChooseError::Ambiguous { candidates, .. }) = choose(&all, &id(one)) else { panic!() };
    assert_eq!(candidates, [daemon_id(one), daemon_id(other)]);
}

#[test]
fn b26_a_named_daemon_gets_its_own_credential_over_its_own_link() {
    let credentials = three();
    let target = resolve_named("build", &credentials).unwrap();
    let (pairing, sent) = target.credential.unwrap();
    assert_eq!((pairing.daemon_id, sent.device()), (daemon_id(1), token(1).device()));
    assert_eq!((target.choice.rule, target.link.guard()), (Rule::Named(daemon_id(1)), Guard::Pinned(PINS)));
    assert!(matches!(resolve_named("other", &credentials), Err(TargetError::Daemon(_))));
}

#[test]
fn b26_the_environment_brings_neither_a_token_nor_a_pin_to_another_place() {
    let credentials = three();
    let target = |place: &str| resolve(Some(place), &credentials, &FakeSettingsStore::default()).unwrap();
    let own = target("http://10.0.0.1:5199");
    assert!(own.credential.is_some() && own.link.guard() == Guard::Pinned(PINS));
    for other in ["https://10.0.0.1:5199", "http://10.0.0.1:5198", "http://10.0.0.9:5199"] {
        let target = target(other);
        assert!(target.credential.is_none() && target.link.guard() != Guard::Pinned(PINS), "{other}");
    }
}

#[test]
fn the_used_daemon_is_the_one_that_commands_talk_to() {
    let credentials = three();
    assert_eq!(make_current(&credentials, "build").unwrap().daemon_id, daemon_id(1));
    assert_eq!(credentials.current().unwrap().unwrap().daemon_id, daemon_id(1));
    assert!(matches!(make_current(&credentials, "none"), Err(UseError::Choose(_))));
    assert_eq!(credentials.current().unwrap().unwrap().daemon_id, daemon_id(1));
}

#[test]
fn what_a_daemon_is_known_by_is_kept_in_the_file_and_old_files_are_read() {
    use netclaw::adapters::file::credentials::FileCredentialStore;
    use netclaw::adapters::file::home::Home;
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home"));
    let store = FileCredentialStore::new(home.clone());
    let identity = IdentityKey::from_seed(&[9; 32]).unwrap().public_key();
    let mut known = called(1, "build");
    known.daemon_id = identity.id();
    known.known.identity = Some(identity);
    store.save(&known, &token(1)).unwrap();
    store.save(&pairing(2, "http://b:1"), &token(2)).unwrap();
    assert_eq!(store.all().unwrap(), [known.clone(), pairing(2, "http://b:1")]);
    let learnt = Pins { next: Some(Pin::from_bytes([2; 32])), ..PINS };
    known.known.pins = Some(learnt);
    store.remember(&identity.id(), &known.known).unwrap();
    store.remember(&daemon_id(77), &known.known).unwrap();
    assert_eq!(store.paired_with(&identity.id()).unwrap(), Some(known));
    assert_eq!(store.current().unwrap().unwrap().daemon_id, daemon_id(2));
    store.make_current(&identity.id()).unwrap();
    store.make_current(&daemon_id(77)).unwrap();
    assert_eq!(store.current().unwrap().unwrap().daemon_id, identity.id());

    let file = std::fs::read_to_string(home.client_file()).unwrap();
    assert!(file.contains("\"pin\": \"sha256//") && file.contains("\"nextPin\"") && file.contains("\"identityKey\""));
    let damaged = [
        ("\"pin\": \"sha256//", "\"pin\": \"sha1//"),
        ("\"pin\":", "\"nopin\":"),
        ("\"identityKey\": \"", "\"identityKey\": \"AAAA"),
        ("\"name\": \"build\"", "\"name\": \"a/b\""),
    ];
    for (from, to) in damaged {
        std::fs::write(home.client_file(), file.replacen(from, to, 1)).unwrap();
        assert!(store.all().is_err(), "{to}");
    }
}

//! Names that cannot be used, and what else is answered inside of a handshake.

use std::time::Duration;

use netclaw::domain::pake::answer::NotPaired;
use netclaw::domain::pake::{MAX_NAMES, Outcome};
use netclaw::ports::device_store::DeviceStore;

use super::{NO_CODE, World};
use crate::fakes::samples::device;

/// A world in which the name `laptop` is taken.
async fn taken() -> World {
    let world = World::default();
    world.devices.insert(device("laptop", 99)).await.unwrap();
    world
}

#[tokio::test]
async fn a_taken_or_impossible_name_asks_for_another_with_the_same_code() {
    let world = taken().await;
    let code = world.code().await;
    let outcome = world.pair(&code, "LAPTOP", 1).await.unwrap();
    let Outcome::AnotherName(NotPaired::NameTaken, client) = outcome else { panic!("{outcome:?}") };
    let (client, request) = client.ask("a\u{202e}b").unwrap();
    let outcome = client.receive(&world.finish(&request, 1).await.unwrap()).unwrap();
    let Outcome::AnotherName(NotPaired::InvalidDeviceName, client) = outcome else { panic!("{outcome:?}") };
    let (client, request) = client.ask("laptop-2").unwrap();
    let outcome = client.receive(&world.finish(&request, 1).await.unwrap()).unwrap();
    assert!(matches!(outcome, Outcome::Paired(_)));
    assert_eq!(world.names().await, ["laptop", "laptop-2"]);
}

#[tokio::test]
async fn five_names_are_enough() {
    let world = taken().await;
    let code = world.code().await;
    let (mut client, mut request) = world.ask(&code, "laptop", 1).await;
    for _ in 1..MAX_NAMES {
        let outcome = client.receive(&world.finish(&request, 1).await.unwrap()).unwrap();
        let Outcome::AnotherName(_, again) = outcome else { panic!("{outcome:?}") };
        (client, request) = again.ask("laptop").unwrap();
    }
    let outcome = client.receive(&world.finish(&request, 1).await.unwrap()).unwrap();
    assert!(matches!(outcome, Outcome::Ended(NotPaired::NameTaken)));
    request.sequence = MAX_NAMES;
    world.finish(&request, 1).await.unwrap_err();
    assert!(matches!(world.pair(&code, "phone", 1).await.unwrap(), Outcome::Paired(_)), "the code is still valid");
}

#[tokio::test]
async fn another_name_is_asked_for_within_a_minute() {
    for (milliseconds, is_in_time) in [(59_999, true), (60_000, false)] {
        let world = taken().await;
        let code = world.code().await;
        let outcome = world.pair(&code, "laptop", 1).await.unwrap();
        let Outcome::AnotherName(_, client) = outcome else { panic!("{outcome:?}") };
        world.clock.advance(Duration::from_millis(milliseconds));
        let (_, request) = client.ask("phone").unwrap();
        assert_eq!(world.finish(&request, 1).await.is_ok(), is_in_time, "{milliseconds}");
    }
}

#[tokio::test]
async fn a_code_that_ended_in_between_is_said_inside_of_the_handshake() {
    for (is_used, expected) in [(true, vec!["laptop", "phone"]), (false, vec!["laptop"])] {
        let world = taken().await;
        let code = world.code().await;
        let outcome = world.pair(&code, "laptop", 1).await.unwrap();
        let Outcome::AnotherName(_, client) = outcome else { panic!("{outcome:?}") };
        match is_used {
            true => world.exchange(&code, "phone", 2).await.unwrap(),
            false => drop(world.code().await),
        }
        let (client, request) = client.ask("tablet").unwrap();
        let outcome = client.receive(&world.finish(&request, 1).await.unwrap()).unwrap();
        assert!(matches!(outcome, Outcome::Ended(NotPaired::NoPairingCode)), "{outcome:?}");
        assert_eq!(world.names().await, expected);
    }
}

#[tokio::test]
async fn a_device_that_cannot_be_stored_costs_neither_the_code_nor_the_handshake() {
    let world = World::default();
    let code = world.code().await;
    world.devices.faults.set(true);
    let outcome = world.pair(&code, "laptop", 1).await.unwrap();
    let Outcome::AnotherName(NotPaired::StorageUnavailable, client) = outcome else { panic!("{outcome:?}") };
    world.devices.faults.set(false);
    let (client, request) = client.ask("laptop").unwrap();
    let outcome = client.receive(&world.finish(&request, 1).await.unwrap()).unwrap();
    assert!(matches!(outcome, Outcome::Paired(_)));
}

#[tokio::test]
async fn d41_a_wrong_code_says_nothing_about_names() {
    let world = taken().await;
    let wrong = crate::fakes::samples::other_than(&world.code().await);
    let taken = world.pair(&wrong, "laptop", 1).await.unwrap_err();
    let free = world.pair(&wrong, "phone", 1).await.unwrap_err();
    let impossible = world.pair(&wrong, "\u{7}", 1).await.unwrap_err();
    assert!(taken == free && free == impossible);
}

#[tokio::test]
async fn a_code_that_is_over_ends_a_half_open_handshake() {
    let world = World::default();
    let code = world.code().await;
    world.clock.advance(Duration::from_millis(280_000));
    let (_, request) = world.ask(&code, "laptop", 1).await;
    world.clock.advance(Duration::from_millis(20_000));
    assert_eq!(world.finish(&request, 1).await.unwrap_err(), NO_CODE);
}

//! Links: what typed codes cannot do to them, and what they cannot do.

use std::time::Duration;

use netclaw::app::daemon::exchange::ExchangeError;
use netclaw::app::daemon::pair_v2::PairError;
use netclaw::domain::link_secret::{LinkId, LinkSecret};
use netclaw::domain::pake::{MAX_HALF_OPEN, Outcome};
use netclaw::domain::session::{CODE_BUDGET, CODE_LIFE};

use super::{NO_CODE, WRONG_CODE, World, client_at, received};
use crate::fakes::samples::other_than;

#[tokio::test]
async fn a_link_makes_one_device() {
    let world = World::default();
    let link = world.link().await;
    assert_eq!(link.endpoint().to_string(), "https://agent.example.org");
    assert!(matches!(world.pair(link.secret(), "laptop", 1).await.unwrap(), Outcome::Paired(_)));
    assert_eq!(world.start(link.secret(), 1).await.unwrap_err(), NO_CODE);
    assert_eq!(world.names().await, ["laptop"]);
}

#[tokio::test]
async fn dead_absent_and_foreign_links_answer_alike() {
    let world = World::default();
    let foreign = LinkSecret::from_random([1; 16]);
    assert_eq!(world.start(&foreign, 1).await.unwrap_err(), NO_CODE);
    let code = world.code().await;
    assert_eq!(world.start(&foreign, 1).await.unwrap_err(), NO_CODE, "a code waits");
    let replaced = world.link().await;
    assert_eq!(world.start(&foreign, 1).await.unwrap_err(), NO_CODE, "another link waits");
    assert_eq!(world.start(&code, 1).await.unwrap_err(), NO_CODE, "the link has replaced the code");
    let link = world.link().await;
    assert_eq!(world.start(replaced.secret(), 1).await.unwrap_err(), NO_CODE);
    world.clock.advance(CODE_LIFE - Duration::from_millis(1));
    world.start(link.secret(), 1).await.unwrap();
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.start(link.secret(), 1).await.unwrap_err(), NO_CODE);
    world.link().await;
    let code = world.code().await;
    assert_eq!(world.exchange(&code, "laptop", 2).await, Ok(()), "the code has replaced the link");
}

#[tokio::test]
async fn nothing_is_computed_for_whoever_does_not_name_the_link() {
    let world = World::default();
    let link = world.link().await;
    let (_, hello) = crate::domain::pake::hello(link.secret(), 1);
    let mut foreign = received(&hello);
    // The point would be refused, but is not looked at.
    (foreign.link, foreign.message) = (Some(LinkId::from_bytes([9; 32])), [0; 32]);
    for _ in 0..1_000 {
        assert_eq!(world.pair.start(client_at(1), foreign.clone()).await.unwrap_err(), NO_CODE);
    }
    assert!(matches!(world.pair(link.secret(), "laptop", 1).await.unwrap(), Outcome::Paired(_)));
}

#[tokio::test]
async fn a_link_works_where_typed_codes_are_burnt() {
    let world = World::default();
    let code = world.code().await;
    let wrong = other_than(&code);
    // The budget is exhausted, and every one of these addresses has failed ten times.
    for round in 0..CODE_BUDGET / 10 {
        for from in 0..10 {
            assert_eq!(world.pair(&wrong, "laptop", from).await.unwrap_err(), WRONG_CODE, "{round} {from}");
        }
        world.clock.advance(Duration::from_secs(20));
    }
    assert_eq!(world.start(&code, 1_000).await.unwrap_err(), NO_CODE);
    let now = world.ports.clock.now().monotonic;
    assert_eq!(world.ports.attempts.lockouts(now).await.len(), 10);
    let link = world.link().await;
    let locked_out = world.start(&wrong, 1).await.unwrap_err();
    assert!(matches!(locked_out, PairError::Exchange(ExchangeError::LockedOut { .. })), "{locked_out}");
    assert!(matches!(world.pair(link.secret(), "laptop", 1).await.unwrap(), Outcome::Paired(_)));
}

#[tokio::test]
async fn typed_codes_do_nothing_to_a_link_that_waits() {
    let world = World::default();
    let link = world.link().await;
    let typed = netclaw::domain::code::PairingCode::parse("2345-6789").unwrap();
    let (client, request) = world.start(link.secret(), 1).await.unwrap().ask("laptop").unwrap();
    for from in 0..200 {
        assert_eq!(world.exchange(&typed, "x", from).await, Err(ExchangeError::NoPairingCode));
        assert_eq!(world.start(&typed, from).await.unwrap_err(), NO_CODE);
    }
    for _ in 0..5 {
        let _ = world.start(&typed, 1).await;
    }
    let limited = world.start(&typed, 1).await.unwrap_err();
    assert!(matches!(limited, PairError::Exchange(ExchangeError::RateLimited { .. })), "{limited}");
    let answer = world.finish(&request, 1).await.unwrap();
    assert!(matches!(client.receive(&answer).unwrap(), Outcome::Paired(_)));
}

#[tokio::test]
async fn a_flood_of_handshakes_about_codes_leaves_a_links_handshake() {
    // Handshakes about codes cannot begin while a link waits; those that began before are still there.
    let world = World::default();
    let code = world.code().await;
    for from in 0..MAX_HALF_OPEN as u32 * 2 {
        world.start(&code, from).await.unwrap();
    }
    let link = world.link().await;
    assert!(matches!(world.pair(link.secret(), "laptop", 1).await.unwrap(), Outcome::Paired(_)));
}

#[tokio::test]
async fn a_wrong_proof_about_a_link_counts_for_nobody_and_ends_nothing() {
    let world = World::default();
    let link = world.link().await;
    for _ in 0..CODE_BUDGET + 10 {
        let (_, mut request) = world.start(link.secret(), 1).await.unwrap().ask("laptop").unwrap();
        request.confirmation = netclaw::domain::pake::Confirmation::from_bytes([0; 32]);
        assert_eq!(world.finish(&request, 1).await.unwrap_err(), WRONG_CODE);
        assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::NoHandshake);
    }
    let now = world.ports.clock.now().monotonic;
    assert!(world.ports.attempts.lockouts(now).await.is_empty());
    assert!(matches!(world.pair(link.secret(), "laptop", 1).await.unwrap(), Outcome::Paired(_)));
}

#[tokio::test]
async fn a_failed_name_leaves_the_link_for_another() {
    let world = World::default();
    let first = world.link().await;
    world.pair(first.secret(), "laptop", 1).await.unwrap();
    let link = world.link().await;
    let (client, request) = world.start(link.secret(), 1).await.unwrap().ask("Laptop").unwrap();
    let outcome = client.receive(&world.finish(&request, 1).await.unwrap()).unwrap();
    let Outcome::AnotherName(_, client) = outcome else { panic!("{outcome:?}") };
    let (client, request) = client.ask("phone").unwrap();
    assert!(matches!(client.receive(&world.finish(&request, 1).await.unwrap()).unwrap(), Outcome::Paired(_)));
}

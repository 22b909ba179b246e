//! Pairings that the operator confirms.

use netclaw::app::daemon::exchange::ExchangeError;
use netclaw::app::daemon::pair_v2::PairError;
use netclaw::domain::pake::answer::NotPaired;
use netclaw::domain::pake::{ClientFinish, FinishRequest, Outcome};
use netclaw::domain::session::asking::ATTENDANCE;
use netclaw::domain::session::{Generation, Phase};
use netclaw::domain::terms::Terms;
use netclaw::ports::control_channel::PairingOutcome;

use super::{NO_CODE, World};

/// A device that has proved a code, and is told to wait.
async fn waiting(world: &World, name: &str) -> (Generation, ClientFinish, FinishRequest) {
    let (code, generation) = world.asking_code().await;
    let (client, request) = world.ask(&code, name, 1).await;
    assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::OperatorIsAsked);
    (generation, client, request)
}

async fn outcome(world: &World, client: ClientFinish, request: &FinishRequest) -> Outcome {
    client.receive(&world.finish(request, 1).await.unwrap()).unwrap()
}

#[tokio::test]
async fn nothing_is_stored_before_the_yes_and_the_same_request_tells_of_it() {
    let world = World::default();
    let (generation, client, request) = waiting(&world, "laptop").await;
    let PairingOutcome::Asking { applicant, .. } = world.open.outcome(generation).await else { panic!() };
    assert_eq!((applicant.name.as_str(), applicant.client), ("laptop", super::client_at(1)));
    assert_eq!(applicant.words, client.words());
    for _ in 0..3 {
        assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::OperatorIsAsked);
    }
    assert!(world.names().await.is_empty());
    assert!(world.open.decide(generation, true).await.unwrap());
    assert!(world.names().await.is_empty(), "it is stored when the device is there to take its token");
    let answer = world.finish(&request, 1).await.unwrap();
    assert_eq!(world.finish(&request, 1).await.unwrap().sealed, answer.sealed);
    assert!(matches!(client.receive(&answer).unwrap(), Outcome::Paired(_)));
    assert_eq!(world.names().await, ["laptop"]);
    assert!(matches!(world.open.outcome(generation).await, PairingOutcome::Paired(_)));
}

#[tokio::test]
async fn a_no_stores_nothing_and_spends_the_code() {
    let world = World::default();
    let (generation, client, request) = waiting(&world, "laptop").await;
    assert!(world.open.decide(generation, false).await.unwrap());
    let ended = outcome(&world, client, &request).await;
    assert!(matches!(ended, Outcome::Ended(NotPaired::Refused)), "{ended:?}");
    assert!(world.names().await.is_empty());
    assert_eq!(world.open.outcome(generation).await, PairingOutcome::Phase(Phase::Refused));
    assert_eq!(world.finish(&request, 1).await.map(drop), Ok(()), "a lost answer comes again");
}

#[tokio::test]
async fn an_operator_who_goes_away_has_not_agreed() {
    let world = World::default();
    let (generation, client, request) = waiting(&world, "laptop").await;
    world.clock.advance(ATTENDANCE);
    assert!(!world.open.decide(generation, true).await.unwrap());
    let ended = outcome(&world, client, &request).await;
    assert!(matches!(ended, Outcome::Ended(NotPaired::Unanswered)), "{ended:?}");
    assert!(world.names().await.is_empty());
}

#[tokio::test]
async fn a_device_that_has_gone_away_is_not_made() {
    let world = World::default();
    let (generation, _, request) = waiting(&world, "laptop").await;
    assert!(world.open.decide(generation, true).await.unwrap());
    for _ in 0..60 {
        world.clock.advance(std::time::Duration::from_secs(1));
        world.open.outcome(generation).await;
    }
    assert_eq!(world.open.outcome(generation).await, PairingOutcome::Phase(Phase::Expired));
    assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::NoHandshake);
    assert!(world.names().await.is_empty());
}

#[tokio::test]
async fn while_the_operator_is_asked_nobody_else_gets_in() {
    let world = World::default();
    let (code, generation) = world.asking_code().await;
    let (early, early_request) = world.ask(&code, "early", 2).await;
    let (client, request) = world.ask(&code, "laptop", 1).await;
    assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::OperatorIsAsked);
    assert_eq!(world.finish(&early_request, 2).await.unwrap_err(), NO_CODE);
    drop(early);
    assert_eq!(world.start(&code, 3).await.unwrap_err(), NO_CODE);
    // Someone else's request about this handshake.
    let (_, mut changed) = (0, request.clone());
    changed.sealed[0] ^= 1;
    assert!(world.open.decide(generation, true).await.unwrap());
    assert!(matches!(outcome(&world, client, &request).await, Outcome::Paired(_)));
}

#[tokio::test]
async fn a_changed_repetition_destroys_the_handshake() {
    let world = World::default();
    let (generation, _, request) = waiting(&world, "laptop").await;
    let mut changed = request.clone();
    changed.sealed[0] ^= 1;
    assert_eq!(world.finish(&changed, 1).await.unwrap_err(), PairError::NoHandshake);
    assert!(world.open.decide(generation, true).await.unwrap());
    assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::NoHandshake);
    assert!(world.names().await.is_empty());
}

#[tokio::test]
async fn a_name_that_cannot_be_had_is_mended_before_the_operator_is_asked() {
    let world = World::default();
    let first = world.code().await;
    world.pair(&first, "laptop", 1).await.unwrap();
    let (code, generation) = world.asking_code().await;
    let (client, request) = world.ask(&code, "Laptop", 1).await;
    let Outcome::AnotherName(NotPaired::NameTaken, client) = outcome(&world, client, &request).await else { panic!() };
    assert!(matches!(world.open.outcome(generation).await, PairingOutcome::Phase(Phase::Waiting { .. })));
    let (client, request) = client.ask("phone").unwrap();
    assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::OperatorIsAsked);
    assert!(world.open.decide(generation, true).await.unwrap());
    assert!(matches!(outcome(&world, client, &request).await, Outcome::Paired(_)));
}

#[tokio::test]
async fn an_exchange_is_refused_and_costs_no_guess() {
    let world = World::default();
    let (code, _) = world.asking_code().await;
    for from in 0..200 {
        assert_eq!(world.exchange(&code, "laptop", from).await, Err(ExchangeError::NeedsHandshake));
    }
    let now = world.ports.clock.now().monotonic;
    assert!(world.ports.attempts.lockouts(now).await.is_empty());
}

#[tokio::test]
async fn a_link_is_confirmed_like_a_code() {
    let world = World::default();
    let opened = world.open.open_link(Terms { confirm: true, ..Terms::default() }).await.unwrap();
    let (client, request) = world.ask(opened.code.secret(), "laptop", 1).await;
    assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::OperatorIsAsked);
    assert!(world.open.decide(opened.generation, true).await.unwrap());
    assert!(matches!(outcome(&world, client, &request).await, Outcome::Paired(_)));
}

#[tokio::test]
async fn a_new_code_ends_the_question() {
    let world = World::default();
    let (generation, client, request) = waiting(&world, "laptop").await;
    world.code().await;
    assert!(!world.open.decide(generation, true).await.unwrap());
    let ended = outcome(&world, client, &request).await;
    assert!(matches!(ended, Outcome::Ended(NotPaired::NoPairingCode)), "{ended:?}");
}

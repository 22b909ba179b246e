//! The limits of both protocols are one.

use std::time::Duration;

use netclaw::app::daemon::exchange::ExchangeError;
use netclaw::app::daemon::pair_v2::PairError;
use netclaw::domain::pake::{Outcome, PakeError};
use netclaw::domain::session::{CODE_BUDGET, Phase};

use super::{NO_CODE, WRONG_CODE, World, client_at, received};
use crate::fakes::samples::other_than;

fn is_rate_limited<T>(result: &Result<T, PairError>) -> bool {
    matches!(result, Err(PairError::Exchange(ExchangeError::RateLimited { .. })))
}

fn is_locked_out<T>(result: &Result<T, PairError>) -> bool {
    matches!(result, Err(PairError::Exchange(ExchangeError::LockedOut { .. })))
}

#[tokio::test]
async fn a01_every_start_counts_for_the_rate_limit_of_both_protocols_and_is_no_guess() {
    let world = World::default();
    let code = world.code().await;
    for _ in 0..5 {
        world.start(&code, 1).await.unwrap();
    }
    assert!(is_rate_limited(&world.start(&code, 1).await));
    let exchanged = world.exchange(&code, "laptop", 1).await;
    assert!(matches!(exchanged, Err(ExchangeError::RateLimited { .. })));
    for minute in 0..10 {
        world.clock.advance(Duration::from_secs(60));
        let code = world.code().await;
        for _ in 0..5 {
            world.start(&code, 1).await.unwrap_or_else(|why| panic!("{why} in minute {minute}"));
        }
    }
}

#[tokio::test]
async fn a01_a_refused_start_counts_too() {
    let world = World::default();
    let code = world.code().await;
    let (_, hello) = crate::domain::pake::hello(&code, 1);
    for _ in 0..5 {
        let mut small = received(&hello);
        small.message = [0; 32];
        let refused = world.pair.start(client_at(1), small).await.unwrap_err();
        assert_eq!(refused, PairError::Refused(PakeError::SmallOrder));
    }
    assert!(is_rate_limited(&world.start(&code, 1).await));
}

#[tokio::test]
async fn a02_ten_wrong_codes_of_either_protocol_block_the_address() {
    let world = World::default();
    let code = world.code().await;
    let wrong = other_than(&code);
    for _ in 0..5 {
        assert_eq!(world.pair(&wrong, "laptop", 1).await.unwrap_err(), WRONG_CODE);
    }
    world.clock.advance(Duration::from_secs(60));
    for _ in 0..4 {
        assert_eq!(world.exchange(&wrong, "laptop", 1).await, Err(ExchangeError::WrongCode));
    }
    let (_, request) = world.ask(&wrong, "laptop", 1).await;
    assert_eq!(world.finish(&request, 1).await.unwrap_err(), WRONG_CODE, "the tenth");
    world.clock.advance(Duration::from_secs(60));
    assert!(is_locked_out(&world.start(&code, 1).await));
    assert!(matches!(world.pair(&code, "laptop", 2).await.unwrap(), Outcome::Paired(_)), "others are not blocked");
}

#[tokio::test]
async fn a02_a_block_comes_before_the_comparison_and_leaves_the_handshake() {
    let world = World::default();
    let code = world.code().await;
    let wrong = other_than(&code);
    for _ in 0..5 {
        world.pair(&wrong, "laptop", 1).await.unwrap_err();
    }
    world.clock.advance(Duration::from_secs(60));
    for _ in 0..4 {
        world.pair(&wrong, "laptop", 1).await.unwrap_err();
    }
    // Begun before the tenth failure, from another address; finished from the blocked one.
    let (client, request) = world.ask(&code, "laptop", 2).await;
    world.pair(&wrong, "laptop", 1).await.unwrap_err();
    assert!(is_locked_out(&world.finish(&request, 1).await));
    assert_eq!(world.ports.attempts.clear(None, world.ports.clock.now().monotonic).await, 1);
    let answer = world.finish(&request, 1).await.unwrap();
    assert!(matches!(client.receive(&answer).unwrap(), Outcome::Paired(_)));
}

#[tokio::test]
async fn a03_the_hundredth_wrong_code_of_either_protocol_ends_the_code() {
    let world = World::default();
    let code = world.code().await;
    let wrong = other_than(&code);
    for number in 0..CODE_BUDGET {
        if number % 4 == 0 {
            assert_eq!(world.exchange(&wrong, "laptop", number).await, Err(ExchangeError::WrongCode));
        } else {
            assert_eq!(world.pair(&wrong, "laptop", number).await.unwrap_err(), WRONG_CODE, "{number}");
        }
    }
    assert_eq!(world.start(&code, 1_000).await.unwrap_err(), NO_CODE);
    let now = world.ports.clock.now().monotonic;
    assert_eq!(world.ports.slot.current(now).await.map(|(_, phase)| phase), Some(Phase::Exhausted));
}

#[tokio::test]
async fn a_right_code_is_no_failure() {
    let world = World::default();
    for round in 0..12 {
        let code = world.code().await;
        let outcome = world.pair(&code, &format!("laptop {round}"), 1).await.unwrap();
        assert!(matches!(outcome, Outcome::Paired(_)));
        world.clock.advance(Duration::from_secs(15));
    }
}

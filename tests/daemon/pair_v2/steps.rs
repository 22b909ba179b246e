//! The order of steps, and answers that got lost.

use std::time::Duration;

use netclaw::app::daemon::pair_v2::PairError;
use netclaw::domain::pake::{Confirmation, FinishRequest, MAX_HALF_OPEN, Nonce, Outcome};

use super::{NO_CODE, WRONG_CODE, World};
use crate::fakes::samples::other_than;

#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again_for_a_minute_and_has_the_same_bytes() {
    let world = World::default();
    let code = world.code().await;
    let (client, request) = world.ask(&code, "laptop", 1).await;
    let answer = world.finish(&request, 1).await.unwrap();
    world.clock.advance(Duration::from_millis(59_999));
    let again = world.finish(&request, 2).await.unwrap();
    assert_eq!(
        (again.sealed.as_slice(), again.confirmation.as_bytes()),
        (&answer.sealed[..], answer.confirmation.as_bytes())
    );
    assert!(matches!(client.receive(&again).unwrap(), Outcome::Paired(_)));
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::NoHandshake);
    assert_eq!(world.names().await, ["laptop"]);
}

#[tokio::test]
async fn a_half_open_handshake_ends_after_30_seconds() {
    for (milliseconds, is_in_time) in [(29_999, true), (30_000, false)] {
        let world = World::default();
        let code = world.code().await;
        let (_, request) = world.ask(&code, "laptop", 1).await;
        world.clock.advance(Duration::from_millis(milliseconds));
        let finished = world.finish(&request, 1).await;
        assert_eq!(finished.map(drop).err(), (!is_in_time).then_some(PairError::NoHandshake));
    }
}

#[tokio::test]
async fn b21_a_changed_repetition_destroys_the_handshake_but_not_the_device() {
    let changes: [fn(&mut FinishRequest); 4] = [
        |request| request.sealed[0] ^= 1,
        |request| request.confirmation = Confirmation::from_bytes([1; 32]),
        |request| request.sequence = 1,
        |request| request.sequence = 7,
    ];
    for change in changes {
        let world = World::default();
        let code = world.code().await;
        let (_, request) = world.ask(&code, "laptop", 1).await;
        world.finish(&request, 1).await.unwrap();
        let mut changed = request.clone();
        change(&mut changed);
        assert_eq!(world.finish(&changed, 1).await.unwrap_err(), PairError::NoHandshake);
        assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::NoHandshake);
        assert_eq!(world.names().await, ["laptop"]);
    }
}

#[tokio::test]
async fn b21_a_first_finish_out_of_order_destroys_the_handshake_and_is_no_guess() {
    let world = World::default();
    let code = world.code().await;
    for _ in 0..3 {
        let (_, request) = world.ask(&code, "laptop", 1).await;
        let mut early = request.clone();
        early.sequence = 1;
        assert_eq!(world.finish(&early, 1).await.unwrap_err(), PairError::NoHandshake);
        assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::NoHandshake);
    }
    assert!(matches!(world.pair(&code, "laptop", 1).await.unwrap(), Outcome::Paired(_)));
}

#[tokio::test]
async fn b21_parts_of_two_handshakes_make_none() {
    let world = World::default();
    let code = world.code().await;
    let (_, one) = world.ask(&code, "laptop", 1).await;
    let (_, two) = world.ask(&code, "phone", 2).await;
    let mixed = FinishRequest { handshake: two.handshake, ..one.clone() };
    assert_eq!(world.finish(&mixed, 1).await.unwrap_err(), WRONG_CODE);
    assert_eq!(world.finish(&two, 2).await.unwrap_err(), PairError::NoHandshake);
    let sealed = FinishRequest { sealed: two.sealed, ..one.clone() };
    assert_eq!(world.finish(&sealed, 1).await.unwrap_err(), PairError::Unopened);
    assert_eq!(world.finish(&one, 1).await.unwrap_err(), PairError::NoHandshake);
    assert!(world.names().await.is_empty());
    assert!(matches!(world.pair(&code, "laptop", 3).await.unwrap(), Outcome::Paired(_)), "the code is free again");
}

#[tokio::test]
async fn a_wrong_confirmation_is_compared_once() {
    let world = World::default();
    let code = world.code().await;
    let (_, wrong) = world.ask(&other_than(&code), "laptop", 1).await;
    assert_eq!(world.finish(&wrong, 1).await.unwrap_err(), WRONG_CODE);
    assert_eq!(world.finish(&wrong, 1).await.unwrap_err(), PairError::NoHandshake);
}

#[tokio::test]
async fn a_handshake_that_never_began_is_none() {
    let world = World::default();
    let code = world.code().await;
    let (_, mut request) = world.ask(&code, "laptop", 1).await;
    request.handshake = Nonce([0; 32]);
    assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::NoHandshake);
}

#[tokio::test]
async fn a16_a_new_code_ends_a_handshake_about_the_old_one() {
    let world = World::default();
    let old = world.code().await;
    let (_, request) = world.ask(&old, "laptop", 1).await;
    let new = world.code().await;
    assert_eq!(world.finish(&request, 1).await.unwrap_err(), NO_CODE);
    assert!(world.names().await.is_empty());
    assert!(matches!(world.pair(&new, "laptop", 1).await.unwrap(), Outcome::Paired(_)));
}

#[tokio::test]
async fn half_open_handshakes_are_few_and_the_oldest_makes_room() {
    let world = World::default();
    let code = world.code().await;
    let (_, oldest) = world.ask(&code, "laptop", 1).await;
    let (_, second) = world.ask(&code, "laptop", 2).await;
    for number in 2..=MAX_HALF_OPEN {
        world.start(&code, 100 + number as u32).await.unwrap();
    }
    assert_eq!(world.finish(&oldest, 1).await.unwrap_err(), PairError::NoHandshake);
    world.finish(&second, 2).await.unwrap();
}

#[tokio::test]
async fn housekeeping_forgets_what_is_over() {
    let world = World::default();
    let code = world.code().await;
    let (_, request) = world.ask(&code, "laptop", 1).await;
    world.clock.advance(Duration::from_secs(30));
    world.pair.forget_ended();
    assert_eq!(world.finish(&request, 1).await.unwrap_err(), PairError::NoHandshake);
}

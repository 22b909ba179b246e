//! The contract of [`PairingSlot`].

use std::sync::Arc;

use netclaw::adapters::memory::MemoryPairingSlot;
use netclaw::domain::binding::Binding;
use netclaw::domain::code::PairingCode;
use netclaw::domain::device::DeviceId;
use netclaw::domain::pake::{Confirmation, DaemonConfirm};
use netclaw::domain::pin::Pin;
use netclaw::domain::session::asking::{Applicant, Verdict};
use netclaw::domain::session::{BeginError, CODE_LIFE, Generation, Phase, RedeemError};
use netclaw::domain::words::Words;
use netclaw::ports::pairing_slot::{BeginHandshakeError, PairingSlot, ReserveError};

use super::{Subject, in_parallel};
use crate::domain::pake::{hello, identity};
use crate::fakes::pairing_slot::FakePairingSlot;
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{MONOTONIC, address, after, name, opened, opened_link, other_than};

type Slot = Subject<dyn PairingSlot>;

const NO_CODE: ReserveError = ReserveError::Redeem(RedeemError::NoCode);

fn device_id() -> DeviceId {
    DeviceId::from_random([7; 10])
}

async fn an_empty_slot_has_no_code(subject: Slot) {
    let slot = &*subject.port;
    let opened = opened(1);
    slot.commit(opened.generation, device_id()).await;
    slot.release(opened.generation).await;
    assert_eq!(slot.reserve(&opened.code, MONOTONIC).await.unwrap_err(), NO_CODE);
    assert_eq!(slot.current(MONOTONIC).await, None);
}

async fn the_right_code_is_reserved_once(subject: Slot) {
    let slot = &*subject.port;
    let opened = opened(1);
    slot.replace(opened.session).await.unwrap();
    assert_eq!(slot.current(MONOTONIC).await, Some((opened.generation, Phase::Waiting { remaining: CODE_LIFE })));
    let wrong = slot.reserve(&other_than(&opened.code), MONOTONIC).await.unwrap_err();
    assert_eq!(wrong, ReserveError::Redeem(RedeemError::WrongCode));
    assert_eq!(slot.reserve(&opened.code, MONOTONIC).await.unwrap().generation(), opened.generation);
    assert_eq!(slot.reserve(&opened.code, MONOTONIC).await.unwrap_err(), NO_CODE);
}

async fn a10_of_200_parallel_right_codes_one_is_reserved(subject: Slot) {
    let opened = opened(1);
    subject.port.replace(opened.session).await.unwrap();
    let reserve = |_| {
        let (slot, code) = (Arc::clone(&subject.port), opened.code.clone());
        async move { slot.reserve(&code, MONOTONIC).await.map(drop) }
    };
    let results = in_parallel(200, reserve).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(results.iter().filter(|result| **result == Err(NO_CODE)).count(), 199);
}

async fn a11_of_200_parallel_wrong_codes_100_are_looked_at(subject: Slot) {
    let opened = opened(1);
    subject.port.replace(opened.session).await.unwrap();
    let reserve = |_| {
        let (slot, wrong) = (Arc::clone(&subject.port), other_than(&opened.code));
        async move { slot.reserve(&wrong, MONOTONIC).await.unwrap_err() }
    };
    let refusals = in_parallel(200, reserve).await;
    let count = |why| refusals.iter().filter(|refusal| **refusal == ReserveError::Redeem(why)).count();
    let counted = (count(RedeemError::WrongCode), count(RedeemError::LastWrongCode), count(RedeemError::NoCode));
    assert_eq!(counted, (99, 1, 100));
    assert_eq!(subject.port.current(MONOTONIC).await, Some((opened.generation, Phase::Exhausted)));
}

async fn a_committed_session_names_its_device(subject: Slot) {
    let slot = &*subject.port;
    let opened = opened(1);
    slot.replace(opened.session).await.unwrap();
    slot.reserve(&opened.code, MONOTONIC).await.unwrap();
    slot.commit(opened.generation, device_id()).await;
    assert_eq!(slot.current(MONOTONIC).await, Some((opened.generation, Phase::Paired { device: device_id() })));
    slot.release(opened.generation).await;
    assert_eq!(slot.reserve(&opened.code, MONOTONIC).await.unwrap_err(), NO_CODE);
}

async fn a_released_code_can_be_reserved_again(subject: Slot) {
    let slot = &*subject.port;
    let opened = opened(1);
    slot.replace(opened.session).await.unwrap();
    slot.reserve(&opened.code, MONOTONIC).await.unwrap();
    slot.release(opened.generation).await;
    slot.reserve(&opened.code, MONOTONIC).await.unwrap();
}

async fn a_code_is_dead_at_its_end(subject: Slot) {
    let slot = &*subject.port;
    let opened = opened(1);
    slot.replace(opened.session).await.unwrap();
    assert_eq!(slot.reserve(&opened.code, after(300_000)).await.unwrap_err(), NO_CODE);
    assert_eq!(slot.current(after(300_000)).await, Some((opened.generation, Phase::Expired)));
    slot.reserve(&opened.code, after(299_999)).await.unwrap();
}

async fn a16_a_new_session_ends_the_old_code(subject: Slot) {
    let slot = &*subject.port;
    let (old, new) = (opened(1), opened(2));
    slot.replace(old.session).await.unwrap();
    slot.replace(new.session).await.unwrap();
    let refusal = slot.reserve(&old.code, MONOTONIC).await.unwrap_err();
    assert_eq!(refusal, ReserveError::Redeem(RedeemError::WrongCode));
    assert_eq!(slot.current(MONOTONIC).await.map(|(generation, _)| generation), Some(new.generation));
    slot.reserve(&new.code, MONOTONIC).await.unwrap();
}

async fn a16_commit_and_release_of_a_replaced_session_change_nothing(subject: Slot) {
    let slot = &*subject.port;
    let (old, new) = (opened(1), opened(2));
    slot.replace(old.session).await.unwrap();
    let reserved_before = slot.reserve(&old.code, MONOTONIC).await.unwrap();
    assert_eq!(reserved_before.generation(), old.generation);
    slot.replace(new.session).await.unwrap();
    slot.release(old.generation).await;
    slot.commit(old.generation, device_id()).await;
    assert_eq!(slot.current(MONOTONIC).await, Some((new.generation, Phase::Waiting { remaining: CODE_LIFE })));
    slot.reserve(&new.code, MONOTONIC).await.unwrap();
    slot.release(old.generation).await;
    assert_eq!(slot.reserve(&new.code, MONOTONIC).await.unwrap_err(), NO_CODE, "the new one stays reserved");
}

async fn a_client_that_proves_the_code_reserves_it_once(subject: Slot) {
    let slot = &*subject.port;
    let opened = opened(1);
    slot.replace(opened.session).await.unwrap();
    let (first, proof) = begun(slot, &opened.code, 1).await;
    let (second, other_proof) = begun(slot, &opened.code, 2).await;
    let (redeemed, confirmed) = slot.reserve_confirmed(first, &proof, MONOTONIC).await.unwrap();
    assert_eq!((redeemed.generation(), confirmed.generation()), (opened.generation, opened.generation));
    assert_eq!(slot.reserve_confirmed(second, &other_proof, MONOTONIC).await.map(drop), Err(NO_CODE));
    assert_eq!(slot.reserve(&opened.code, MONOTONIC).await.map(drop), Err(NO_CODE));
    assert_eq!(slot.reserve_again(&confirmed, MONOTONIC).await.map(drop), Err(NO_CODE));
    slot.release(opened.generation).await;
    slot.reserve_again(&confirmed, MONOTONIC).await.unwrap();
    slot.commit(opened.generation, device_id()).await;
    assert_eq!(slot.reserve_again(&confirmed, MONOTONIC).await.map(drop), Err(NO_CODE));
}

async fn a11_of_200_parallel_wrong_proofs_100_are_looked_at(subject: Slot) {
    let opened = opened(1);
    subject.port.replace(opened.session).await.unwrap();
    let wrong = other_than(&opened.code);
    let mut guesses = Vec::new();
    for seed in 0..200 {
        guesses.push(begun(&*subject.port, &wrong, seed).await);
    }
    let reserve = |_| {
        let (slot, (handshake, proof)) = (Arc::clone(&subject.port), guesses.pop().unwrap());
        async move { slot.reserve_confirmed(handshake, &proof, MONOTONIC).await.map(drop).unwrap_err() }
    };
    let refusals = in_parallel(200, reserve).await;
    let count = |why| refusals.iter().filter(|refusal| **refusal == ReserveError::Redeem(why)).count();
    let counted = (count(RedeemError::WrongCode), count(RedeemError::LastWrongCode), count(RedeemError::NoCode));
    assert_eq!(counted, (99, 1, 100));
}

async fn a16_a_handshake_of_a_replaced_session_reserves_nothing(subject: Slot) {
    let slot = &*subject.port;
    let (old, new) = (opened(1), opened(2));
    slot.replace(old.session).await.unwrap();
    let (handshake, proof) = begun(slot, &old.code, 1).await;
    slot.replace(new.session).await.unwrap();
    assert_eq!(slot.reserve_confirmed(handshake, &proof, MONOTONIC).await.map(drop), Err(NO_CODE));
    slot.reserve(&new.code, MONOTONIC).await.unwrap();
}

async fn without_a_code_no_handshake_is_begun(subject: Slot) {
    let slot = &*subject.port;
    let opened = opened(1);
    let (_, hello) = hello(&opened.code, 1);
    let begin = || slot.begin(&hello, identity().public_key(), &[3; 96], after(300_000));
    let no_code = Err(BeginHandshakeError::Begin(BeginError::NoCode));
    assert_eq!(begin().await.map(drop), no_code);
    slot.replace(opened.session).await.unwrap();
    assert_eq!(begin().await.map(drop), no_code);
}

/// A handshake in which a client that has `code` is about to be compared, and what it presents.
async fn begun(slot: &dyn PairingSlot, code: &PairingCode, seed: u64) -> (DaemonConfirm, Confirmation) {
    let (client, hello) = hello(code, seed);
    let random = SeededRng::new(seed + 1_000).bytes();
    let (handshake, reply) = slot.begin(&hello, identity().public_key(), &random, MONOTONIC).await.unwrap();
    (handshake, client.receive(&reply).unwrap().ask("laptop").unwrap().1.confirmation)
}

async fn a_link_is_waited_for_until_another_session_comes(subject: Slot) {
    let slot = &*subject.port;
    let (link, other) = (opened_link(1), opened_link(2));
    let id = link.code.id();
    assert_eq!(slot.waits_for(&id, MONOTONIC).await, Ok(false));
    slot.replace(link.session).await.unwrap();
    assert_eq!(slot.waits_for(&id, MONOTONIC).await, Ok(true));
    assert_eq!(slot.waits_for(&other.code.id(), MONOTONIC).await, Ok(false));
    assert_eq!(slot.waits_for(&id, after(300_000)).await, Ok(false));
    slot.replace(opened(1).session).await.unwrap();
    assert_eq!(slot.waits_for(&id, MONOTONIC).await, Ok(false));
}

/// A reserved code about whose device the operator is asked.
async fn asked(slot: &dyn PairingSlot) -> Generation {
    let opened = opened(1);
    let generation = opened.generation;
    slot.replace(opened.session).await.unwrap();
    slot.reserve(&opened.code, MONOTONIC).await.unwrap();
    let (binding, words) = (Binding::Spki(Pin::from_bytes([7; 32])), Words::of([1; 6]));
    slot.ask(generation, Applicant { name: name("laptop"), client: address("10.0.0.1"), binding, words }).await;
    assert_eq!(slot.attend(generation, MONOTONIC).await.unwrap().name, name("laptop"));
    generation
}

async fn after_a_yes_one_of_many_parallel_questions_gets_the_code(subject: Slot) {
    let generation = asked(&*subject.port).await;
    assert!(matches!(subject.port.verdict(generation, MONOTONIC).await, Ok(Verdict::Waiting)));
    assert_eq!(subject.port.decide(generation, true, MONOTONIC).await, Ok(true));
    assert_eq!(subject.port.decide(generation, false, MONOTONIC).await, Ok(false));
    let ask = |_| {
        let slot = Arc::clone(&subject.port);
        async move { matches!(slot.verdict(generation, MONOTONIC).await, Ok(Verdict::Agreed(_))) }
    };
    assert_eq!(in_parallel(200, ask).await.into_iter().filter(|agreed| *agreed).count(), 1);
    subject.port.commit(generation, device_id()).await;
    assert_eq!(subject.port.current(MONOTONIC).await, Some((generation, Phase::Paired { device: device_id() })));
}

async fn after_a_no_nobody_gets_the_code(subject: Slot) {
    let slot = &*subject.port;
    let generation = asked(slot).await;
    assert_eq!(slot.decide(generation, false, MONOTONIC).await, Ok(true));
    assert!(matches!(slot.verdict(generation, MONOTONIC).await, Ok(Verdict::Refused)));
    assert_eq!(slot.reserve(&opened(1).code, MONOTONIC).await.unwrap_err(), NO_CODE);
    assert!(slot.attend(generation, MONOTONIC).await.is_none());
}

async fn the_operators_word_is_about_one_session(subject: Slot) {
    let slot = &*subject.port;
    assert_eq!(slot.decide(Generation::from_number(1), true, MONOTONIC).await, Ok(false));
    assert!(matches!(slot.verdict(Generation::from_number(1), MONOTONIC).await, Ok(Verdict::Ended)));
    let generation = asked(slot).await;
    let other = opened(2);
    let newer = other.generation;
    slot.replace(other.session).await.unwrap();
    assert_eq!(slot.decide(generation, true, MONOTONIC).await, Ok(false));
    assert!(matches!(slot.verdict(generation, MONOTONIC).await, Ok(Verdict::Ended)));
    assert!(slot.attend(generation, MONOTONIC).await.is_none());
    assert!(matches!(slot.current(MONOTONIC).await, Some((current, Phase::Waiting { .. })) if current == newer));
}

async fn out_of_reach_it_spends_nothing(subject: Slot) {
    let (slot, Some(set_broken)) = (&*subject.port, subject.set_broken) else { return };
    let opened = opened(1);
    slot.replace(opened.session).await.unwrap();
    set_broken(true);
    assert!(matches!(slot.reserve(&opened.code, MONOTONIC).await, Err(ReserveError::Storage(_))));
    assert!(slot.replace(crate::fakes::samples::opened(2).session).await.is_err());
    set_broken(false);
    slot.reserve(&opened.code, MONOTONIC).await.unwrap();
}

macro_rules! holds_for {
    ($implementation:ident) => {
        promises! { $implementation:
            an_empty_slot_has_no_code,
            the_right_code_is_reserved_once,
            a10_of_200_parallel_right_codes_one_is_reserved,
            a11_of_200_parallel_wrong_codes_100_are_looked_at,
            a_committed_session_names_its_device,
            a_released_code_can_be_reserved_again,
            a_code_is_dead_at_its_end,
            a16_a_new_session_ends_the_old_code,
            a16_commit_and_release_of_a_replaced_session_change_nothing,
            a_client_that_proves_the_code_reserves_it_once,
            a11_of_200_parallel_wrong_proofs_100_are_looked_at,
            a16_a_handshake_of_a_replaced_session_reserves_nothing,
            without_a_code_no_handshake_is_begun,
            a_link_is_waited_for_until_another_session_comes,
            after_a_yes_one_of_many_parallel_questions_gets_the_code,
            after_a_no_nobody_gets_the_code,
            the_operators_word_is_about_one_session,
            out_of_reach_it_spends_nothing,
        }
    };
}

fn fake() -> Slot {
    let slot = Arc::new(FakePairingSlot::default());
    let faults = Arc::clone(&slot);
    Subject { port: slot, reopen: None, set_broken: Some(Box::new(move |broken| faults.faults.set(broken))) }
}

holds_for!(fake);

fn memory() -> Slot {
    Subject::in_memory(Arc::new(MemoryPairingSlot::default()))
}

holds_for!(memory);

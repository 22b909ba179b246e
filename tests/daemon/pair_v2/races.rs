//! One code makes at most one device, whoever races for it.

use std::sync::Arc;

use async_trait::async_trait;
use netclaw::app::daemon::DaemonPorts;
use netclaw::app::daemon::pair_v2::{Introduction, PairError, PairV2};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::pake::{MAX_HALF_OPEN, Outcome};
use netclaw::domain::settings::Settings;
use netclaw::ports::exposure::{Exposure, ExposureFault};
use netclaw::ports::tls_keys::TlsKeyStore;
use tokio::sync::Notify;

use super::{NO_CODE, World, client_at};
use crate::fakes::tls_keys::FakeTlsKeyStore;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a10_of_200_clients_of_both_protocols_at_once_one_is_paired() {
    let world = Arc::new(World::default());
    let code = world.code().await;
    let mut asking = Vec::new();
    for number in 0..MAX_HALF_OPEN as u32 {
        asking.push((number, world.ask(&code, &format!("v2 {number}"), number).await));
    }
    let mut tasks = Vec::new();
    for (number, (client, request)) in asking {
        let world = Arc::clone(&world);
        tasks.push(tokio::spawn(async move {
            match world.finish(&request, number).await {
                Ok(answer) => matches!(client.receive(&answer).unwrap(), Outcome::Paired(_)),
                Err(why) => {
                    assert_eq!(why, NO_CODE);
                    false
                }
            }
        }));
    }
    for number in MAX_HALF_OPEN as u32..200 {
        let (world, code) = (Arc::clone(&world), code.clone());
        tasks.push(tokio::spawn(async move { world.exchange(&code, &format!("v1 {number}"), number).await.is_ok() }));
    }
    let mut paired = 0;
    for task in tasks {
        paired += usize::from(task.await.unwrap());
    }
    assert_eq!((paired, world.names().await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a10_of_200_equal_finishes_at_once_all_get_the_one_answer() {
    let world = World::default();
    let code = world.code().await;
    let (client, request) = world.ask(&code, "laptop", 1).await;
    let finish = |number| {
        let (pair, request) = (Arc::clone(&world.pair), request.clone());
        tokio::spawn(async move { pair.finish(client_at(number), request).await.unwrap() })
    };
    let mut answers = Vec::new();
    for task in (0..200).map(finish).collect::<Vec<_>>() {
        answers.push(task.await.unwrap());
    }
    assert!(answers.iter().all(|answer| answer.sealed == answers[0].sealed));
    assert!(matches!(client.receive(&answers[0]).unwrap(), Outcome::Paired(_)));
    assert_eq!(world.names().await, ["laptop"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a11_of_200_wrong_finishes_at_once_each_handshake_is_one_guess() {
    let world = World::default();
    let code = world.code().await;
    let (_, request) = world.ask(&crate::fakes::samples::other_than(&code), "laptop", 1).await;
    let finish = |_| {
        let (pair, request) = (Arc::clone(&world.pair), request.clone());
        tokio::spawn(async move { pair.finish(client_at(1), request).await.unwrap_err() })
    };
    let mut wrong = 0;
    for task in (0..200).map(finish).collect::<Vec<_>>() {
        wrong += usize::from(task.await.unwrap() != PairError::NoHandshake);
    }
    assert_eq!(wrong, 1);
}

/// A tunnel that says what it is called when it is told to.
#[derive(Default)]
struct SlowTunnel {
    asked: Notify,
    answer: Notify,
}

#[async_trait]
impl Exposure for SlowTunnel {
    async fn inspect(&self) -> Result<Option<Endpoint>, ExposureFault> {
        self.asked.notify_one();
        self.answer.notified().await;
        Ok(None)
    }
}

#[tokio::test]
async fn a_code_is_not_reserved_while_a_slow_tunnel_is_asked() {
    let (tunnel, keys) = (Arc::new(SlowTunnel::default()), Arc::new(FakeTlsKeyStore::default()));
    let mut world = World { pin: keys.keys().current.pin, ..World::default() };
    let introduction = Introduction { identity: Arc::new(IdentityKey::from_seed(&[9; 32]).unwrap()), name: None, keys };
    let ports = DaemonPorts { exposure: tunnel.clone(), ..world.ports.clone() };
    world.pair = Arc::new(PairV2::new(ports, introduction, &Settings::default()));
    let code = world.code().await;
    let (_, request) = world.ask(&code, "laptop", 1).await;
    let pair = Arc::clone(&world.pair);
    let finish = tokio::spawn(async move { pair.finish(client_at(1), request).await });
    tunnel.asked.notified().await;
    world.exchange(&code, "phone", 2).await.unwrap();
    tunnel.answer.notify_one();
    assert_eq!(finish.await.unwrap().unwrap_err(), NO_CODE);
    assert_eq!(world.names().await, ["phone"]);
}

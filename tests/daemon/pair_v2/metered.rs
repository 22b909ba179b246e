//! What handshakes are counted as.

use std::sync::Arc;
use std::time::Duration;

use netclaw::app::daemon::DaemonPorts;
use netclaw::ports::metrics::Attempt;

use super::{World, client_at, received};
use crate::fakes::meter::{Event, FakeMeter};
use crate::fakes::samples::other_than;

fn metered() -> (World, Arc<FakeMeter>) {
    let (world, meter) = (World::default(), Arc::new(FakeMeter::default()));
    let ports = DaemonPorts { meter: meter.clone(), ..world.ports };
    (World::over(ports, world.clock, world.devices), meter)
}

#[tokio::test]
async fn a_handshake_is_one_attempt_however_often_its_end_is_sent() {
    let (world, meter) = metered();
    let code = world.code().await;
    assert_eq!(meter.take(), [Event::CodeOpened]);
    let (_, request) = world.ask(&code, "laptop", 1).await;
    assert!(meter.take().is_empty(), "a start is no attempt yet");
    for _ in 0..3 {
        world.finish(&request, 1).await.unwrap();
    }
    assert_eq!(meter.take(), [Event::Attempted(Attempt::Paired)]);
}

#[tokio::test]
async fn the_code_of_a_link_is_counted_like_any_other() {
    let (world, meter) = metered();
    world.link().await;
    assert_eq!(meter.take(), [Event::CodeOpened]);
}

#[tokio::test]
async fn each_end_has_its_own_count() {
    let (world, meter) = metered();
    let code = world.code().await;
    world.pair(&code, "laptop", 1).await.unwrap();
    world.start(&code, 1).await.unwrap_err();
    let code = world.code().await;
    meter.take();
    world.pair(&other_than(&code), "phone", 2).await.unwrap_err();
    world.pair(&code, "laptop", 2).await.unwrap();
    let (_, hello) = crate::domain::pake::hello(&code, 1);
    let mut small = received(&hello);
    small.message = [0; 32];
    world.pair.start(client_at(2), small).await.unwrap_err();
    for _ in 0..2 {
        world.start(&code, 2).await.unwrap();
    }
    world.start(&code, 2).await.unwrap_err();
    let ends = [Attempt::WrongCode, Attempt::Refused, Attempt::Refused, Attempt::RateLimited];
    assert_eq!(meter.take(), ends.map(Event::Attempted));
}

#[tokio::test]
async fn a_block_is_counted_with_the_wrong_code_that_begins_it() {
    let (world, meter) = metered();
    for _ in 0..2 {
        world.clock.advance(Duration::from_secs(60));
        let code = world.code().await;
        for _ in 0..5 {
            world.pair(&other_than(&code), "laptop", 1).await.unwrap_err();
        }
    }
    let events = meter.take();
    let wrong = events.iter().filter(|event| **event == Event::Attempted(Attempt::WrongCode)).count();
    let blocks = events.iter().filter(|event| **event == Event::LockedOut).count();
    assert_eq!((wrong, blocks), (10, 1), "{events:?}");
    assert_eq!(events[events.len() - 2..], [Event::LockedOut, Event::Attempted(Attempt::WrongCode)]);
}

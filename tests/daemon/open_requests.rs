//! The registry of open requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use netclaw::app::daemon::authenticate::Caller;
use netclaw::app::daemon::open_requests::{OpenError, OpenRequest, OpenRequests};
use netclaw::domain::device::{Device, DeviceRecord};
use netclaw::domain::time::WallTime;

use crate::fakes::clock::FakeClock;
use crate::fakes::samples::{WALL, device};

fn caller(seed: u64) -> (Caller, Arc<Device>) {
    let device = Arc::new(device("laptop", seed));
    (Caller::Device(Arc::clone(&device)), device)
}

/// A device whose credential ends at `end`.
fn ending(seed: u64, end: WallTime) -> Caller {
    let record = DeviceRecord { expires_at: Some(end), ..device("laptop", seed).record().clone() };
    Caller::Device(Arc::new(Device::restore(record)))
}

fn open(requests: &Arc<OpenRequests>, caller: &Caller) -> Result<OpenRequest, OpenError> {
    requests.open(caller, requests.turn())
}

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn each_device_has_its_own_limit_and_places_are_given_back() {
    let requests = Arc::new(OpenRequests::new(2));
    let ((laptop, device), (phone, _)) = (caller(1), caller(2));
    let first = open(&requests, &laptop).unwrap();
    let second = open(&requests, &laptop).unwrap();
    assert_eq!(open(&requests, &laptop).err(), Some(OpenError::TooMany));
    let _other = open(&requests, &phone).unwrap();
    let _local = open(&requests, &Caller::ThisMachine).unwrap();
    assert_eq!((requests.count_of(&device), requests.count()), (2, 4));
    drop(first);
    let third = open(&requests, &laptop).unwrap();
    drop((second, third));
    assert_eq!((requests.count_of(&device), requests.count()), (0, 2));
}

#[test]
fn what_outlives_its_request_takes_no_place_and_ends_like_one() {
    let requests = Arc::new(OpenRequests::new(1));
    let (laptop, device) = caller(1);
    let beside = || requests.open_beside(&laptop, requests.turn());
    let (first, second) = (beside().unwrap(), beside().unwrap());
    assert_eq!((requests.count_of(&device), requests.count()), (0, 0));
    let counted = open(&requests, &laptop).unwrap();
    assert_eq!(open(&requests, &laptop).err(), Some(OpenError::TooMany));
    let third = beside().unwrap();
    drop(first);
    assert_eq!(open(&requests, &laptop).err(), Some(OpenError::TooMany), "what took no place gives none back");
    let turn = requests.turn();
    requests.end_all_of(device.id());
    assert!(counted.has_ended() && second.has_ended() && third.has_ended());
    assert_eq!(requests.open_beside(&laptop, turn).err(), Some(OpenError::Outdated));
    drop((counted, second, third));
    assert_eq!((requests.count_of(&device), requests.count()), (0, 0));
    let end = WALL.plus(Duration::from_secs(60));
    let caller = ending(2, end);
    let expiring = requests.open_beside(&caller, requests.turn()).unwrap();
    requests.end_expired(end);
    assert!(expiring.has_ended());
}

#[test]
fn this_machine_has_a_limit_too() {
    let requests = Arc::new(OpenRequests::new(1));
    let _one = open(&requests, &Caller::ThisMachine).unwrap();
    assert_eq!(open(&requests, &Caller::ThisMachine).err(), Some(OpenError::TooMany));
}

#[test]
fn the_end_of_a_device_wakes_its_requests_and_no_others() {
    let requests = Arc::new(OpenRequests::new(8));
    let ((laptop, device), (phone, _)) = (caller(1), caller(2));
    let (mine, other, local) =
        (open(&requests, &laptop), open(&requests, &phone), open(&requests, &Caller::ThisMachine));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let (mine, other, local) = (mine.unwrap(), other.unwrap(), local.unwrap());
    assert_eq!(mine.poll_ended(&mut context), Poll::Pending);
    requests.end_all_of(device.id());
    assert_eq!(woken.0.load(Ordering::SeqCst), 1);
    assert_eq!(mine.poll_ended(&mut context), Poll::Ready(()));
    assert!(!other.has_ended() && !local.has_ended());
}

#[test]
fn a_request_whose_credential_was_checked_before_one_ended_is_checked_again() {
    let requests = Arc::new(OpenRequests::new(8));
    let (laptop, device) = caller(1);
    let turn = requests.turn();
    requests.end_all_of(device.id());
    assert_eq!(requests.open(&laptop, turn).err(), Some(OpenError::Outdated));
    assert_eq!(requests.count(), 0);
    assert!(open(&requests, &laptop).is_ok());
}

#[test]
fn no_request_slips_through_between_the_check_and_the_end_of_its_device() {
    for round in 0..200 {
        let requests = Arc::new(OpenRequests::new(8));
        let (laptop, device) = caller(round);
        let ender = Arc::clone(&requests);
        let turn = requests.turn();
        let end = std::thread::spawn(move || ender.end_all_of(device.id()));
        let opened = requests.open(&laptop, turn);
        end.join().unwrap();
        assert!(opened.err() == Some(OpenError::Outdated) || requests.count() == 0, "round {round}");
        let again = requests.open(&laptop, turn);
        assert_eq!(again.err(), Some(OpenError::Outdated));
    }
}

#[test]
fn a_request_ends_with_its_credential_at_that_very_moment() {
    let requests = Arc::new(OpenRequests::new(8));
    let end = WALL.plus(Duration::from_secs(60));
    let (short, long) = (
        open(&requests, &ending(1, end)).unwrap(),
        open(&requests, &ending(2, end.plus(Duration::from_millis(1)))).unwrap(),
    );
    let unending = open(&requests, &caller(3).0).unwrap();
    requests.end_expired(WALL.plus(Duration::from_millis(59_999)));
    assert!(!short.has_ended());
    requests.end_expired(end);
    assert!(short.has_ended() && !long.has_ended() && !unending.has_ended());
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_ends_requests_within_a_second_and_sleeps_while_there_is_nothing_to_end() {
    let (requests, clock) = (Arc::new(OpenRequests::new(8)), Arc::new(FakeClock::default()));
    let (watched, its_clock) = (Arc::clone(&requests), Arc::clone(&clock));
    let watch = tokio::spawn(async move { watched.watch_expiry(&*its_clock).await });
    for round in 0..2 {
        let request = open(&requests, &ending(1, WALL.plus(Duration::from_secs(60 + round * 60)))).unwrap();
        clock.advance(Duration::from_secs(60));
        tokio::time::timeout(Duration::from_secs(1), request.ended()).await.unwrap();
    }
    watch.abort();
}

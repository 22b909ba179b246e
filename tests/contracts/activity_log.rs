//! The contract of [`ActivityLog`].

use std::sync::Arc;
use std::time::Duration;

use netclaw::adapters::file::activity_file::FileActivityLog;
use netclaw::domain::device::DeviceId;
use netclaw::ports::activity_log::{ActivityLog, LastUse};

use super::{Subject, breaking};
use crate::fakes::activity_log::FakeActivityLog;
use crate::fakes::samples::{WALL, address};

type Log = Subject<dyn ActivityLog>;

fn id(number: u8) -> DeviceId {
    DeviceId::from_random([number; 10])
}

fn last_use(seconds: u64, from: &str) -> LastUse {
    LastUse { at: WALL.plus(Duration::from_secs(seconds)), address: address(from) }
}

async fn what_was_recorded_is_known_at_once(subject: Log) {
    let log = &*subject.port;
    assert_eq!(log.last_use(id(1)), None);
    log.record(id(1), last_use(0, "192.0.2.7"));
    log.record(id(2), last_use(5, "2001:db8::1"));
    assert_eq!(log.last_use(id(1)), Some(last_use(0, "192.0.2.7")));
    assert_eq!(log.last_use(id(2)), Some(last_use(5, "2001:db8::1")));
}

async fn only_the_last_use_is_kept(subject: Log) {
    let log = &*subject.port;
    log.record(id(1), last_use(0, "192.0.2.7"));
    log.flush().await.unwrap();
    log.record(id(1), last_use(9, "192.0.2.8"));
    assert_eq!(log.last_use(id(1)), Some(last_use(9, "192.0.2.8")));
}

async fn a_forgotten_device_is_unknown(subject: Log) {
    let log = &*subject.port;
    log.record(id(1), last_use(0, "192.0.2.7"));
    log.record(id(2), last_use(0, "192.0.2.7"));
    log.forget(id(1));
    log.forget(id(3));
    assert_eq!((log.last_use(id(1)), log.last_use(id(2)).is_some()), (None, true));
}

async fn what_was_flushed_survives_a_restart(subject: Log) {
    let (log, Some(reopen)) = (&*subject.port, subject.reopen) else { return };
    log.record(id(1), last_use(0, "192.0.2.7"));
    log.record(id(2), last_use(5, "2001:db8::1"));
    log.flush().await.unwrap();
    let reopened = reopen();
    assert_eq!(reopened.last_use(id(1)), Some(last_use(0, "192.0.2.7")));
    assert_eq!(reopened.last_use(id(2)), Some(last_use(5, "2001:db8::1")));
    log.record(id(1), last_use(60, "192.0.2.8"));
    log.flush().await.unwrap();
    assert_eq!(reopen().last_use(id(1)), Some(last_use(60, "192.0.2.8")));
}

async fn a_forgotten_device_does_not_come_back(subject: Log) {
    let (log, Some(reopen)) = (&*subject.port, subject.reopen) else { return };
    log.record(id(1), last_use(0, "192.0.2.7"));
    log.flush().await.unwrap();
    log.forget(id(1));
    log.flush().await.unwrap();
    assert_eq!(reopen().last_use(id(1)), None);
}

async fn with_nothing_new_the_storage_is_left_alone(subject: Log) {
    let (log, Some(set_broken)) = (&*subject.port, subject.set_broken) else { return };
    log.record(id(1), last_use(0, "192.0.2.7"));
    log.flush().await.unwrap();
    set_broken(true);
    let flushed = log.flush().await;
    set_broken(false);
    assert_eq!(flushed, Ok(()));
}

async fn a_flush_that_failed_is_made_up_for_by_the_next(subject: Log) {
    let (log, Some(set_broken)) = (&*subject.port, subject.set_broken) else { return };
    log.record(id(1), last_use(0, "192.0.2.7"));
    set_broken(true);
    let failed = log.flush().await;
    set_broken(false);
    assert!(failed.is_err());
    assert!(log.last_use(id(1)).is_some(), "what is known stays known");
    log.flush().await.unwrap();
    if let Some(reopen) = subject.reopen {
        assert_eq!(reopen().last_use(id(1)), Some(last_use(0, "192.0.2.7")));
    }
}

macro_rules! holds_for {
    ($implementation:ident) => {
        promises! { $implementation:
            what_was_recorded_is_known_at_once,
            only_the_last_use_is_kept,
            a_forgotten_device_is_unknown,
            what_was_flushed_survives_a_restart,
            a_forgotten_device_does_not_come_back,
            with_nothing_new_the_storage_is_left_alone,
            a_flush_that_failed_is_made_up_for_by_the_next,
        }
    };
}

fn fake() -> Log {
    let log = Arc::new(FakeActivityLog::default());
    let (restarted, faults) = (Arc::clone(&log), Arc::clone(&log));
    Subject {
        port: log,
        reopen: Some(Box::new(move || Arc::new(restarted.restarted()))),
        set_broken: Some(Box::new(move |broken| faults.faults.set(broken))),
    }
}

holds_for!(fake);

fn file() -> Log {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let path = folder.path().join("state/activity.json");
    std::fs::create_dir(folder.path().join("state")).unwrap();
    let set_broken = breaking(folder.path().join("state"));
    // The folder lives as long as the way to open it again.
    let open = move || -> Arc<dyn ActivityLog> {
        let _alive = &folder;
        Arc::new(FileActivityLog::open(path.clone(), |_| true))
    };
    Subject { port: open(), reopen: Some(Box::new(open)), set_broken: Some(set_broken) }
}

holds_for!(file);

//! What the daemon tells the service manager that started it (sd_notify(3)).

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior};
use tracing::warn;

use crate::domain::text::shown_safely;

/// The way to the service manager. Without one, everything here does nothing.
#[derive(Debug)]
pub struct ServiceNotifier {
    is_heard: bool,
}

impl ServiceNotifier {
    /// To the service manager whose socket this process was given, if it was.
    pub const fn of_process() -> Self {
        Self { is_heard: true }
    }

    /// To nobody: for a daemon that a command started, whatever that command was started by.
    pub const fn silent() -> Self {
        Self { is_heard: false }
    }

    /// The daemon answers from here on; `status` is one line for people.
    pub fn ready(&self, status: &str) {
        self.tell(&[NotifyState::Ready, NotifyState::Status(&shown_safely(status))]);
    }

    /// The daemon drains and will end.
    pub fn stopping(&self) {
        self.tell(&[NotifyState::Stopping, NotifyState::Status("Stopping")]);
    }

    /// The daemon ends for this reason.
    pub fn failed(&self, why: &str) {
        self.tell(&[NotifyState::Status(&shown_safely(why))]);
    }

    /// The signs of life that the service manager wants, if it wants any. Needs a runtime.
    pub fn heartbeat(&self) -> Heartbeat<'_> {
        // sd_watchdog_enabled(3) recommends half of the time after which a silent service is taken for stuck.
        let pause = sd_notify::watchdog_enabled().map(|limit| limit / 2);
        let pause = pause.filter(|pause| self.is_heard && !pause.is_zero());
        Heartbeat { notifier: self, beats: pause.map(beats) }
    }

    fn tell(&self, news: &[NotifyState<'_>]) {
        if self.is_heard
            && let Err(error) = sd_notify::notify(news)
        {
            warn!(%error, "the service manager cannot be told about the daemon");
        }
    }
}

fn beats(pause: Duration) -> Interval {
    let mut beats = tokio::time::interval(pause);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}

/// Signs of life for a service manager that restarts a daemon without them.
///
/// They must come from the loop that does the daemon's work: when that is stuck, they have to stop.
#[derive(Debug)]
pub struct Heartbeat<'a> {
    notifier: &'a ServiceNotifier,
    beats: Option<Interval>,
}

impl Heartbeat<'_> {
    /// Waits until the next sign of life is due, and gives it; waits for ever when nobody wants one. Dropping the wait
    /// loses nothing.
    pub async fn beat(&mut self) {
        match &mut self.beats {
            Some(beats) => {
                beats.tick().await;
                self.notifier.tell(&[NotifyState::Watchdog]);
            }
            None => std::future::pending().await,
        }
    }
}

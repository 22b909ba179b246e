//! Chats from a device's side: turns, scripts, conversations, and the connection under them.

mod connection;
mod conversations;
mod entries;
mod errands;
mod history;
mod turns;

use std::time::Duration;

use netclaw::app::client::chat::turn::{Ask, Asker, Turns};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::link::Link;
use netclaw::domain::time::{MonotonicTime, Now};
use netclaw::ports::chat_api::{Access, ChatApi};
use netclaw::ports::clock::Clock;

use crate::fakes::rng::SeededRng;
use crate::fakes::samples::WALL;

/// The clock of the runtime, which stands still until everything waits.
struct RuntimeClock(tokio::time::Instant);

impl RuntimeClock {
    #[expect(clippy::disallowed_methods, reason = "time of a test, which it moves itself")]
    fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    fn passed(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Now {
        Now { wall: WALL, monotonic: MonotonicTime::from_millis(0).plus(self.passed()) }
    }
}

/// What turns stand on.
struct Ground {
    link: Link,
    clock: RuntimeClock,
    rng: SeededRng,
}

impl Default for Ground {
    fn default() -> Self {
        let link = Link::of_endpoint(&Endpoint::default());
        Self { link, clock: RuntimeClock::start(), rng: SeededRng::new(5) }
    }
}

impl Ground {
    fn turns<'a>(&'a self, api: &'a dyn ChatApi, asker: Asker) -> Turns<'a> {
        let access = Access { link: &self.link, token: None };
        Turns { api, access, clock: &self.clock, rng: &self.rng, asker }
    }
}

fn ask(content: &str) -> Ask<'_> {
    Ask { session: "plans", content: content.to_owned(), model: None }
}

//! Chats from a device's side: turns, scripts, conversations, and the connection under them.

mod clearing;
mod connection;
mod conversations;
mod entries;
mod errands;
mod history;
mod lines;
mod turns;

use std::time::Duration;

use netclaw::app::client::chat::line::Line;
use netclaw::app::client::chat::turn::{Ask, Asker, Turns};
use netclaw::app::client::target::{Choice, Rule, Target};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::link::Link;
use netclaw::domain::time::{MonotonicTime, Now};
use netclaw::ports::chat_api::ChatApi;
use netclaw::ports::clock::Clock;
use netclaw::ports::credential_store::CredentialStore;

use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::daemon_api::ScriptedDaemonApi;
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
    credentials: FakeCredentialStore,
    daemon: ScriptedDaemonApi,
    clock: RuntimeClock,
    rng: SeededRng,
}

impl Default for Ground {
    fn default() -> Self {
        Self {
            credentials: FakeCredentialStore::default(),
            daemon: ScriptedDaemonApi::default(),
            clock: RuntimeClock::start(),
            rng: SeededRng::new(5),
        }
    }
}

impl Ground {
    /// The way to the usual endpoint, with the credential that is stored for it.
    fn line<'a>(&'a self, api: &'a dyn ChatApi) -> Line<'a> {
        let endpoint = Endpoint::default();
        let credential = self.credentials.paired_at(&endpoint).unwrap();
        let link = Link::of_endpoint(&endpoint);
        let target = Target { link, choice: Choice { endpoint, rule: Rule::Default }, credential };
        Line::new(api, &self.daemon, &self.credentials, target)
    }

    fn turns<'a>(&'a self, line: &'a Line<'_>, asker: Asker) -> Turns<'a> {
        Turns { line, clock: &self.clock, rng: &self.rng, asker }
    }
}

fn ask(content: &str) -> Ask<'_> {
    Ask { session: "plans", content: content.to_owned(), model: None }
}

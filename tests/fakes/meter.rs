//! A meter that keeps each event.

use std::sync::Mutex;
use std::time::Duration;

use netclaw::ports::metrics::{Attempt, Exposition, Levels, Meter, RouteClass};

/// Something that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Answered { route: RouteClass, status: u16, took: Duration },
    Authenticated { accepted: bool },
    CodeOpened,
    Attempted(Attempt),
    LockedOut,
    RequestOpened,
}

/// Shows how many events there were, and the levels.
#[derive(Debug, Default)]
pub struct FakeMeter(Mutex<Vec<Event>>);

impl FakeMeter {
    /// The events since it was asked last.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn note(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Meter for FakeMeter {
    fn answered(&self, route: RouteClass, status: u16, took: Duration) {
        self.note(Event::Answered { route, status, took });
    }

    fn authenticated(&self, accepted: bool) {
        self.note(Event::Authenticated { accepted });
    }

    fn code_opened(&self) {
        self.note(Event::CodeOpened);
    }

    fn attempted(&self, attempt: Attempt) {
        self.note(Event::Attempted(attempt));
    }

    fn locked_out(&self) {
        self.note(Event::LockedOut);
    }

    fn request_opened(&self) {
        self.note(Event::RequestOpened);
    }

    fn exposition(&self, levels: Levels) -> Exposition {
        let text = format!("{} events, {levels:?}\n", self.0.lock().unwrap().len());
        Exposition { content_type: "text/plain", text }
    }
}

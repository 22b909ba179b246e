//! How long a silence is borne.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// Waits for a silence of a given length.
///
/// The timer is not moved at each sign of life: when it rings, and there was one since, it is set again. So a silence is
/// noticed after once to twice its length, and a sign of life costs nothing.
pub struct Patience {
    timer: Option<Pin<Box<Sleep>>>,
    /// What the timer is set to.
    set_to: Duration,
    silence: Duration,
    has_heard: bool,
}

impl Patience {
    /// Bears silences shorter than this.
    pub const fn new(silence: Duration) -> Self {
        Self { timer: None, set_to: Duration::ZERO, silence, has_heard: false }
    }

    /// From now on, bears silences shorter than this.
    pub(super) const fn bear(&mut self, silence: Duration) {
        self.silence = silence;
        self.has_heard = true;
    }

    /// Notes a sign of life.
    pub const fn renew(&mut self) {
        self.has_heard = true;
    }

    /// Whether the silence has become too long. If not, the task is woken when it may have.
    pub fn poll_exhausted(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.timer {
                Some(timer) if self.set_to == self.silence => {
                    ready!(timer.as_mut().poll(context));
                    if !self.has_heard {
                        return Poll::Ready(());
                    }
                    timer.set(sleep(self.silence));
                }
                Some(timer) => timer.set(sleep(self.silence)),
                None => self.timer = Some(Box::pin(sleep(self.silence))),
            }
            self.set_to = self.silence;
            self.has_heard = false;
        }
    }
}

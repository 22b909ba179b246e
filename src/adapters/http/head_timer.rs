//! The time that the head of a request has to arrive.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;

use crate::adapters::relay::patience::Patience;

/// hyper's clock of one connection, on which the heads of its requests are waited for, one after another. They share one timer
/// of the runtime, which is not set anew for each.
pub(super) struct HeadTimer {
    patience: Arc<Mutex<Patience>>,
    /// Any moment: only spans are asked for.
    start: Instant,
}

/// The wait for one head.
struct Wait(Arc<Mutex<Patience>>);

impl HeadTimer {
    /// Waits for each head as long as this, and up to twice as long.
    pub(super) fn new(limit: Duration) -> Self {
        Self { patience: Arc::new(Mutex::new(Patience::new(limit))), start: TokioTimer::new().now() }
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Sleep>> {
        self.patience.lock().unwrap_or_else(PoisonError::into_inner).renew();
        Box::pin(Wait(Arc::clone(&self.patience)))
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(Duration::ZERO)
    }

    fn now(&self) -> Instant {
        self.start
    }
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).poll_exhausted(context)
    }
}

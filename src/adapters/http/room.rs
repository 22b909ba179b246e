//! Room for the answering of one request after another on a connection.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

/// Where the future that answers a request lives. The next one gets the same room: it is large, and asking the allocator for
/// it took longer than checking a token.
pub(super) struct Room<F>(Arc<Mutex<Vacant<F>>>);

type Vacant<F> = Option<Pin<Box<Option<F>>>>;

/// A future in a [`Room`].
pub(super) struct Lodger<F> {
    place: Vacant<F>,
    room: Room<F>,
}

impl<F> Room<F> {
    /// No room yet.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }

    /// Takes the room for `future`, or makes one.
    pub(super) fn lodge(&self, future: F) -> Lodger<F> {
        let vacant = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let place = match vacant {
            Some(mut place) => {
                place.set(Some(future));
                place
            }
            None => Box::pin(Some(future)),
        };
        Lodger { place: Some(place), room: Self(Arc::clone(&self.0)) }
    }
}

impl<F: Future> Future for Lodger<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(future) = self.place.as_mut().and_then(|place| place.as_mut().as_pin_mut()) else {
            // A future is not polled after its end.
            return Poll::Pending;
        };
        let output = ready!(future.poll(context));
        if let Some(mut place) = self.place.take() {
            place.set(None);
            *self.room.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
        }
        Poll::Ready(output)
    }
}

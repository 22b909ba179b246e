//! Which connections wait for their client, and since when: what the accept loop closes when it needs a place.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::Notify;

use super::answer::OpenTunnel;
use crate::app::daemon::open_requests::Watch;

/// What all connections of a listener tell it.
#[derive(Default)]
pub(super) struct Shared {
    /// Counts the moments at which a connection became idle.
    turns: AtomicU64,
    /// Rung when a connection begins to wait for its client.
    waiting: Notify,
}

impl Shared {
    /// Returns when a connection waits for its client that did not when it was last looked at.
    pub(super) async fn one_waits(&self) {
        self.waiting.notified().await;
    }
}

/// What one connection is doing.
pub(super) struct Usage {
    /// Requests that are being answered.
    in_flight: AtomicUsize,
    /// Whether the body of such a request is still to come.
    awaits_body: AtomicBool,
    /// Whether the body of a request was given up before its end.
    gave_up_body: AtomicBool,
    idle_since: AtomicU64,
    /// What the connection becomes once its last answer has been sent.
    tunnel: Mutex<Option<Box<OpenTunnel>>>,
    /// Whether the answer that is being sent may have to end early. Most do not, and need no lock.
    is_watched: AtomicBool,
    /// When it has to.
    watch: Mutex<Option<Watch>>,
    shared: Arc<Shared>,
}

impl Usage {
    /// A connection that waits for its first request.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let turn = shared.turns.fetch_add(1, Ordering::AcqRel);
        Self {
            in_flight: AtomicUsize::new(0),
            awaits_body: AtomicBool::new(false),
            gave_up_body: AtomicBool::new(false),
            idle_since: AtomicU64::new(turn),
            tunnel: Mutex::new(None),
            is_watched: AtomicBool::new(false),
            watch: Mutex::new(None),
            shared,
        }
    }

    /// Whether it waits for its client: for a request, or for the rest of one.
    pub(super) fn is_waiting(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) == 0 || self.awaits_body.load(Ordering::Acquire)
    }

    /// The turn at which it was made or last became idle. The pieces of a slow request do not renew it.
    pub(super) fn idle_since(&self) -> u64 {
        self.idle_since.load(Ordering::Acquire)
    }

    /// Whether part of a request is still to come that nobody will read: no other request can follow it.
    pub(super) fn gave_up_body(&self) -> bool {
        self.gave_up_body.load(Ordering::Acquire)
    }

    /// The connection becomes a tunnel once the answer that says so has been sent. It is busy until then, and ends with the
    /// tunnel's credential. When it ends before, the tunnel ends with it.
    pub(super) fn agree(&self, tunnel: Box<OpenTunnel>) {
        // Not an `InFlight`, which would keep the connection's usage, and so itself and the tunnel, for ever.
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        *self.tunnel.lock().unwrap_or_else(PoisonError::into_inner) = Some(tunnel);
    }

    /// The tunnel that was agreed on, and what keeps the connection busy for as long as it lasts.
    pub(super) fn take_tunnel(self: &Arc<Self>) -> Option<(Box<OpenTunnel>, InFlight)> {
        let tunnel = self.tunnel.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some((tunnel, InFlight(Arc::clone(self))))
    }

    /// The answer that is about to be sent has to end when this says so, whether its client reads it or not.
    pub(super) fn watch(&self, watch: Option<Watch>) {
        if watch.is_none() && !self.is_watched.load(Ordering::Acquire) {
            return;
        }
        self.is_watched.store(watch.is_some(), Ordering::Release);
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = watch;
    }

    /// Whether the answer that is being sent has to end. If not, the task is woken when it has.
    pub(super) fn poll_cut(&self, context: &mut Context<'_>) -> Poll<()> {
        if !self.is_watched.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        watch.as_ref().map_or(Poll::Pending, |watch| watch.poll_ended(context))
    }

    fn await_body(&self, awaits: bool) {
        if self.awaits_body.swap(awaits, Ordering::AcqRel) != awaits && awaits {
            self.shared.waiting.notify_one();
        }
    }
}

/// Marks a connection as busy for as long as it lives.
pub(super) struct InFlight(Arc<Usage>);

impl InFlight {
    pub(super) fn of(usage: &Arc<Usage>) -> Self {
        usage.in_flight.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(usage))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let shared = &self.0.shared;
        self.0.idle_since.store(shared.turns.fetch_add(1, Ordering::AcqRel), Ordering::Release);
        if self.0.in_flight.fetch_sub(1, Ordering::AcqRel) == 1 {
            // What a tunnel was agreed on by has ended, and the tunnel is still to come.
            self.0.watch(None);
        }
        shared.waiting.notify_one();
    }
}

/// The body of a request, while which is awaited its connection waits for the client.
pub struct ArrivingBody {
    /// `None` where the request has none.
    body: Option<Incoming>,
    ended: bool,
    /// Whether the connection keeps its place while the body is awaited.
    keeps_place: bool,
    usage: Arc<Usage>,
}

impl ArrivingBody {
    pub(super) fn new(body: Incoming, usage: &Arc<Usage>) -> Self {
        Self { body: Some(body), ended: false, keeps_place: false, usage: Arc::clone(usage) }
    }

    /// The same once more, for a request that is to be sent again; `None` when there is anything to send.
    pub(super) fn once_more(&self) -> Option<Self> {
        self.is_end_stream().then(|| Self {
            body: None,
            ended: true,
            keeps_place: true,
            usage: Arc::clone(&self.usage),
        })
    }

    /// The body of a request whose caller is known, and has a place among the open ones: it may come slowly.
    #[must_use]
    pub(super) fn of_known_caller(mut self) -> Self {
        self.keeps_place = true;
        self
    }
}

impl Body for ArrivingBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        self.usage.await_body(polled.is_pending() && !self.keeps_place);
        // Nothing follows the trailers (RFC 9112 section 7.1.2).
        self.ended |= match &polled {
            Poll::Ready(None) => true,
            Poll::Ready(Some(Ok(frame))) => frame.is_trailers(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => false,
        };
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for ArrivingBody {
    /// A body that was given up is awaited no more.
    fn drop(&mut self) {
        self.usage.await_body(false);
        if !self.ended && !self.is_end_stream() {
            self.usage.gave_up_body.store(true, Ordering::Release);
        }
    }
}

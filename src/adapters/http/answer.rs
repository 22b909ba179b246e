//! Answers: made here, by the routes, or by someone else whom the request was passed on to.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::Response;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite};

use super::usage::{ArrivingBody, InFlight};
use crate::adapters::relay::body::RelayedBody;
use crate::adapters::relay::tunnel::Tunnel;
use crate::app::daemon::open_requests::{OpenRequest, Watch};

/// An answer.
pub type Answer = Response<AnswerBody>;

/// The body of an answer.
pub enum AnswerBody {
    /// There is none.
    Empty,
    /// From one of the routes.
    Routed(RoutedBody),
    /// From whoever the request was passed on to.
    Streamed(Box<Streamed>),
    /// The end of HTTP on this connection.
    Tunnel(Box<OpenTunnel>),
}

/// The body of warp's answers, which has no name of its own.
pub type RoutedBody = <warp::reply::Response as Bodied>::Body;

/// What has a body.
pub trait Bodied {
    /// Its body.
    type Body;
}

impl<B> Bodied for Response<B> {
    type Body = B;
}

impl AnswerBody {
    /// When the answer has to end, if it is one that may take long.
    pub(super) fn watch(&self) -> Option<Watch> {
        match self {
            Self::Streamed(streamed) => streamed.open.as_ref().map(OpenRequest::watch),
            Self::Tunnel(tunnel) => tunnel.open.as_ref().map(OpenRequest::watch),
            Self::Empty | Self::Routed(_) => None,
        }
    }
}

/// A body that is passed on, for as long as the device may have it.
pub struct Streamed {
    body: RelayedBody<ArrivingBody>,
    /// `None` where that is for the other side to say.
    open: Option<OpenRequest>,
}

/// A tunnel, for as long as the device may have it.
pub struct OpenTunnel {
    tunnel: Tunnel,
    /// `None` where that is for the other side to say.
    open: Option<OpenRequest>,
}

impl Streamed {
    /// This body, which has its place until its end.
    pub(super) const fn new(body: RelayedBody<ArrivingBody>, open: OpenRequest) -> Self {
        Self { body, open: Some(open) }
    }

    /// This body, to its end.
    pub(super) const fn to_its_end(body: RelayedBody<ArrivingBody>) -> Self {
        Self { body, open: None }
    }
}

impl OpenTunnel {
    /// This tunnel, while `open` has not ended.
    pub(super) const fn new(tunnel: Tunnel, open: OpenRequest) -> Self {
        Self { tunnel, open: Some(open) }
    }

    /// This tunnel, to its end.
    pub(super) const fn to_its_end(tunnel: Tunnel) -> Self {
        Self { tunnel, open: None }
    }

    /// Joins the client to the other side until they or the credential end. `early` has been read from the client already.
    pub(super) async fn join<S: AsyncRead + AsyncWrite + Unpin>(self, client: S, early: Bytes) -> std::io::Result<()> {
        let Some(open) = self.open else { return self.tunnel.join(client, early).await };
        tokio::select! {
            // Nothing is passed on, `early` neither, once the credential has ended.
            biased;
            () = open.ended() => Ok(()),
            joined = self.tunnel.join(client, early) => joined,
        }
    }
}

/// The answer of a route.
pub(super) fn routed(response: warp::reply::Response) -> Answer {
    response.map(AnswerBody::Routed)
}

/// A body that keeps its connection busy.
pub(super) struct Held {
    body: AnswerBody,
    _in_flight: InFlight,
}

impl Held {
    pub(super) const fn new(body: AnswerBody, in_flight: InFlight) -> Self {
        Self { body, _in_flight: in_flight }
    }
}

impl Body for Held {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut self.body {
            AnswerBody::Empty | AnswerBody::Tunnel(_) => Poll::Ready(None),
            AnswerBody::Routed(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            AnswerBody::Streamed(streamed) => Pin::new(&mut streamed.body).poll_frame(context).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.body {
            AnswerBody::Empty | AnswerBody::Tunnel(_) => true,
            AnswerBody::Routed(body) => body.is_end_stream(),
            AnswerBody::Streamed(streamed) => streamed.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            AnswerBody::Empty | AnswerBody::Tunnel(_) => SizeHint::with_exact(0),
            AnswerBody::Routed(body) => body.size_hint(),
            AnswerBody::Streamed(streamed) => streamed.body.size_hint(),
        }
    }
}

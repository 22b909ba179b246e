//! The body of an answer on its way back.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::RelayError;
use super::connection::Connection;
use super::framing::{Decoder, Framing, Piece};
use super::request::{SendError, Upload};
use super::upstream::Upstream;

/// Bytes that are rather copied than passed on chunk by chunk: the events of a stream that came together.
const SMALL: usize = 4 * 1024;

/// The body of an answer. Polling it also sends the rest of the request. Each piece is handed on as it comes, and nothing is
/// received before it is asked for.
pub struct RelayedBody<B>(State<B>);

enum State<B> {
    Flowing(Flow<B>),
    /// All of it is here.
    Whole(Bytes),
    Ended,
}

/// An exchange that has not ended.
struct Flow<B> {
    upstream: Arc<Upstream>,
    connection: Box<Connection>,
    decoder: Decoder,
    keeps_alive: bool,
    upload: Upload<B>,
}

impl<B> RelayedBody<B> {
    pub(super) fn new(
        upstream: Arc<Upstream>,
        connection: Box<Connection>,
        framing: Framing,
        keeps_alive: bool,
        upload: Upload<B>,
    ) -> Self {
        let decoder = Decoder::new(framing);
        let mut flow = Flow { upstream, connection, decoder, keeps_alive, upload };
        let is_here = flow.decoder.remaining().is_some_and(|length| length <= flow.connection.inbox.len() as u64);
        if !is_here {
            return Self(State::Flowing(flow));
        }
        let whole = flow.decoder.next(&mut flow.connection.inbox);
        flow.end();
        Self(match whole {
            Ok(Piece::Data(data)) => State::Whole(data),
            _ => State::Ended,
        })
    }
}

impl<B> Flow<B> {
    /// The answer has been received: the connection is kept if it can be.
    fn end(self) {
        if self.keeps_alive && self.upload.is_done() && self.connection.is_clean() {
            self.upstream.keep(self.connection);
        }
    }
}

impl<B> Flow<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Piece, RelayError>> {
        match self.upload.poll(&mut self.connection, context) {
            Poll::Ready(Err(SendError::Client)) => return Poll::Ready(Err(RelayError::Client)),
            Poll::Ready(Err(SendError::Server)) => self.upload.give_up(),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        loop {
            match self.decoder.next(&mut self.connection.inbox)? {
                Piece::More => {}
                Piece::Data(first) if self.connection.inbox.len() <= SMALL => {
                    let data = self.decoder.gather(first, &mut self.connection.inbox);
                    return Poll::Ready(Ok(Piece::Data(data)));
                }
                piece => return Poll::Ready(Ok(piece)),
            }
            match self.connection.poll_receive(context) {
                Poll::Ready(Ok(0)) => self.decoder.end()?,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(RelayError::Broken(error))),
                Poll::Pending => {
                    ready!(self.connection.patience.poll_exhausted(context));
                    return Poll::Ready(Err(RelayError::Timeout));
                }
            }
        }
    }
}

impl<B> Body for RelayedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = RelayError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RelayError>>> {
        let state = &mut self.0;
        let piece = match state {
            State::Flowing(flow) => ready!(flow.poll_piece(context)),
            State::Whole(data) => Ok(Piece::Data(std::mem::take(data))),
            State::Ended => return Poll::Ready(None),
        };
        let has_ended = match &*state {
            State::Flowing(flow) => flow.decoder.has_ended(),
            State::Whole(_) | State::Ended => true,
        };
        if has_ended || piece.is_err() {
            match (std::mem::replace(state, State::Ended), &piece) {
                (State::Flowing(flow), Ok(_)) => flow.end(),
                // What ends badly is not used again.
                (State::Flowing(_) | State::Whole(_) | State::Ended, _) => {}
            }
        }
        Poll::Ready(match piece {
            Ok(Piece::Data(data)) => Some(Ok(Frame::data(data))),
            Ok(Piece::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            Ok(Piece::End | Piece::More) => None,
            Err(error) => Some(Err(error)),
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, State::Ended)
    }

    fn size_hint(&self) -> SizeHint {
        let length = match &self.0 {
            State::Flowing(flow) => flow.decoder.remaining(),
            State::Whole(data) => Some(data.len() as u64),
            State::Ended => Some(0),
        };
        length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

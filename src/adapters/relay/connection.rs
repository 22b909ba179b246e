//! One connection to a server: what it still has to send, and what it has received and not used.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::patience::Patience;

/// Room for one read: an event of a stream fits many times, and an idle stream holds no more than this.
const LEAST_READ: usize = 4 * 1024;

/// Room for one read of an answer that comes faster than it is passed on.
const MOST_READ: usize = 64 * 1024;

/// A connection. A session of TLS is boxed, so that plain connections do not carry the room for one.
pub(super) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// A connection with its buffers.
pub(super) struct Connection {
    pub(super) stream: Stream,
    /// Received and not used.
    pub(super) inbox: BytesMut,
    read_size: usize,
    /// To be sent first: heads, and what stands between chunks.
    pub(super) small: BytesMut,
    /// To be sent behind it: a piece of a body.
    pub(super) piece: Bytes,
    /// To be sent behind that: the end of its chunk.
    pub(super) tail: &'static [u8],
    is_flushed: bool,
    pub(super) patience: Patience,
    /// Whether an earlier request was answered on it: the server may close it at any moment without a fault.
    pub(super) is_reused: bool,
    /// How often idle connections have been looked at since it was used last.
    pub(super) idle_looks: u8,
}

impl Connection {
    pub(super) fn new(stream: Stream, patience: Patience) -> Self {
        Self {
            stream,
            inbox: BytesMut::new(),
            read_size: LEAST_READ,
            small: BytesMut::new(),
            piece: Bytes::new(),
            tail: &[],
            is_flushed: true,
            patience,
            is_reused: false,
            idle_looks: 0,
        }
    }

    /// Reads once; 0 bytes are the end. Whether it is a sign of life is for the caller to say: a head can come byte by byte for
    /// ever.
    pub(super) fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.inbox.reserve(self.read_size);
        let count = ready!(pin!(self.stream.read_buf(&mut self.inbox)).poll(context))?;
        self.read_size = match count {
            full if full >= self.read_size => (self.read_size * 4).min(MOST_READ),
            _ => LEAST_READ,
        };
        Poll::Ready(Ok(count))
    }

    /// Whether nothing is left in it, in either direction.
    pub(super) fn is_clean(&self) -> bool {
        self.has_sent() && self.is_flushed && self.inbox.is_empty()
    }

    /// Sends what is to be sent, in one call for a small head with a small body.
    pub(super) fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.has_sent() {
            self.is_flushed = false;
            let parts = [IoSlice::new(&self.small), IoSlice::new(&self.piece), IoSlice::new(self.tail)];
            let stream = Pin::new(&mut self.stream);
            let sent = match self.piece.is_empty() && self.tail.is_empty() {
                true => ready!(stream.poll_write(context, &self.small))?,
                false => ready!(stream.poll_write_vectored(context, &parts))?,
            };
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.patience.renew();
            let of_small = sent.min(self.small.len());
            self.small.advance(of_small);
            let of_piece = (sent - of_small).min(self.piece.len());
            self.piece.advance(of_piece);
            self.tail = self.tail.get(sent - of_small - of_piece..).unwrap_or_default();
        }
        if !self.is_flushed {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.is_flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    fn has_sent(&self) -> bool {
        self.small.is_empty() && self.piece.is_empty() && self.tail.is_empty()
    }

    /// Whether a connection that has been idle can still be used: nothing has come, the end neither.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut context = Context::from_waker(std::task::Waker::noop());
        self.inbox.is_empty() && self.poll_receive(&mut context).is_pending()
    }
}
